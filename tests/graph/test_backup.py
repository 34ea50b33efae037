"""A backup brings ledger and Dagster's history back as they were, and names what else is lost."""

import shutil
import sqlite3
import time
from contextlib import closing

import dagster as dg
import pytest
from commands import marquee
from present import present
from processes import Process, die_at
from sites import DAGSTER_YAML

from resources.storage.crash_points import MovePoint
from resources.storage.lock import at_work


@pytest.fixture
def site(open_site):
    return open_site(size=3, stages=("crawl", "media"))


def run(site, *arguments, check=True):
    return marquee(*arguments, cwd=site.folder, environment=site.environment, check=check)


def backed_up(site):
    path = site.folder / "backup.zip"
    output = run(site, "backup", str(path)).stdout
    assert "3 movies" in output
    return path


def lose(site):
    """Lose ledger and history, not the files."""
    for path in site.store.glob("ledger.sqlite*"):
        path.unlink()
    shutil.rmtree(site.store / "journal")
    shutil.rmtree(site.folder / "home")
    (site.folder / "home").mkdir()
    (site.folder / "home" / "dagster.yaml").write_text(DAGSTER_YAML)


def history(site):
    """Return every film's events as Dagster shows them, with their numbers, and the runs' logs."""
    with dg.DagsterInstance.from_config(str(site.folder / "home")) as instance:
        events = {}
        for key in sorted(instance.get_asset_keys()):
            records = instance.fetch_materializations(key, limit=5000).records
            events[key] = [(r.storage_id, r.partition_key, r.run_id, r.timestamp) for r in records]
        logs = {
            run.run_id: [log.message for log in instance.all_logs(run.run_id)]
            for run in instance.get_runs()
        }
        return events, logs, instance.get_dynamic_partitions("movies")


def test_lost_ledger_and_history_come_back_and_nothing_is_left_to_build(site):
    before, rows = history(site), {name: site.rows(name) for name in ("posters", "trailers")}
    path = backed_up(site)
    lose(site)
    assert "every file of the backup" in run(site, "restore", str(path)).stdout
    assert history(site) == before
    assert {name: site.rows(name) for name in rows} == rows
    site.reset_stats()
    assert "No movie was stale" in run(site, "build", "--stages", "crawl,media").stdout
    assert site.asked("image", "trailer") == 0
    with dg.DagsterInstance.from_config(str(site.folder / "home")) as site.instance:
        site.assert_dagster_shows_the_ledger()


def test_what_the_store_lacks_is_named(site):
    path = backed_up(site)
    lose(site)
    posters = sorted((site.store / "posters").iterdir())
    posters[0].unlink()
    posters[1].write_bytes(bytes(posters[1].stat().st_size))
    result = run(site, "restore", str(path), "--content", check=False)
    assert result.returncode == 1
    assert f"1 files are missing from the store, e.g. posters/{posters[0].name}" in result.stdout
    assert f"1 files are other than they were, e.g. posters/{posters[1].name}" in result.stdout


def test_place_that_is_not_empty_is_left_alone_unless_it_may_be_replaced(site):
    path = backed_up(site)
    before = history(site)
    refused = run(site, "restore", str(path), check=False)
    assert "the ledger and Dagster's home already hold something" in refused.stderr
    assert history(site) == before
    run(site, "restore", str(path), "--replace")
    assert history(site) == before
    again = run(site, "backup", str(path), check=False)
    assert "no backup replaces another one" in again.stderr


def test_damaged_backup_is_refused_before_anything_changes(site):
    path = backed_up(site)
    before, content = history(site), path.read_bytes()
    middle = len(content) // 2
    changed = bytes([content[middle] ^ 255])
    harms = (
        content[:middle],
        content[:middle] + changed + content[middle + 1 :],
        b"no archive",
    )
    for harmed in harms:
        path.write_bytes(harmed)
        refused = run(site, "restore", str(path), "--replace", check=False)
        assert refused.returncode == 1
        assert "is no whole backup" in refused.stderr
    assert history(site) == before


def test_restore_that_was_killed_lets_nothing_work_there_until_it_is_finished(site):
    before, path = history(site), backed_up(site)
    lose(site)
    killed = Process(
        site, "restore", str(path), before=die_at, given=(MovePoint.LOADED, "restore", 1)
    )
    assert killed.wait() == -9
    refused = run(site, "build", check=False)
    assert "`marquee restore backup.zip` was ended before it had finished" in refused.stderr
    run(site, "restore", str(path))
    assert history(site) == before


def test_run_that_was_at_work_is_ended_after_a_restore(site):
    run_id = site.instance.create_run_for_job(_job()).run_id
    path = backed_up(site)
    lose(site)
    run(site, "restore", str(path))
    with dg.DagsterInstance.from_config(str(site.folder / "home")) as instance:
        assert present(instance.get_run_by_id(run_id)).status is dg.DagsterRunStatus.CANCELED


def _job():
    @dg.job
    def waiting():
        pass

    return waiting


def test_backup_waits_for_a_build(site):
    with site.run_context() as run_context:
        with at_work(run_context.store, run_context.ledger, name="a build"):
            waiting = Process(site, "backup", str(site.folder / "backup.zip"))
            while "Another marquee is at work" not in waiting.output:
                assert waiting.poll() is None, waiting.output
                time.sleep(0.05)
            assert "(a build since 2" in waiting.output
            assert not (site.folder / "backup.zip").exists()
        assert waiting.wait() == 0, waiting.output
    assert (site.folder / "backup.zip").exists()


def test_backup_of_a_home_of_an_earlier_dagster_says_what_to_run(site):
    with closing(sqlite3.connect(site.folder / "home" / "history" / "runs.db")) as database:
        database.execute("DROP TABLE kvs")
        database.commit()
    result = run(site, "backup", str(site.folder / "backup.zip"), check=False)
    assert "dagster instance migrate" in result.stderr
    assert not list(site.folder.glob("*backup.zip*"))
