"""Store, ledger and history move from folders to S3 and PostgreSQL and back, also when killed."""

from contextlib import closing

import dagster as dg
import pytest
from commands import marquee
from processes import Process, die_at
from servers import BUCKET, object_store, postgres
from sites import DAGSTER_YAML, MOVIE_STAGES

from resources.storage.crash_points import MovePoint
from resources.storage.ledger import Ledger
from resources.storage.store import open_root
from resources.storage.store_files import hash_files, list_files

STAGES = ",".join(MOVIE_STAGES)


@pytest.fixture
def site(open_site):
    return open_site(size=3, stages=MOVIE_STAGES, assets=("movie_features",))


@pytest.fixture
def servers(tmp_path, monkeypatch):
    with object_store() as s3, postgres(tmp_path / "postgres") as database:
        for name, value in s3.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        yield database


def hashes(root):
    return list(hash_files(open_root(str(root)), list_files(open_root(str(root)))))


def events(home):
    """Return the events of every asset as Dagster shows them, with their numbers."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return {
            key: [
                (record.storage_id, record.partition_key, record.run_id)
                for record in instance.fetch_materializations(key, limit=5000).records
            ]
            for key in sorted(instance.get_asset_keys())
        }


def rows(url, *names):
    with closing(Ledger(url)) as ledger:
        return {name: ledger.rows(name) for name in names}


def forget_lease(url):
    """Forget the lease of a killed process, which would end by itself after 45 s."""
    with closing(Ledger(url)) as ledger:
        ledger.leases.sweep(-60.0)


def test_to_s3_and_postgres_and_back_with_kills_on_the_way(site, servers, tmp_path):
    there, home = f"s3://{BUCKET}/store", tmp_path / "there"
    home.mkdir()
    url = servers
    database = url.replace("postgresql:", "postgresql+psycopg2:")
    storage = f"storage: {{postgres: {{postgres_url: '{database}'}}}}\n"
    (home / "dagster.yaml").write_text(DAGSTER_YAML + storage)
    old, old_events = hashes(site.store), events(site.folder / "home")
    old_rows = rows(f"sqlite:///{site.store}/ledger.sqlite", "posters", "movie_features")
    command = ("migrate", "--to-store", there, "--to-ledger", url, "--to-home", str(home))
    for point, number in ((MovePoint.COPIED, 40), (MovePoint.NOTED, 1)):
        killed = Process(site, *command, before=die_at, given=(point, "migrate", number))
        assert killed.wait() == -9, killed.output
        forget_lease(url)
    new = {"MARQUEE_STORE": there, "MARQUEE_LEDGER": url, "DAGSTER_HOME": str(home)}
    refused = at(site, new, "status", check=False)
    assert "was ended before it had finished" in refused.stderr + refused.stdout
    killed = Process(site, *command, before=die_at, given=(MovePoint.LOADED, "restore", 1))
    assert killed.wait() == -9, killed.output
    forget_lease(url)
    output = marquee(*command, cwd=site.folder, environment=site.environment).stdout
    assert f"0 files copied and compared, {len(old)} had been copied before" in output
    assert hashes(there) == old == hashes(site.store)
    assert events(home) == old_events
    assert rows(url, "posters", "movie_features") == old_rows
    site.reset_stats()
    assert "No movie was stale" in at(site, new, "build", "--stages", STAGES).stdout
    assert site.asked("image", "trailer") == 0
    assert "agree" in at(site, new, "verify", "--content").stdout
    at(site, new, "retry", "--again", "--asset", "posters")
    at(site, new, "build", "--stages", "crawl,media")  # PostgreSQL numbers new events after the old
    back = tmp_path / "back"
    command = ("migrate", "--to-store", str(back / "store"), "--to-home", str(back / "home"))
    at(site, new, *command)
    here = {"MARQUEE_STORE": str(back / "store"), "DAGSTER_HOME": str(back / "home")}
    assert events(back / "home") == events(home)
    assert "No movie was stale" in at(site, here, "build", "--stages", STAGES).stdout
    assert "agree" in at(site, here, "verify", "--content").stdout
    with dg.DagsterInstance.from_config(str(back / "home")) as instance:
        (latest,) = instance.get_runs(dg.RunsFilter(job_name="movies"), limit=1)
        kinds = [
            log.dagster_event_type
            for log in instance.all_logs(latest.run_id)
            if log.is_dagster_event
        ]
        assert kinds.index(dg.DagsterEventType.RUN_START) < kinds.index(
            dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        assert dg.DagsterEventType.RUN_SUCCESS in kinds


def at(site, place, *arguments, check=True):
    environment = {**site.environment, **place}
    return marquee(*arguments, cwd=site.folder, environment=environment, check=check)


def test_place_that_holds_something_or_is_the_old_one_is_refused(site, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    refused = marquee(
        "migrate", "--to-store", str(tmp_path / "full"),
        cwd=site.folder, environment=site.environment, check=False,
    )  # fmt: skip
    assert "is not empty; nothing was changed" in refused.stderr
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"
    refused = marquee(
        "migrate", "--to-store", str(site.store / ".." / "store"),
        cwd=site.folder, environment=site.environment, check=False,
    )  # fmt: skip
    assert "The new place is the old one" in refused.stderr
