"""A site that was built once may be copied anywhere, and its copies know nothing of each other."""

import sqlite3
from itertools import chain

import pytest
from shared_sites import Shape
from sites import MOVIE_STAGES, opened_site
from snapshots import snapshot

from assets.orchestration.asset_specs import MOVIE_ASSETS

BUILT = Shape(3, stages=MOVIE_STAGES)


@pytest.fixture
def two_copies(shared_sites, tmp_path):
    folders = tmp_path / "first", tmp_path / "elsewhere" / "second"
    folders[1].parent.mkdir()
    for folder in folders:
        shared_sites.copy(BUILT, folder)
    with (
        opened_site(folders[0], BUILT.size, BUILT.seed) as one,
        opened_site(folders[1], BUILT.size, BUILT.seed) as other,
    ):
        yield one, other


def test_copy_holds_all_that_was_built_and_nothing_is_due(two_copies):
    """On another port and in another folder: neither is in a version of an input."""
    one, other = two_copies
    assert one.studio.url != other.studio.url
    assert snapshot(one) == snapshot(other)
    assert len(snapshot(one)["files"]) > 3 * 6
    for site in two_copies:
        site.assert_dagster_shows_the_ledger()
        site.reset_stats()
        assert site.build() == 0
        assert site.asked("details", "image", "trailer", "imdbpro") == 0


def test_what_happens_in_one_copy_stays_there(two_copies):
    one, other = two_copies
    before = snapshot(other)
    movie = one.catalogue.movie_ids()[0]
    one.edit(movie, poster_path="/new.jpg")
    assert one.build() == 1
    assert snapshot(other) == before
    assert snapshot(one) != before
    assert len(one.events("posters")) == len(other.events("posters")) + 1
    one.assert_dagster_shows_the_ledger()
    other.assert_dagster_shows_the_ledger()


def test_nothing_in_store_ledger_or_home_names_the_folder_it_was_built_in(two_copies, shared_sites):
    """Dagster's own tables do: a run keeps where it worked, and no later run reads that."""
    place = str(shared_sites.folder).encode()
    site = two_copies[0]
    named = [p for p in site.store.rglob("*") if p.is_file() and place in p.read_bytes()]
    assert named == []
    assert place not in (site.folder / "home" / "dagster.yaml").read_bytes()
    with sqlite3.connect(site.store / "ledger.sqlite") as ledger:
        found = ledger.execute("select name from sqlite_master where type = 'table'")
        texts = chain.from_iterable(
            ledger.execute(f'select * from "{name}"') for (name,) in found.fetchall()
        )
        assert not [row for row in texts if place.decode() in repr(row)]
    ledger.close()


def test_shape_is_built_once(shared_sites, tmp_path, monkeypatch):
    shared_sites.copy(BUILT, tmp_path / "one")
    monkeypatch.setattr(Shape, "finish", None)
    shared_sites.copy(Shape(3, stages=MOVIE_STAGES), tmp_path / "other")
    assert {step.name for step in MOVIE_ASSETS} >= {"posters"}
