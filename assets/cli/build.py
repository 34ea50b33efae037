"""Bring everything up to date from a terminal, with the jobs of schedule and sensor."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg
from dotenv import dotenv_values

from assets.cli.home_drivers import check_drivers
from assets.cli.job_runs import LocalRuns, PlannedRun, Runs, run_job
from assets.cli.movie_builds import build_movies
from assets.cli.ray_runs import RayRuns, runs_on_ray
from assets.cli.retry import check_known
from assets.crawl.catalog import movie_catalog
from assets.orchestration.asset_specs import MOVIE_ASSETS, UNPARTITIONED_ASSETS
from assets.orchestration.event_files import use_large_pages
from assets.orchestration.garbage_collection import collect_as_usual
from assets.orchestration.jobs import RANGE_MOVIES, crawl_job
from assets.orchestration.live_runs import end_dead_runs
from assets.orchestration.partitions import MOVIES_NAME, check_home, range_tags
from assets.orchestration.prediction_job import are_predictions_stale
from assets.orchestration.run_log import run_loggers
from assets.orchestration.run_resource import run_resources
from assets.orchestration.staleness import stale_assets
from assets.orchestration.store_check import reconcile
from pipeline.core.errors import ConfigurationError, FetchError, SourceError
from pipeline.core.staleness import RECORDS
from resources.run_context import RunContext, open_run_context
from resources.settings import ENVIRONMENT, ENVIRONMENT_ONLY, Settings
from resources.storage.lease_names import MODELS
from resources.storage.lock import at_work, holding
from resources.studio.access import API_KEY, COOKIE

if TYPE_CHECKING:
    from pipeline.models.systems.system import System

STAGES = ("crawl", "media", "frames", "embeddings", "splits", "models", "evaluation")
"""The seven stage words; per-movie assets are in the first four."""

LOG = logging.getLogger("marquee")


@dataclass(frozen=True)
class Request:
    """The scope of a build.

    Attributes:
        movies: TMDB ids, or None for all.
        since: Only movies released on that day or later.
        limit: Maximum number of movies.
        stages: Stage words.
        range_movies: Movies in one run.
        variants: Which variants of each system are trained: those of the preset, all, or the main
            one alone.
    """

    movies: tuple[int, ...] | None = None
    since: date | None = None
    limit: int | None = None
    stages: tuple[str, ...] = STAGES
    range_movies: int = RANGE_MOVIES
    variants: Literal["preset", "all", "main"] = "preset"

    @property
    def is_partial(self) -> bool:
        """Whether stale movies may be excluded."""
        return any(value is not None for value in (self.movies, self.since, self.limit))

    def __post_init__(self) -> None:
        unknown = [stage for stage in self.stages if stage not in STAGES]
        if unknown:
            raise ConfigurationError(
                f"There is no stage {unknown[0]!r}; there are {', '.join(STAGES)}."
            )


HOME_SETTINGS = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
"""Settings of a new Dagster home: no telemetry, no advertisement."""


def find_home() -> Path:
    """Return Dagster's home: `DAGSTER_HOME`, else `.dagster` in the current folder.

    A `.env` in the current folder comes first, because every command of Dagster's reads it so.
    """
    written = dotenv_values(".env").get("DAGSTER_HOME")
    return Path(written or os.environ.get("DAGSTER_HOME") or ".dagster").absolute()


def home() -> Path:
    """Return Dagster's home and make it.

    Raises:
        ConfigurationError: A `.env` in the current folder names another one than the environment.
            Dagster's commands would take the first of them without a word.
    """
    folder, given = find_home(), os.environ.get("DAGSTER_HOME")
    if given and Path(given).absolute() != folder:
        raise ConfigurationError(
            f"DAGSTER_HOME is {given}, and .env in this folder says {folder}. Dagster's own "
            "commands read .env: change it there, or unset DAGSTER_HOME."
        )
    prepare_home(folder)
    check_drivers(folder)
    os.environ["DAGSTER_HOME"] = str(folder)
    return folder


def prepare_home(folder: Path) -> None:
    """Make a folder that Dagster takes for its home."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dagster.yaml").exists():
        (folder / "dagster.yaml").write_text(HOME_SETTINGS, encoding="utf-8")


@contextmanager
def open_site(settings: Settings) -> Iterator[tuple[RunContext, dg.DagsterInstance]]:
    """Open the run context and Dagster's home, at work on the store; killed runs are ended."""
    LOG.info("Dagster's home is %s.", home())
    with (
        open_run_context(settings) as run_context,
        at_work(run_context.store, run_context.ledger, name=_own_name()),
        dg.DagsterInstance.get() as instance,
    ):
        use_large_pages(instance)
        end_dead_runs(instance, run_context)
        yield run_context, instance


def _own_name() -> str:
    return f"`marquee build` (process {os.getpid()})"


def build(run_context: RunContext, instance: dg.DagsterInstance, request: Request) -> int:
    """Crawl, process stale movies in ranges, train and evaluate what is stale, then predict.

    Returns:
        The number of movies that were stale.

    Raises:
        BuildError: A run failed.
        ConfigurationError: Dagster's home holds the movies of another source.
        SourceError: TMDB refuses the key or cannot be reached; no run was started.
    """
    check_home(instance, run_context.source.name)
    reconcile(run_context)
    settings = overrides(run_context)
    if "crawl" in request.stages:
        if not run_context.source.is_imports:
            _check_source(run_context)
        config = {} if request.since is None else {"released_from": request.since.isoformat()}
        catalog = _catalog_defs(settings)
        run_job(catalog, instance, crawl_job.name, config={"movie_catalog": {"config": config}})
    specs = [spec for spec in MOVIE_ASSETS if spec.stage in request.stages]
    runs = _open_runs(run_context, instance, settings)
    stale = build_movies(
        runs, run_context, instance, specs,
        only=_wanted(run_context, request), limit=request.limit, range_movies=request.range_movies,
    )  # fmt: skip
    _train(runs, run_context, instance, request)
    return stale


def _open_runs(
    run_context: RunContext, instance: dg.DagsterInstance, settings: Mapping[str, str]
) -> Runs:
    """Return where runs are executed: in this process, or where dagster.yaml says that is Ray."""
    all_defs = cache(partial(_all_defs, settings))
    if not runs_on_ray(instance):
        return LocalRuns(all_defs, instance)
    gpus = run_context.settings.number("ray_gpus", 0, may_be_zero=True)
    return RayRuns(all_defs, instance, settings, gpus)


def _check_source(run_context: RunContext) -> None:
    """Refuse a wrong key, or a TMDB that cannot be reached, before there is a run."""
    try:
        run_context.tmdb.configuration()
    except FetchError as error:
        raise SourceError(
            f"TMDB cannot be reached at {run_context.settings.tmdb_api_url} ({error}). No run was "
            "started and all completed work is kept: check the connection, then run again."
        ) from error


def _catalog_defs(settings: Mapping[str, str]) -> dg.Definitions:
    """Wire the crawl alone: a build that finds nothing to do loads no other asset."""
    return dg.Definitions(
        assets=[movie_catalog],
        jobs=[crawl_job],
        resources=run_resources(**settings),
        loggers=run_loggers(settings.get("log", "")),
        executor=dg.in_process_executor,
    )


def _all_defs(settings: Mapping[str, str]) -> dg.Definitions:
    from assets.definitions import build_defs

    collect_as_usual()
    return build_defs(**settings)


def _train(
    runs: Runs,
    run_context: RunContext,
    instance: dg.DagsterInstance,
    request: Request,
) -> None:
    """Train, evaluate and predict what is stale, after another one that does has finished."""
    stages = set(request.stages) & set(STAGES[4:])
    if not stages or not (stale_assets(run_context) or are_predictions_stale(run_context)):
        return
    held = holding(MODELS, run_context.store, run_context.ledger, name=_own_name())
    with held if isinstance(runs, LocalRuns) else nullcontext():  # elsewhere a run holds it
        stale = stale_assets(run_context)
        chosen = [name for name in stale if UNPARTITIONED_ASSETS[name].stage in stages]
        if chosen:
            config = _config_of_variants(request.variants, chosen)
            for side_by_side in runs.trainings(chosen, config):
                runs.run(side_by_side)
        if "evaluation" in stages and are_predictions_stale(run_context):
            tags = range_tags(instance.get_dynamic_partitions(MOVIES_NAME))
            runs.run([[PlannedRun("predictions", tags)]])


def _config_of_variants(which: str, chosen: Sequence[str]) -> dict[str, dict]:
    """Return the configuration with which the chosen model assets train all variants, or one."""
    from pipeline.models.systems.registry import SYSTEMS

    if which == "preset":
        return {}

    def variants(system: "System") -> list[str]:
        return [system.main_variant] if which == "main" else list(system.estimators())

    return {
        name: {"config": {"variants": variants(system)}}
        for system in SYSTEMS
        for name in (system.encoder, f"{system.name}_model")
        if name in chosen
    }


def overrides(run_context: RunContext) -> dict[str, str]:
    """Return the settings that a run needs; secrets stay in the environment.

    Dagster stores them with every run. The studio's own key and cookie are no secrets: without them
    a run could not find the studio that this command has started.
    """
    settings = run_context.settings
    secrets = [secret for secret in settings.secrets if secret not in (API_KEY, COOKIE)]
    given = {name: getattr(settings, name) for name in ENVIRONMENT}
    given["store"] = str(run_context.store.root)
    return {
        name: value
        for name, value in given.items()
        if value and not (name in ENVIRONMENT_ONLY and any(secret in value for secret in secrets))
    }


def _wanted(run_context: RunContext, request: Request) -> list[int] | None:
    if request.movies is None and request.since is None:
        return None
    check_known(run_context, request.movies or ())
    wanted = list(request.movies or run_context.ledger.movies())
    if request.since is None:
        return wanted
    rows = run_context.ledger.rows(RECORDS)
    since = request.since.isoformat()

    def is_new(tmdb_id: int) -> bool:
        row = rows.get(tmdb_id)
        released = row.metadata.get("release_date") if row else None
        return released is None or str(released) >= since

    return [tmdb_id for tmdb_id in wanted if is_new(tmdb_id)]
