"""Builds on an object store and a PostgreSQL ledger, from machines with a cache each."""

import json
import re
import time
from contextlib import closing

import dagster as dg
import pytest
import sqlalchemy as sa
from commands import marquee
from processes import Process, hold_at
from sensor_ticks import skipped
from servers import BUCKET, object_store, postgres

from pipeline.models.systems.registry import SYSTEMS
from resources.storage.crash_points import CrashPoint
from resources.storage.ledger import Ledger
from resources.storage.store import Store


@pytest.fixture
def site(open_site, tmp_path, monkeypatch, request):
    with object_store() as s3, postgres(tmp_path / "postgres") as database:
        for name, value in s3.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "here"))
        site = open_site(size=getattr(request, "param", 3), stages=())
        site.more |= {"ledger": database}
        site.distant = f"s3://{BUCKET}/store"
        site.database = database
        yield site


def build(site, machine, *stages, **hold):
    environment = {
        "MARQUEE_STORE": site.distant,
        "XDG_CACHE_HOME": str(site.folder / machine),
    }
    return Process(site, "build", "--stages", ",".join(stages), environment=environment, **hold)


def wait_until(is_so, *processes):
    while not is_so():
        for process in processes:
            assert process.poll() is None, process.output
        time.sleep(0.05)


def assert_each_movie_once(site, count):
    store = Store(site.distant)
    with closing(Ledger(site.database)) as ledger:
        for asset in ("movie_records", "box_office", "posters", "trailers"):
            assert len(site.events(asset)) == len(ledger.rows(asset)) == count
        posters = [row for row in ledger.rows("posters").values() if row.status == "ok"]
    assert len(list((store.root / "posters").iterdir())) == len(posters)
    assert site.asked("image") == len(posters)


def test_two_machines_do_no_film_twice_and_the_sensor_ends_no_live_run(site):
    site.reset_stats()
    first = build(
        site, "one", "crawl", "media",
        before=hold_at, given=(CrashPoint.INTENDED, "posters", 2, site.folder),
    )  # fmt: skip
    wait_until(lambda: (site.folder / "waiting").exists(), first)
    second = build(site, "two", "crawl", "media")
    wait_until(lambda: "waiting until it has finished" in second.output, first, second)
    site.more["store"] = site.distant
    assert "A run is in progress" in skipped(site)
    runs = site.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    assert [run.job_name for run in runs] == ["movies"]
    (site.folder / "go_on").touch()
    assert first.wait() == 0, first.output
    assert second.wait() == 0, second.output
    assert_each_movie_once(site, 3)
    assert not site.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELED]))


def test_a_killed_machines_films_are_finished_by_another_within_a_minute(site):
    site.reset_stats()
    first = build(
        site, "one", "crawl", "media",
        before=hold_at, given=(CrashPoint.STAGED, "posters", 1, site.folder),
    )  # fmt: skip
    wait_until(lambda: (site.folder / "waiting").exists(), first)
    second = build(site, "two", "crawl", "media")
    wait_until(lambda: "waiting until it has finished" in second.output, first, second)
    first.kill()
    with closing(Ledger(site.database)) as ledger, ledger._transaction() as connection:
        # 45 s without a heartbeat, which no test waits; the other one renews its own
        connection.execute(sa.text("UPDATE leases SET expires_s = expires_s - 45"))
    assert second.wait(60) == 0, second.output
    store = Store(site.distant)
    with closing(Ledger(site.database)) as ledger:
        for asset in ("movie_records", "box_office", "posters", "trailers"):
            assert len(site.events(asset)) == len(ledger.rows(asset)) == 3
    assert len(list((store.root / "posters").iterdir())) == 3


@pytest.mark.slow
@pytest.mark.parametrize("site", [40], indirect=True)
def test_whole_path_with_models_predictions_and_a_second_machine(site):
    """By day: crawl and media above, local copies of folders in `test_distant_store`."""
    stages = ("crawl", "media", "frames", "embeddings", "splits", "models", "evaluation")
    first = build(site, "one", *stages)
    assert first.wait() == 0, first.output
    second = build(site, "two", *stages)
    assert second.wait() == 0, second.output
    assert "No movie was stale" in second.output
    models = command(site, "two", "models", "list")
    for system in SYSTEMS:
        assert re.search(rf"^ {system.name} +1 +yes", models, re.M), models
    command(site, "two", "models", "promote", "genre", "1")
    answer = command(site, "three", "predict", "--plot", "A thief robs a bank.", "--json")
    systems = {one["system"] for one in json.loads(answer)["predictions"]}
    assert systems == {system.name for system in SYSTEMS}
    assert "agree" in command(site, "three", "verify", "--content")
    assert "box_office" in command(site, "three", "leaderboard")
    store = Store(site.distant)
    assert (store.root / "registry" / "genre" / "1").exists()


def command(site, machine, *arguments):
    environment = {
        **site.environment,
        "MARQUEE_STORE": site.distant,
        "XDG_CACHE_HOME": str(site.folder / machine),
    }
    return marquee(*arguments, cwd=site.folder, environment=environment).stdout
