"""A site of a test's own: studio, store, ledger and Dagster home, all real and all temporary."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
import requests

from assets.cli.build import Request, build
from assets.orchestration.asset_specs import MOVIE_ASSETS
from resources.run_context import RunContext, open_run_context
from resources.settings import ENVIRONMENT, Settings
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.opening import trailer_cache
from resources.studio.servers.running import Studio, start_studio

ROOT = Path(__file__).resolve().parents[2]
MOVIE_STAGES = ("crawl", "media", "frames", "embeddings")


@dataclass
class Site:
    """What a test works at; `more` are settings that a test wants besides."""

    folder: Path
    studio: Studio
    catalogue: GeneratedCatalogue
    instance: dg.DagsterInstance
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process work here, in `folder`: a `.env` would win."""
        return {
            **self.studio.urls,
            "MARQUEE_STORE": str(self.folder / "store"),
            "DAGSTER_HOME": str(self.folder / "home"),
            "PYTHONPATH": str(ROOT),
            **{ENVIRONMENT[name]: value for name, value in self.more.items()},
        }

    @property
    def settings(self) -> Settings:
        urls = self.studio.urls
        return Settings(
            tmdb_api_url=urls["TMDB_API_URL"],
            tmdb_image_url=urls["TMDB_IMAGE_URL"],
            imdbpro_url=urls["IMDBPRO_URL"],
            trailer_url_template=urls["TRAILER_URL_TEMPLATE"],
            tmdb_api_key=urls["TMDB_API_KEY"],
            imdbpro_cookie=urls["IMDBPRO_COOKIE"],
            store=str(self.folder / "store"),
            **self.more,
        )

    @contextmanager
    def run_context(self) -> Iterator[RunContext]:
        with open_run_context(self.settings) as run_context:
            yield run_context

    def build(self, **request) -> int:
        request = {"stages": MOVIE_STAGES, **request}
        with self.run_context() as run_context:
            return build(run_context, self.instance, Request(**request))

    def rows(self, asset: str) -> dict:
        with self.run_context() as run_context:
            return run_context.ledger.rows(asset)

    def materialized(self, asset: str) -> set[int]:
        key = dg.AssetKey(asset)
        return {int(k) for k in self.instance.get_materialized_partitions(key)}

    def assert_dagster_shows_the_ledger(self) -> None:
        for step in MOVIE_ASSETS:
            final = {i for i, row in self.rows(step.name).items() if row.is_final}
            assert self.materialized(step.name) == final, step.name

    def events(self, asset: str) -> list[dg.AssetMaterialization]:
        records = self.instance.fetch_materializations(dg.AssetKey(asset), limit=5000).records
        return [record.asset_materialization for record in records]

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

    def edit(self, tmdb_id: int, **changes) -> None:
        order = {"tmdb_id": tmdb_id, "set": changes}
        assert requests.post(f"{self.studio.url}/_edit", json=order, timeout=5).ok


@pytest.fixture
def open_site(tmp_path):
    """Open a site of `size` movies."""
    with ExitStack() as stack:

        def open_one(size: int = 6, seed: int = 7, name: str = "site") -> Site:
            folder = tmp_path / name
            (folder / "home").mkdir(parents=True)
            (folder / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
            catalogue = GeneratedCatalogue(size, seed, trailer_cache())
            studio = stack.enter_context(start_studio(catalogue))
            instance = dg.DagsterInstance.from_config(str(folder / "home"))
            stack.callback(instance.dispose)
            return Site(folder, studio, catalogue, instance)

        yield open_one


@pytest.fixture(autouse=True)
def _keep_traceback_limit(monkeypatch):
    """A run that stops for a reason of ours shortens the frames of its process; not the tests'."""
    monkeypatch.setattr("sys.tracebacklimit", 1000, raising=False)
