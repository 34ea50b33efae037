"""1,000 movies, 100 faults: Dagster's failed partitions are the ledger's, also after a kill.

By day `test_failed_partitions` shows the same with six movies.
"""

import time

import pytest
from posters_only import build_posters
from processes import Process, die_at

from assets.orchestration.events import EventPublisher
from assets.orchestration.failed_partitions import failed_partitions
from resources.storage.crash_points import CrashPoint

MOVIES, FAULTS = 1_000, 100
APART = 8
"""Movies from one fault to the next: in a row, they would be a host that is down."""
FLUSHES_BEFORE_THE_KILL = 6


@pytest.fixture
def marking_s(monkeypatch):
    """Return the seconds that each marking of failed partitions took, as runs of the test go on."""
    show_failed, taken_s = EventPublisher.show_failed, []

    def timed(publisher):
        began_s = time.perf_counter()
        show_failed(publisher)
        taken_s.append(time.perf_counter() - began_s)

    monkeypatch.setattr(EventPublisher, "show_failed", timed)
    return taken_s


def fail(site, movies):
    """Have the posters of these movies fail, and of no others."""
    site.lift_faults()
    site.order({"path": f"/t/p/.*({'|'.join(map(str, movies))})", "status": 503})


def build(site):
    with site.run_context() as run_context:
        run_context.ledger.retry_now(["posters"])
        return build_posters(run_context, site.instance)


def waiting(site):
    return {i for i, row in site.rows("posters").items() if row.status == "retry"}


def shown(site):
    return failed_partitions(site.instance, "posters")


@pytest.mark.slow
def test_failed_set_of_a_thousand_movies_is_the_ledgers(open_site, marking_s):
    site = open_site(size=MOVIES, stages=("crawl",))
    ids = site.catalogue.movie_ids()
    listed = [i for i in ids if site.catalogue.details(i)["poster_path"]]
    first = set(listed[::APART][:FAULTS])
    others = {*listed[:: 2 * APART][: FAULTS // 2], *listed[3 :: 2 * APART][: FAULTS // 2]}
    assert len(first) == len(others) == FAULTS
    fail(site, first)
    assert build(site) == MOVIES
    assert shown(site) == waiting(site) == first

    fail(site, others)  # half of the first ones can be had now, and half of these failed before
    with site.run_context() as run_context:
        run_context.ledger.retry_now(["posters"])
        run_context.ledger.forget(["posters"], ids, ["ok"])
    killed = Process(
        site, program="posters_only",
        before=die_at, given=(CrashPoint.WRITTEN, "posters", FLUSHES_BEFORE_THE_KILL),
    )  # fmt: skip
    assert killed.wait() < 0, killed.output
    unlike = shown(site) ^ waiting(site)
    print(f"unlike right after the kill: {len(unlike)}")
    assert build(site) > 0
    assert shown(site) == waiting(site) == others

    site.lift_faults()
    assert build(site) == FAULTS
    assert shown(site) == waiting(site) == set()
    site.assert_dagster_shows_the_ledger()
    print(f"marking: {[round(seconds, 3) for seconds in marking_s]} s")
    assert max(marking_s) < 1.0
