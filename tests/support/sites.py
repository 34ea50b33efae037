"""A site to test at: studio, store, ledger and Dagster home, all real and all temporary."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import requests
from alembic.config import Config
from alembic.script import ScriptDirectory

from assets.cli.build import Request, build, overrides
from assets.cli.job_runs import run_job
from assets.definitions import build_defs
from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.failed_partitions import failed_partitions
from assets.orchestration.jobs import stale_ranges
from resources.run_context import RunContext, open_run_context
from resources.settings import ENVIRONMENT, Settings
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.opening import trailer_cache
from resources.studio.servers.running import Studio, start_studio

ROOT = Path(__file__).resolve().parents[2]
MOVIE_STAGES = ("crawl", "media", "frames", "embeddings")

# `nux` is Dagster's invitation to join its community: a dialog over every page. Nobody reads what a
# run of a test writes to its output, and to keep it two processes are started for every run.
DAGSTER_YAML = """
telemetry: {enabled: false}
nux: {enabled: false}
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


ALONE = {"trainers": "1", "preset": "random"}
"""Trainings in the process of the test: each of their own would import for ten seconds. The preset
has networks of every kind."""


@dataclass
class Site:
    """What a test works at; `more` are settings besides `ALONE`, or instead of it."""

    folder: Path
    studio: Studio
    catalogue: GeneratedCatalogue
    instance: dg.DagsterInstance
    more: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process work here, in `folder`: a `.env` would win."""
        return {
            **self.studio.urls,
            "MARQUEE_STORE": str(self.store),
            "DAGSTER_HOME": str(self.folder / "home"),
            "PYTHONPATH": str(ROOT),
            **{ENVIRONMENT[name]: value for name, value in {**ALONE, **self.more}.items()},
        }

    @property
    def settings(self) -> Settings:
        urls = {name.lower(): url for name, url in self.studio.urls.items()}
        return Settings(**{**urls, "store": str(self.store), **ALONE, **self.more})

    @contextmanager
    def run_context(self, **more: str) -> Iterator[RunContext]:
        with open_run_context(self.settings.model_copy(update=more)) as run_context:
            yield run_context

    def build(self, **request) -> int:
        request = {"stages": MOVIE_STAGES, **request}
        with self.run_context() as run_context:
            return build(run_context, self.instance, Request(**request))

    def materialize(self, *names: str, **config: dict) -> None:
        """Make assets that are no movie's anew, each with its configuration."""
        ops = {name: {"config": values} for name, values in config.items()}
        with self.run_context() as run_context:
            defs = build_defs(**overrides(run_context))
            run_job(defs, self.instance, "retrain", selection=names, config=ops)

    def stale(self, *stages: str) -> set[int]:
        """Return the movies for which a build of these stages would have something to do."""
        specs = [spec for spec in MOVIE_ASSETS if spec.stage in stages]
        with self.run_context() as run_context:
            ranges = stale_ranges(run_context, self.instance, specs=specs)
        return {int(key) for keys in ranges for key in keys}

    def rows(self, asset: str) -> dict:
        with self.run_context() as run_context:
            return run_context.ledger.rows(asset)

    def materialized(self, asset: str) -> set[int]:
        key = dg.AssetKey(asset)
        return {int(k) for k in self.instance.get_materialized_partitions(key)}

    def assert_dagster_shows_the_ledger(self) -> None:
        for spec in MOVIE_ASSETS:
            final = {i for i, row in self.rows(spec.name).items() if row.is_final}
            assert self.materialized(spec.name) == final, spec.name
            waiting = {i for i, row in self.rows(spec.name).items() if row.status == "retry"}
            assert failed_partitions(self.instance, spec.name) == waiting, spec.name

    def events(self, asset: str) -> list[dg.AssetMaterialization]:
        records = self.instance.fetch_materializations(dg.AssetKey(asset), limit=5000).records
        return [event for record in records if (event := record.asset_materialization)]

    def keys(self, tmdb_id: int) -> list[str]:
        """Keys of a movie's videos."""
        return [v["key"] for v in self.catalogue.details(tmdb_id)["videos"]["results"]]

    def order(self, *faults: dict) -> None:
        assert requests.post(f"{self.studio.url}/_faults", json=list(faults), timeout=5).ok

    def lift_faults(self) -> None:
        requests.delete(f"{self.studio.url}/_faults", timeout=5)

    def reset_stats(self) -> None:
        requests.delete(f"{self.studio.url}/_stats", timeout=5)

    def stats(self) -> dict:
        return requests.get(f"{self.studio.url}/_stats", timeout=5).json()

    def asked(self, *kinds: str) -> int:
        """Count the requests of these kinds since `reset_stats`."""
        stats = self.stats()["kinds"]
        return sum(sum(stats[kind].values()) for kind in kinds)

    def edit(self, tmdb_id: int, **changes) -> None:
        order = {"tmdb_id": tmdb_id, "set": changes}
        assert requests.post(f"{self.studio.url}/_edit", json=order, timeout=5).ok


@contextmanager
def opened_site(folder: Path, size: int, seed: int) -> Iterator[Site]:
    """Open the site of a folder, which must hold a home, on a studio of its own."""
    catalogue = GeneratedCatalogue(size, seed, trailer_cache())
    with start_studio(catalogue) as studio:
        instance = dg.DagsterInstance.from_config(str(folder / "home"))
        try:
            yield Site(folder, studio, catalogue, instance)
        finally:
            instance.dispose()


def make_home(folder: Path) -> None:
    """Make an empty Dagster home whose databases are there already."""
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "dagster.yaml").write_text(DAGSTER_YAML)
    dg.DagsterInstance.from_config(str(folder / "home")).dispose()


def read_migrations_once() -> None:
    """Have Dagster load the migrations of its databases once, and not anew for every run."""
    read, known = ScriptDirectory.from_config, {}

    def from_config(config: Config) -> ScriptDirectory:
        place = config.get_main_option("script_location")
        if place not in known:
            known[place] = read(config)
        return known[place]

    ScriptDirectory.from_config = from_config


def copy_site(made: Path, folder: Path) -> None:
    """Copy a site on which nobody works; its store and its home may stand anywhere."""
    shutil.copytree(made, folder)
