"""A build that is killed between any two steps of keeping a result ends as one that was not.

Random moments are tried at night (see `test_kill`); here a real process kills itself at every
point there is, and the next run must finish exactly.
"""

import shutil
import signal
from collections import Counter

import pytest
from processes import Process, die_at
from shared_sites import Shape
from sites import opened_site
from snapshots import snapshot

from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.outcomes import Status
from resources.storage.crash_points import CrashPoint

SIZE = 3
STAGES = ("crawl", "media", "frames", "embeddings")
KEPT = (CrashPoint.STAGED, CrashPoint.INTENDED, CrashPoint.RENAMED)


def before(stage):
    return STAGES[: STAGES.index(stage)]


def kill(site, stage, point, asset, number=1):
    """Have a build of one stage kill itself at a point."""
    process = Process(site, "build", "--stages", stage, before=die_at, given=(point, asset, number))
    assert process.wait() == -signal.SIGKILL, process.output


@pytest.fixture
def calm(shared_sites, tmp_path):
    """Return what a site holds in the end when nobody kills anything."""

    def look(stage):
        shape = Shape(SIZE, stages=(*before(stage), stage))
        shared_sites.copy(shape, tmp_path / "calm")
        with opened_site(tmp_path / "calm", shape.size, shape.seed) as site:
            return snapshot(site)

    return look


def assert_finishes(site, stage, wanted):
    """The next run ends where an undisturbed one does, with one event a movie and asset."""
    site.build(stages=(stage,))
    found = snapshot(site)
    for part, value in wanted.items():
        assert found[part] == value, part
    assert site.stale(stage) == set()
    for step in MOVIE_ASSETS:
        events = Counter(event.partition for event in site.events(step.name))
        assert set(events.values()) <= {1}, step.name
    site.assert_dagster_shows_the_ledger()
    assert not [p for p in (site.store / ".staging").rglob("*") if p.is_file()]


@pytest.mark.parametrize("point", CrashPoint)
def test_poster_is_kept_once_whatever_is_cut_off(open_site, calm, point):
    """Killed at its second movie, with one before it done so far and one not begun or under way."""
    site = open_site(SIZE, stages=before("media"))
    number = 2 if point in KEPT else 1  # rows are written, published and marked together
    kill(site, "media", point, "posters", number)
    placed = {int(p.stem) for p in (site.store / "posters").glob("[0-9]*")}
    known = {i for i, row in site.rows("posters").items() if row.pending or row.is_final}
    assert placed <= known, "a file is in its place of which the ledger knows nothing"
    assert site.materialized("posters") <= known
    site.reset_stats()
    assert_finishes(site, "media", calm("media"))
    again = {path for path in site.stats()["paths"] if path.startswith("/t/p/")}
    assert not [path for path in again for movie in known if str(movie) in path]


@pytest.mark.parametrize("point", [CrashPoint.STAGED, CrashPoint.RENAMED])
def test_movie_of_two_files_has_both_or_none(open_site, calm, point):
    """Frames and clips: killed with the first of the two in staging, or in its place."""
    site = open_site(SIZE, stages=before("frames"))
    kill(site, "frames", point, "trailer_frames")
    folders = [{p.stem for p in (site.store / name).glob("[0-9]*")} for name in ("frames", "clips")]
    assert (folders[0] != folders[1]) == (point is CrashPoint.RENAMED), "killed elsewhere"
    assert_finishes(site, "frames", calm("frames"))


def test_run_that_picks_up_a_killed_one_may_be_killed_too(open_site, calm):
    site = open_site(SIZE, stages=before("media"))
    for point in (
        CrashPoint.INTENDED,
        CrashPoint.RENAMED,
        CrashPoint.WRITTEN,
        CrashPoint.PUBLISHED,
    ):
        kill(site, "media", point, "posters")
    assert_finishes(site, "media", calm("media"))


@pytest.mark.parametrize(
    ("point", "n_events"),
    [(CrashPoint.RENAMED, 2), (CrashPoint.LOGGED, 1), (CrashPoint.PUBLISHED, 2)],
)
def test_embeddings_are_made_once_whatever_is_cut_off(open_site, point, n_events):
    """Of a site that had them all, and has lost those of texts."""
    site = open_site(SIZE, stages=STAGES)
    wanted = snapshot(site)
    with site.run_context() as run_context:
        known = list(run_context.ledger.movies())
        run_context.ledger.forget(["text_embeddings"], known, list(Status))
    shutil.rmtree(site.store / "embeddings" / "text")
    kill(site, "embeddings", point, "text_embeddings", 2 if point in KEPT else 1)
    site.build(stages=("embeddings",))
    assert snapshot(site) == wanted
    events = Counter(event.partition for event in site.events("text_embeddings"))
    # An event that Dagster has, from before the loss and of the same content, is not added again.
    assert set(events.values()) == {n_events}
    site.assert_dagster_shows_the_ledger()


@pytest.mark.parametrize("point", [CrashPoint.INTENDED, CrashPoint.WRITTEN, CrashPoint.PUBLISHED])
def test_records_are_kept_once_whatever_is_cut_off(open_site, calm, point):
    site = open_site(SIZE)
    kill(site, "crawl", point, "movie_records")
    assert_finishes(site, "crawl", calm("crawl"))
