"""What a movie's page shows in Dagster: which movie it is, its files and a small picture."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image
from present import present
from shared_sites import Shape
from sites import MOVIE_STAGES, opened_site

from assets.cli.build import overrides
from assets.definitions import build_defs
from assets.orchestration.asset_specs import MOVIE_ASSETS, movie_spec
from assets.orchestration.movie_page import MOVIES_WITH_PICTURES, MoviePages
from assets.orchestration.pictures import draw_frames, draw_poster, picture_markdown
from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row
from resources.sources.source import Source

ASSETS = [spec.name for spec in MOVIE_ASSETS if spec.name != "audio_embeddings"]
"""All but one that the studio's preset disables."""

WITH_PICTURE = {"posters", "trailer_frames", "trailer_audio", "poster_regions"}
WITH_NEAREST = {name for name in ASSETS if name.endswith("embeddings")}
SHAPE = Shape(3, stages=MOVIE_STAGES)
EVENT_BYTES = 20_000
EVENT_PICTURE = re.compile(r"!\[picture\]\(data:image/(jpeg|png);base64,([A-Za-z0-9+/=]+)\)")


def launch(site, *names, movie):
    """Recompute one movie as the UI's button does."""
    with site.run_context() as run_context:
        job = build_defs(**overrides(run_context)).resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(
            instance=site.instance,
            asset_selection=[dg.AssetKey(name) for name in names],
            partition_key=str(movie),
        ).success


def latest(site, asset, movie):
    """Return a movie's latest event."""
    (record,) = site.instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[str(movie)]), limit=1
    ).records
    return record.asset_materialization


def picture_of(event):
    kind, content = present(EVENT_PICTURE.fullmatch(event.metadata["picture"].value)).groups()
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert present(picture.format).lower() == kind
    picture.load()
    return picture


@pytest.fixture(scope="module")
def site(shared_sites, tmp_path_factory):
    """A built site whose first movie is recomputed where the site stands now."""
    folder = tmp_path_factory.mktemp("page") / "site"
    shared_sites.copy(SHAPE, folder)
    with opened_site(folder, SHAPE.size, SHAPE.seed) as site:
        launch(site, *ASSETS, movie=site.catalogue.movie_ids()[0])
        yield site


@pytest.fixture
def movie(site):
    return site.catalogue.movie_ids()[0]


@pytest.fixture(params=ASSETS)
def event(request, site, movie):
    return latest(site, request.param, movie)


def test_event_carries_title_and_year_and_no_link_of_an_invented_movie(site, movie, event):
    listed = site.catalogue.details(movie)
    assert event.metadata["title"].value == listed["title"]
    assert event.metadata["year"].value == int(listed["release_date"][:4])
    assert "tmdb" not in event.metadata
    assert event.metadata["page"].value == f"http://127.0.0.1:8000/films/{movie}/page"


def test_event_carries_the_paths_of_files_that_exist(site, event):
    paths = [
        Path(value.path)
        for value in event.metadata.values()
        if isinstance(value, dg.PathMetadataValue)
    ]
    made = event.metadata["status"].value == "ok"
    assert bool(paths) == made
    assert all(path.is_file() and path.is_relative_to(site.store) for path in paths)


def test_event_shows_what_its_asset_has_to_show_within_20_kb(event):
    name = event.asset_key.to_user_string()
    made = event.metadata["status"].value == "ok"
    assert ("picture" in event.metadata) == (made and name in WITH_PICTURE)
    assert ("nearest movies" in event.metadata) == (made and name in WITH_NEAREST)
    assert len(dg.serialize_value(event)) <= EVENT_BYTES


def test_pictures_are_of_the_movies_own_files(site, movie):
    with Image.open(site.store / "posters" / f"{movie}.jpg") as poster:
        shape = poster.width / poster.height
    small = picture_of(latest(site, "posters", movie))
    assert small.width / small.height == pytest.approx(shape, rel=0.02)
    assert picture_of(latest(site, "poster_regions", movie)).size == (240, 360)
    assert picture_of(latest(site, "trailer_audio", movie)).size == (480, 96)
    sampled = picture_of(latest(site, "trailer_frames", movie))
    assert 200 < sampled.width == sampled.height <= 450, "a hundred, ten in a row"


def test_nearest_movies_are_named_by_title(site, movie):
    shown = latest(site, "poster_embeddings", movie).metadata["nearest movies"].value
    others = [i for i in site.materialized("poster_embeddings") if i != movie]
    made = [i for i in others if site.rows("poster_embeddings")[i].status == Status.OK]
    assert len(shown.splitlines()) == len(made) > 0
    for other in made:
        assert site.catalogue.details(other)["title"] in shown.replace("\\", "")


def test_nothing_of_a_page_is_kept_in_the_ledger(site, movie, event):
    row = site.rows(event.asset_key.to_user_string())[movie]
    assert not {"picture", "nearest movies", "year"} & row.metadata.keys()
    assert event.tags["dagster/data_version"] == row.content_hash


def test_many_movies_have_pages_without_pictures(open_site):
    site = open_site(size=4, stages=("crawl", "media"))
    movie = site.catalogue.movie_ids()[0]
    before = site.rows("posters")[movie]
    assert "picture" in latest(site, "posters", movie).metadata
    with site.run_context() as run_context:
        known = range(9_000_001, 9_000_001 + MOVIES_WITH_PICTURES)
        run_context.ledger.know_movies(dict.fromkeys(known, ""))
    launch(site, "posters", movie=movie)
    metadata = latest(site, "posters", movie).metadata
    assert "picture" not in metadata
    assert {"title", "year", "file"} <= metadata.keys()
    assert site.rows("posters")[movie] == before


def test_unavailable_movie_has_its_title_and_no_picture(open_site):
    site = open_site(size=4, stages=("crawl", "media"))
    movie = site.catalogue.movie_ids()[0]
    site.edit(movie, poster_path=None)
    site.build(stages=("crawl", "media"))
    metadata = latest(site, "posters", movie).metadata
    assert metadata["status"].value == "unavailable"
    assert metadata["title"].value == site.catalogue.details(movie)["title"]
    assert not {"picture", "file"} & metadata.keys()


def test_kept_frames_stand_for_all_sampled_ones_where_a_killed_run_read_them(site, movie):
    with site.run_context() as run_context:
        shown = picture_markdown(draw_frames, run_context.store, movie)
    assert site.rows("trailer_frames")[movie].metadata["frames_kept"] == 30
    _, content = present(EVENT_PICTURE.fullmatch(shown)).groups()
    kept = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kept.width / kept.height == pytest.approx(6 / 5, rel=0.02), "thirty, six in a row"


def test_picture_that_cannot_be_drawn_is_left_out(site, movie):
    with site.run_context() as run_context:
        assert picture_markdown(draw_poster, run_context.store, movie)
        assert picture_markdown(draw_poster, run_context.store, 404) == ""


def test_real_movie_has_a_link_and_its_title_is_no_markdown(open_site):
    site = open_site(size=3, stages=MOVIE_STAGES)
    movie = site.catalogue.movie_ids()[0]
    row = Row(status=Status.OK.value)
    record = {"title": "[REC] *2*", "release_date": "2009-10-02"}
    with site.run_context() as run_context:
        settings = run_context.settings.model_copy(update={"page_url": "https://ask.example/"})
        source = Source("tmdb", "TMDB", is_studio=False)
        real = replace(run_context, source=source, settings=settings)
        rows = {i: replace(row, metadata=record) for i in run_context.ledger.rows("posters")}
        run_context.ledger.write("movie_records", rows, now_s=0.0)
        pages = MoviePages(real, movie_spec("text_embeddings"))
        pages.read({movie: row})
        shown = pages.describe(movie, row)
    assert shown["tmdb"] == dg.MetadataValue.url(f"https://www.themoviedb.org/movie/{movie}")
    assert shown["page"] == dg.MetadataValue.url(f"https://ask.example/films/{movie}/page")
    assert (shown["title"], shown["year"]) == ("[REC] *2*", 2009)
    other = re.escape(r"[\[REC\] \*2\*](https://www.themoviedb.org/movie/")
    assert re.match(rf"1\. {other}\d+\) \(2009\), cosine 0\.\d{{3}}", shown["nearest movies"].value)
