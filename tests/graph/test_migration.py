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
from resources.storage.store import Store, open_root
from resources.storage.store_files import hash_files, list_files

STAGES = ",".join(MOVIE_STAGES)


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


def test_to_s3_and_postgres_with_a_kill_on_the_way(open_site, servers, tmp_path):
    site = open_site(size=3, stages=("crawl", "media"))
    report = site.store / "reports" / "genre" / "report.html"  # kept in a local copy there
    report.parent.mkdir(parents=True)
    report.write_text("<p>scores</p>")
    place, command = new_place(servers, tmp_path)
    old, old_events = hashes(site.store), events(site.folder / "home")
    killed = Process(site, *command, before=die_at, given=(MovePoint.LOADED, "restore", 1))
    assert killed.wait() == -9, killed.output
    forget_lease(servers)
    refused = at(site, place, "status", check=False)
    assert "was ended before it had finished" in refused.stderr
    output = marquee(*command, cwd=site.folder, environment=site.environment).stdout
    assert f"0 files copied and compared, {len(old)} had been copied before" in output
    assert hashes(place["MARQUEE_STORE"]) == old == hashes(site.store)
    assert events(place["DAGSTER_HOME"]) == old_events
    site.reset_stats()
    assert "No movie was stale" in at(site, place, "build", "--stages", "crawl,media").stdout
    assert site.asked("image", "trailer") == 0
    store = Store(place["MARQUEE_STORE"])
    assert store.path("reports", "genre", "report.html").read_text() == "<p>scores</p>"


def new_place(url, tmp_path):
    """Return the variables of a place on S3 and PostgreSQL, and the command that moves there."""
    there, home = f"s3://{BUCKET}/store", tmp_path / "there"
    home.mkdir()
    database = url.replace("postgresql:", "postgresql+psycopg2:")
    storage = f"storage: {{postgres: {{postgres_url: '{database}'}}}}\n"
    (home / "dagster.yaml").write_text(DAGSTER_YAML + storage)
    place = {"MARQUEE_STORE": there, "MARQUEE_LEDGER": url, "DAGSTER_HOME": str(home)}
    return place, ("migrate", "--to-store", there, "--to-ledger", url, "--to-home", str(home))


@pytest.mark.slow
def test_to_s3_and_postgres_and_back_with_kills_on_the_way(open_site, servers, tmp_path):
    """By day: to there alone, of films without embeddings."""
    site = open_site(size=3, stages=MOVIE_STAGES, assets=("movie_features",))
    url, (new, command) = servers, new_place(servers, tmp_path)
    there, home = new["MARQUEE_STORE"], new["DAGSTER_HOME"]
    old, old_events = hashes(site.store), events(site.folder / "home")
    old_rows = rows(f"sqlite:///{site.store}/ledger.sqlite", "posters", "movie_features")
    for point, number in ((MovePoint.COPIED, 40), (MovePoint.NOTED, 1)):
        killed = Process(site, *command, before=die_at, given=(point, "migrate", number))
        assert killed.wait() == -9, killed.output
        forget_lease(url)
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


def test_place_that_holds_something_or_is_the_old_one_is_refused(open_site, tmp_path):
    site = open_site(size=3, stages=("crawl",))
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
