"""Builds in processes of their own: two at once, and what others see of one that was killed."""

import time

import dagster as dg
import pytest
from accounts import account, assert_adds_up
from processes import Process, hold_at
from sensor_ticks import requested, skipped

from pipeline.core.outcomes import PENDING, Status
from resources.storage.crash_points import CrashPoint


@pytest.fixture
def site(open_site):
    return open_site(size=3, stages=("crawl",))


@pytest.fixture
def held(site):
    """A build of a site's media that waits, its second poster intended and not in its place."""
    process = Process(
        site, "build", "--stages", "crawl,media",
        before=hold_at, given=(CrashPoint.INTENDED, "posters", 2, site.folder),
    )  # fmt: skip
    wait_until(lambda: (site.folder / "waiting").exists(), process)
    yield process
    process.kill()


def wait_until(is_so, *processes):
    """Wait for something that these processes bring about."""
    while not is_so():
        for process in processes:
            assert process.poll() is None, process.output
        time.sleep(0.02)


def test_second_build_waits_for_the_first_and_nothing_is_lost(site, held):
    second = Process(site, "build", "--stages", "crawl,media")
    wait_until(lambda: "waiting until it has finished" in second.output, held, second)
    (site.folder / "go_on").touch()
    assert held.wait() == 0, held.output
    assert second.wait() == 0, second.output
    assert "waiting until it has finished" not in held.output
    site.assert_dagster_shows_the_ledger()
    for asset in ("posters", "trailers"):
        rows = site.rows(asset)
        assert {row.status for row in rows.values()} <= {Status.OK, Status.UNAVAILABLE}
        assert len(site.events(asset)) == len(rows) == 3


def test_sensor_waits_for_a_run_and_goes_on_after_a_killed_one_and_the_account_adds_up(site, held):
    assert_adds_up(site)
    assert account(site, "posters").counts[PENDING] > 0
    assert "in progress" in skipped(site)
    held.kill()
    assert_adds_up(site)
    assert requested(site).job_name == "movies"
    statuses = {run.status for run in site.instance.get_runs()}
    assert dg.DagsterRunStatus.STARTED not in statuses

    site.build(stages=("crawl", "media"))
    assert_adds_up(site)
    assert account(site, "posters").counts[PENDING] == 0
    site.assert_dagster_shows_the_ledger()
