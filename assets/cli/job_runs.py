"""The runs of a build: in this process one after another, or elsewhere several at once."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import dagster as dg

from assets.orchestration.asset_specs import MovieAssetSpec
from assets.orchestration.step_errors import failure_message
from pipeline.core.errors import MarqueeError

LOG = logging.getLogger("marquee")

EMBEDDINGS = "embeddings"
"""The stage whose runs a GPU helps."""


class BuildError(MarqueeError):
    """A run of the build failed."""


@dataclass(frozen=True)
class PlannedRun:
    """A run of a job.

    Attributes:
        job: Name of the job.
        tags: Of the run, besides the job's.
        selection: Names of assets; None for all of the job's.
        config: Of the assets, by name.
        what: What it is for, for the log.
        embeds_or_trains: Whether a GPU helps it.
    """

    job: str
    tags: Mapping[str, str] | None = None
    selection: Sequence[str] | None = None
    config: Mapping[str, Any] | None = None
    what: str = ""
    embeds_or_trains: bool = False


class Runs(Protocol):
    """Where the runs of a build are executed."""

    @property
    def slots(self) -> int:
        """How many runs are at work at a time."""
        ...

    def parts(self, specs: Sequence[MovieAssetSpec]) -> list[list[MovieAssetSpec]]:
        """Cut the assets of a range into runs that need different resources."""
        ...

    def trainings(
        self, names: Sequence[str], config: Mapping[str, Any]
    ) -> list[list[list[PlannedRun]]]:
        """Cut the assets that are of all movies into runs.

        Args:
            names: Of the assets, each after its upstreams.
            config: Of the assets, by name.

        Returns:
            What `run` is called with, once after the other.
        """
        ...

    def run(self, chains: Sequence[Sequence[PlannedRun]]) -> list[str]:
        """Execute chains of runs, the runs of a chain one after another; return their ids.

        Raises:
            BuildError: A run failed.
        """
        ...


class LocalRuns:
    """Runs in this process, one at a time.

    Args:
        all_defs: Returns the definitions.
        instance: Dagster's.
    """

    slots = 1

    def __init__(self, all_defs: Callable[[], dg.Definitions], instance: dg.DagsterInstance):
        self._all_defs, self._instance = all_defs, instance

    def parts(self, specs: Sequence[MovieAssetSpec]) -> list[list[MovieAssetSpec]]:
        """Return all of them as one run. See `Runs.parts`."""
        return [list(specs)]

    def trainings(
        self, names: Sequence[str], config: Mapping[str, Any]
    ) -> list[list[list[PlannedRun]]]:
        """Return all of them as one run, which trains in parallel itself. See `Runs.trainings`."""
        return [[[PlannedRun("retrain", selection=names, config=config)]]]

    def run(self, chains: Sequence[Sequence[PlannedRun]]) -> list[str]:
        """Execute all runs in turn. See `Runs.run`."""
        run_ids = list[str]()
        for planned in (one for chain in chains for one in chain):
            if planned.what:
                LOG.info("%s", planned.what)
            run_ids.append(
                run_job(
                    self._all_defs(), self._instance, planned.job, tags=planned.tags,
                    selection=planned.selection, config=planned.config,
                )
            )  # fmt: skip
        return run_ids


def run_job(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    *,
    tags: Mapping[str, str] | None = None,
    selection: Sequence[str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> str:
    """Run one job in this process; it shows in the UI like any other. Return the run's id."""
    level = "WARNING" if sys.stderr.isatty() else "INFO"
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        tags=dict(tags) if tags else None,
        asset_selection=asset_keys(selection),
        run_config=run_config(level, config),
        raise_on_error=False,
    )
    if result.success:
        return result.run_id
    failures = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    if any(error and error.cls_name == INTERRUPTED for error in failures):
        raise KeyboardInterrupt
    messages = [failure_message(error) for error in failures if error]
    raise BuildError("\n".join(messages) or f"The job {job} failed (run {result.run_id}).")


def run_config(level: str, config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a run's configuration: how much it logs, and its assets' own."""
    return {
        "loggers": {"console": {"config": {"log_level": level}}},
        **({"ops": dict(config)} if config else {}),
    }


def asset_keys(selection: Sequence[str] | None) -> list[dg.AssetKey] | None:
    """Return the keys of the assets of these names; None for None."""
    return None if selection is None else [dg.AssetKey(name) for name in selection]


INTERRUPTED = dg.DagsterExecutionInterruptedError.__name__
