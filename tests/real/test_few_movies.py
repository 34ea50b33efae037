"""A few real movies through every stage that goes movie by movie: all there is by day of real data.

At night two hundred go the whole path (see `test_real_movies`); there, too, trailers are stand-ins.
"""

import json
from dataclasses import dataclass, field

import dagster as dg
import numpy as np
import pytest
from converter import Report, convert
from sites import MOVIE_STAGES, Site, make_home

from pipeline.core.outcomes import Reason, Status
from pipeline.splits.features import FeatureTable
from resources.studio.catalogue.folder import FolderCatalogue
from resources.studio.servers.running import start_studio

pytestmark = pytest.mark.real


@dataclass
class Few:
    """The movies that were built, and what the converter says of all."""

    site: Site
    report: Report
    heard: int = field(init=False)
    silent: int = field(init=False)
    posterless: int = field(init=False)

    def __post_init__(self) -> None:
        keys = self.report.video_keys
        self.silent = min(i for i, key in keys.items() if key.startswith("noaudio"))
        self.heard = min(i for i, key in keys.items() if not key.startswith("noaudio"))
        self.posterless = min(self.report.revenue_usd.keys() - self.report.with_poster)

    @property
    def movies(self) -> tuple[int, ...]:
        return self.heard, self.silent, self.posterless

    def ok(self, asset: str) -> set[int]:
        return {i for i, row in self.site.rows(asset).items() if row.status == Status.OK}


@pytest.fixture(scope="module")
def few(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    report = convert(data, folder / "movies", limit=50)
    make_home(folder / "site")
    catalogue = FolderCatalogue(folder / "movies")
    with (
        start_studio(catalogue) as studio,
        dg.DagsterInstance.from_config(str(folder / "site" / "home")) as instance,
    ):
        few = Few(Site(folder / "site", studio, catalogue, instance), report)
        few.site.build(stages=("crawl",))
        few.site.build(stages=MOVIE_STAGES, movies=few.movies)
        yield few


def test_every_record_is_read_and_its_figures_are_the_dumps(few):
    assert few.ok("movie_records") == few.report.revenue_usd.keys()
    for tmdb_id, revenue_usd in few.report.revenue_usd.items():
        figures = json.loads((few.site.store / "box_office" / f"{tmdb_id}.json").read_bytes())
        assert (figures["revenue_usd"], figures["source"]) == (revenue_usd, "tmdb")


def test_real_posters_and_plots_are_embedded(few):
    assert few.ok("posters") == few.ok("poster_embeddings") == {few.heard, few.silent}
    assert few.site.rows("posters")[few.posterless].reason == Reason.NOT_LISTED
    rows = few.site.rows("text_embeddings")
    assert few.ok("text_embeddings") == set(few.movies)
    assert "random" not in {row.metadata["weights"] for row in rows.values()}


def test_real_trailers_are_decoded_seen_and_heard(few):
    for asset in ("trailers", "trailer_frames", "frame_embeddings", "clip_embeddings"):
        assert few.ok(asset) == {few.heard, few.silent}, asset
    for tmdb_id in (few.heard, few.silent):
        with np.load(few.site.store / "frames" / f"{tmdb_id}.npz") as arrays:
            assert arrays["frames"].shape == (30, 224, 224, 3)
    assert few.ok("trailer_audio") == {few.heard}
    assert few.site.rows("trailer_audio")[few.silent].reason == Reason.NO_AUDIO_TRACK


def test_dagster_shows_the_ledger_and_features_hold_them_all(few):
    few.site.assert_dagster_shows_the_ledger()
    few.site.materialize("movie_features")
    table = FeatureTable.load(few.site.store / "features" / "movies")
    reported = dict(zip(table.table["tmdb_id"], table.table["revenue_usd"], strict=True))
    assert reported == few.report.revenue_usd
    have = {name: set(table.table["tmdb_id"][mask]) for name, mask in table.masks.items()}
    assert have["text"] == set(few.movies)
    assert have["poster"] == have["frames"] == {few.heard, few.silent}
