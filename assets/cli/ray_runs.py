"""The runs of a build on a Ray cluster: submitted as Ray's jobs, several at a time, and watched.

Each asks Ray for what it needs (`dagster-ray/config`). A run whose node died is submitted again:
what it had finished is kept, and what it had begun is free as soon as its lease has expired.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from assets.cli.job_runs import (
    EMBEDDINGS,
    INTERRUPTED,
    BuildError,
    PlannedRun,
    asset_keys,
    run_config,
)
from assets.orchestration.asset_specs import FEATURES, UNPARTITIONED_ASSETS, MovieAssetSpec
from assets.orchestration.run_slots import count_slots
from assets.orchestration.step_errors import failure_message
from assets.orchestration.store_wait import SYSTEM
from resources.settings import ENVIRONMENT

LOG = logging.getLogger("marquee")

RESOURCES = "dagster-ray/config"
"""Run tag: what dagster-ray asks Ray for, and the variables that the run gets."""

_NO_RETRIES = {"dagster/max_retries": "0"}
"""Run tag: the build itself submits again; Dagster's daemon, where one is up, does not."""

MODULE = "assets.definitions"
ATTEMPTS = 4
"""How often a run is submitted before the build gives up."""

SILENCE_S = 120.0
"""How long Ray's head may be away."""

_POLL_S = 1.0
_HEALTH_S = 5.0


def runs_on_ray(instance: dg.DagsterInstance) -> bool:
    """Whether dagster.yaml names Ray as the place for runs."""
    return type(instance.run_launcher).__name__ == "RayRunLauncher"


@dataclass
class _Chain:
    """Runs that are executed one after another.

    Attributes:
        runs: All of them.
        at: Number of the one that is at work.
        run_id: Its id.
        attempts: How often it was submitted.
        done: Ids of those that succeeded.
    """

    runs: Sequence[PlannedRun]
    at: int = 0
    run_id: str = ""
    attempts: int = 0
    done: list[str] = field(default_factory=list)

    @property
    def planned(self) -> PlannedRun:
        """The run that is at work."""
        return self.runs[self.at]


class RayRuns:
    """Runs as jobs of the Ray cluster that dagster.yaml names.

    Args:
        all_defs: Returns the definitions.
        instance: Dagster's, with dagster-ray's run launcher.
        settings: Those that each run gets; secrets are no part of them.
        gpus: GPUs of a run that embeds or trains.
    """

    def __init__(
        self,
        all_defs: Callable[[], dg.Definitions],
        instance: dg.DagsterInstance,
        settings: Mapping[str, str],
        gpus: float = 0,
    ):
        self._all_defs, self._instance = all_defs, instance
        self._settings, self._gpus = settings, gpus
        self._looked_s = self._answered_s = 0.0

    @property
    def slots(self) -> int:
        """How many runs are submitted at a time; those beyond the nodes' CPUs wait in Ray."""
        return count_slots(self._instance)

    def parts(self, specs: Sequence[MovieAssetSpec]) -> list[list[MovieAssetSpec]]:
        """Have runs that download and decode apart from those that embed, where these get GPUs."""
        if not self._gpus:
            return [list(specs)]
        embed = [spec for spec in specs if spec.stage == EMBEDDINGS]
        rest = [spec for spec in specs if spec.stage != EMBEDDINGS]
        return [part for part in (rest, embed) if part]

    def trainings(
        self, names: Sequence[str], config: Mapping[str, Any]
    ) -> list[list[list[PlannedRun]]]:
        """Have the features first, then a run for each system, then what compares all of them."""

        def plan(chosen: Sequence[str], system: str = "") -> list[PlannedRun]:
            own = {name: config[name] for name in chosen if name in config}
            tags = {SYSTEM: system} if system else None
            return [PlannedRun("retrain", tags, chosen, own, system, embeds_or_trains=bool(system))]

        system_of = {name: UNPARTITIONED_ASSETS[name].system for name in names}
        shared = [name for name in names if not system_of[name]]
        systems = sorted({system for system in system_of.values() if system})
        return [
            [plan([name for name in shared if name == FEATURES.name])],
            [plan([name for name in names if system_of[name] == one], one) for one in systems],
            [plan([name for name in shared if name != FEATURES.name])],
        ]

    def run(self, chains: Sequence[Sequence[PlannedRun]]) -> list[str]:
        """Execute chains of runs, as many at once as there are slots. See `Runs.run`."""
        waiting = [_Chain(chain) for chain in chains if chain and chain[0].selection != []]
        working, done = list[_Chain](), list[str]()
        self._answered_s = time.monotonic()
        try:
            while waiting or working:
                while waiting and len(working) < self.slots:
                    self._submit(waiting[0])
                    working.append(waiting.pop(0))
                time.sleep(_POLL_S)
                for chain in self._advance(working):
                    done += chain.done
                    working.remove(chain)
        finally:
            for chain in working:
                with suppress(OSError, RuntimeError):  # Ray is away; what it runs is kept track of
                    self._instance.run_launcher.terminate(chain.run_id)
        return done

    def resources(self, planned: PlannedRun) -> dict[str, object]:
        """Return what dagster-ray asks Ray for: a CPU is the launcher's own default."""
        variables = [f"{ENVIRONMENT[name]}={value}" for name, value in self._settings.items()]
        gpus = {"num_gpus": self._gpus} if planned.embeds_or_trains and self._gpus else {}
        return {"env_vars": variables, **gpus}

    def _submit(self, chain: _Chain) -> None:
        """Create a run and submit it; wait a while where no node takes it."""
        planned = chain.planned
        while True:
            chain.attempts += 1
            run = self._create(planned)
            chain.run_id = run.run_id
            try:
                self._instance.launch_run(run.run_id, workspace=None)  # pyright: ignore[reportArgumentType]
            except Exception as error:
                if chain.attempts >= ATTEMPTS:
                    raise BuildError(f"Ray does not take a run ({error}). {_REMEDY}") from error
                LOG.warning("Ray does not take a run yet: %s", error)
                time.sleep(_HEALTH_S)
            else:
                LOG.info("%s: run %s is submitted", planned.what or planned.job, run.run_id)
                return

    def _create(self, planned: PlannedRun) -> dg.DagsterRun:
        job = self._all_defs().resolve_job_def(planned.job)
        selection = asset_keys(planned.selection)
        tags = {RESOURCES: json.dumps(self.resources(planned)), **_NO_RETRIES}
        return self._instance.create_run_for_job(
            job_def=job,
            asset_selection=set(selection) if selection else None,
            run_config=run_config("INFO", planned.config),
            tags={**job.run_tags, **(planned.tags or {}), **tags},
            job_code_origin=_origin(planned.job),
        )

    def _advance(self, working: Sequence[_Chain]) -> list[_Chain]:
        """Look at the runs at work; submit what comes next. Return the chains that have ended."""
        wanted = dg.RunsFilter(run_ids=[chain.run_id for chain in working])
        found = {run.run_id: run for run in self._instance.get_runs(wanted)}
        self._look_after([run for run in found.values() if not run.is_finished])
        ended = list[_Chain]()
        for chain in working:
            run = found[chain.run_id]
            if run.is_success:
                LOG.info("%s: run %s is done", chain.planned.what or run.job_name, run.run_id)
                chain.done.append(run.run_id)
                chain.at, chain.attempts = chain.at + 1, 0
                if chain.at == len(chain.runs):
                    ended.append(chain)
                    continue
                self._submit(chain)
            elif run.is_finished:
                self._retry(chain, run)
        return ended

    def _retry(self, chain: _Chain, run: dg.DagsterRun) -> None:
        """Submit a run again whose process was killed; raise what a step of it has raised."""
        entries = self._instance.all_logs(run.run_id, dg.DagsterEventType.STEP_FAILURE)
        events = [entry.dagster_event for entry in entries if entry.dagster_event]
        errors = [event.step_failure_data.error for event in events]
        known = [error for error in errors if error and error.cls_name != INTERRUPTED]
        if known:
            raise BuildError("\n".join(map(failure_message, known)))
        if chain.attempts >= ATTEMPTS:
            raise BuildError(f"Run {run.run_id} was ended {chain.attempts} times. {_REMEDY}")
        LOG.warning("Run %s was ended with its node; it is submitted again.", run.run_id)
        self._submit(chain)

    def _look_after(self, runs: Sequence[dg.DagsterRun]) -> None:
        """Mark runs as failed whose Ray job has ended without them."""
        from dagster._core.launcher.base import WorkerStatus

        if time.monotonic() - self._looked_s < _HEALTH_S:
            return
        self._looked_s = time.monotonic()
        for run in runs:
            try:
                health = self._instance.run_launcher.check_run_worker_health(run)
            except OSError as error:  # among them requests' errors of a connection
                if time.monotonic() - self._answered_s > SILENCE_S:
                    raise BuildError(f"Ray's head does not answer ({error}). {_REMEDY}") from error
                return
            self._answered_s = time.monotonic()
            if health.status in (WorkerStatus.FAILED, WorkerStatus.NOT_FOUND):
                now = self._instance.get_run_by_id(run.run_id)
                if now and not now.is_finished:
                    self._instance.report_run_failed(now, f"Its node has ended. {health.msg}")


_REMEDY = (
    "Finished work is kept. See `ray status` and the run's page in Dagster; then run "
    "`marquee build` again."
)


def _origin(job: str):
    """Return where a node finds a job: in the package of marquee that is installed there."""
    from dagster._core.code_pointer import ModuleCodePointer
    from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

    pointer = ModuleCodePointer(MODULE, "defs")
    place = RepositoryPythonOrigin(
        executable_path="python",
        code_pointer=pointer,
        container_image=None,
        entry_point=["dagster"],
        container_context=None,
    )
    return JobPythonOrigin(job_name=job, repository_origin=place)
