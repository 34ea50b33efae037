"""Builds in processes of their own: two at once, and what others see of one that was killed."""

import json
import os
import subprocess
import sys
import time
from uuid import uuid4

import dagster as dg
import pytest
from accounts import account, assert_adds_up
from present import present
from processes import Process, hold_at
from sensor_ticks import requested, skipped
from sites import MOVIE_STAGES

from assets.orchestration.asset_specs import UNPARTITIONED_ASSETS
from assets.orchestration.live_runs import end_dead_runs
from assets.orchestration.store_wait import OVER, WAITED_S, WAITING_FOR
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


def assert_each_movie_once(site, *assets):
    for asset in assets:
        rows = site.rows(asset)
        assert {row.status for row in rows.values()} <= {Status.OK, Status.UNAVAILABLE}
        assert len(site.events(asset)) == len(rows) == 3


def test_second_build_works_on_what_the_first_does_not_and_waits_for_the_rest(site, held):
    second = Process(site, "build", "--stages", "crawl,media")
    wait_until(lambda: "waiting until it has finished" in second.output, held, second)
    assert len(site.rows("trailers")) == 3, "the first one is still at the posters"
    assert "is working on some of 3 movies" in second.output
    (site.folder / "go_on").touch()
    assert held.wait() == 0, held.output
    assert second.wait() == 0, second.output
    site.assert_dagster_shows_the_ledger()
    assert_each_movie_once(site, "posters", "trailers")


def test_second_build_finishes_what_a_killed_one_had_begun(site, held):
    site.reset_stats()
    json_lines = {"MARQUEE_LOG": "json"}
    second = Process(site, "build", "--stages", "crawl,media", environment=json_lines)
    wait_until(lambda: "waiting until it has finished" in second.output, held, second)
    held.kill()
    assert second.wait() == 0, second.output
    assert_lines_are_json(second.output)
    site.assert_dagster_shows_the_ledger()
    assert_each_movie_once(site, "posters", "trailers")


def assert_lines_are_json(output):
    """Every line of the log is an object, those of a run with its asset; the result is text."""
    *log, result = output.splitlines()
    lines = [json.loads(line) for line in log]
    assert result.endswith("all others are up to date.")
    assert {"warning", "info"} <= {line["level"] for line in lines}
    assert any("run" in line and line.get("asset") == "posters" for line in lines)


def test_two_builds_from_nothing_ask_for_each_movie_once(open_site):
    site = open_site(size=12, stages=())
    site.reset_stats()
    builds = [
        Process(site, "build", "--stages", "crawl,media", "--range-films", str(size))
        for size in (2, 3)
    ]
    for one in builds:
        assert one.wait() == 0, one.output
    site.assert_dagster_shows_the_ledger()
    for asset in ("movie_records", "box_office", "posters", "trailers"):
        assert len(site.events(asset)) == len(site.rows(asset)) == 12
    assert site.asked("details") == 12 + 9, "nine of them have texts in a language of their own"
    pages = {path: n for path, n in site.stats()["paths"].items() if "/title/" in path}
    assert all(count == {"GET": 1} for count in pages.values())
    posters = [row for row in site.rows("posters").values() if row.status == Status.OK]
    assert site.asked("image") == len(posters)


def test_two_builds_make_once_what_is_of_all_movies(open_site):
    """The second waits until the first has packed features and made splits, and finds nothing."""
    site = open_site(size=24, stages=MOVIE_STAGES, seen=10)
    builds = [Process(site, "build", "--stages", "splits") for _ in range(2)]
    for one in builds:
        assert one.wait() == 0, one.output
    for name, spec in UNPARTITIONED_ASSETS.items():
        made = site.instance.fetch_materializations(dg.AssetKey(name), limit=9).records
        assert len(made) == (spec.stage == "splits"), name


def test_run_by_hand_waits_for_its_movie_and_says_for_whom_and_how_long(site, held):
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    (holder,) = site.instance.get_runs(started)
    waiting = Process(
        site, "asset", "materialize", "-m", "assets.definitions", "--select", "posters",
        "--partition", str(site.catalogue.movie_ids()[0]), program="dagster._cli",
    )  # fmt: skip
    wait_until(lambda: tagged(site, WAITING_FOR), waiting)
    (run,) = tagged(site, WAITING_FOR)
    assert run.status is dg.DagsterRunStatus.STARTED
    assert run.tags[WAITING_FOR].startswith(f"run {holder.run_id} (movies) since 2")
    assert "in progress" in skipped(site)
    (site.folder / "go_on").touch()
    assert waiting.wait() == 0, waiting.output
    assert held.wait() == 0, held.output
    (run,) = tagged(site, WAITED_S)
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags[WAITING_FOR] == OVER
    waited_s = float(run.tags[WAITED_S])
    assert waited_s > 0
    assert f"Waited {waited_s} s for run {holder.run_id}" in waiting.output
    events = [entry.dagster_event for entry in site.instance.all_logs(run.run_id)]
    (waited,) = [event for event in events if event and "Waited" in (event.message or "")]
    assert waited.engine_event_data.metadata["waited_s"].value == waited_s
    assert len(site.events("posters")) == 4, "by hand, what is up to date is recomputed"


def tagged(site, tag):
    return [run for run in site.instance.get_runs() if tag in run.tags]


ALIVE = """
import sys, time
from assets.cli.options import settings_of
from resources.run_context import open_run_context
from resources.storage.lock import owning
with open_run_context(settings_of()) as run_context, owning(run_context.ledger) as owner:
    owner.announce(sys.argv[1])
    print("alive", flush=True)
    time.sleep(60)
"""


def add_started_run(site):
    status = dg.DagsterRunStatus.STARTED
    run = dg.DagsterRun(job_name="movies", run_id=str(uuid4()), status=status)
    return site.instance.add_run(run).run_id


def test_sensor_ends_no_run_that_waits(site):
    run_id = add_started_run(site)
    alive = subprocess.Popen(
        [sys.executable, "-c", ALIVE, run_id],
        stdout=subprocess.PIPE, text=True, env={**os.environ, **site.environment},
    )  # fmt: skip
    try:
        assert present(alive.stdout).readline() == "alive\n"
        assert "A run is in progress" in skipped(site)
        assert site.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.STARTED
    finally:
        alive.kill()
        alive.communicate()
    assert requested(site).job_name == "movies"
    assert site.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.CANCELED


def test_run_that_never_announced_itself_is_ended_after_a_while(site, monkeypatch):
    """Its process was killed before it had begun."""
    run_id = add_started_run(site)
    with site.run_context() as run_context:
        assert end_dead_runs(site.instance, run_context) == 1
        monkeypatch.setattr("assets.orchestration.live_runs.STARTING_S", 0.0)
        assert end_dead_runs(site.instance, run_context) == 0
    assert site.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.CANCELED


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
