"""A change recomputes what depends on it and nothing else, proved by events and request counts."""

import pytest
import requests
from processes import Process, raise_code_version
from sites import MOVIE_STAGES

from assets.orchestration.asset_specs import MOVIE_ASSETS

POSTER_LINE = {"movie_records", "posters", "poster_embeddings", "poster_regions"}


def count_events(site):
    return {step.name: len(site.events(step.name)) for step in MOVIE_ASSETS}


@pytest.fixture
def site(open_site):
    return open_site(size=3, stages=MOVIE_STAGES)


def new_events(site, before):
    after = count_events(site)
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def test_new_poster_recomputes_that_films_poster_and_what_depends_on_it(site):
    movie = site.catalogue.movie_ids()[0]
    before = count_events(site)
    site.reset_stats()
    site.edit(movie, poster_path="/new.jpg")

    site.build()

    assert new_events(site, before) == dict.fromkeys(POSTER_LINE, 1)
    assert {site.events(name)[0].partition for name in POSTER_LINE} == {str(movie)}
    kinds = site.stats()["kinds"]
    assert sum(kinds["image"].values()) == 1
    assert sum(kinds["details"].values()) == 1
    assert sum(kinds["trailer"].values()) == sum(kinds["imdbpro"].values()) == 0


def test_volatile_figures_recompute_nothing(site):
    before = count_events(site)
    site.edit(site.catalogue.movie_ids()[0], popularity=99.5, vote_count=12345)
    site.build()
    assert new_events(site, before) == {}


def test_new_code_version_makes_its_asset_and_its_followers_due(site):
    before = count_events(site)
    site.reset_stats()

    build = Process(
        site, "build", "--stages", ",".join(MOVIE_STAGES),
        before=raise_code_version, given=("trailer_frames", "new"),
    )  # fmt: skip
    assert build.wait() == 0, build.output

    changed = new_events(site, before)
    assert changed == {"trailer_frames": 3, "frame_embeddings": 3, "clip_embeddings": 3}
    versions = {event.tags["dagster/code_version"] for event in site.events("trailer_frames")[:3]}
    assert versions == {"new"}
    kinds = site.stats()["kinds"]
    assert sum(kinds["trailer"].values()) == sum(kinds["details"].values()) == 0
    site.assert_dagster_shows_the_ledger()


def test_film_deleted_at_tmdb_becomes_absent(site):
    movie = site.catalogue.movie_ids()[1]
    order = {"tmdb_id": movie}
    assert requests.post(f"{site.studio.url}/_delete", json=order, timeout=5).ok
    site.build()
    row = site.rows("movie_records")[movie]
    assert (row.status, row.reason) == ("absent", "deleted_at_source")
    site.assert_dagster_shows_the_ledger()


def test_new_film_is_found_and_done(site):
    assert requests.post(f"{site.studio.url}/_add", json={"n": 1}, timeout=5).ok
    new = site.catalogue.movie_ids()[-1]
    site.reset_stats()
    assert site.build() == 1
    assert new in site.materialized("frame_embeddings")
    # in scope? the record itself, and once what it lacks in English
    assert sum(site.stats()["kinds"]["details"].values()) == 3
