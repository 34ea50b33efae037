"""A store on an object store, a ledger on PostgreSQL: real servers, on loopback."""

import json
from contextlib import closing

import pytest
from botocore.exceptions import EndpointConnectionError
from s3fs import S3FileSystem
from servers import BUCKET, object_store, postgres, postgres_server
from tcp_front import Front

from pipeline.core.errors import ConfigurationError, DamagedFileError, StoreError
from pipeline.core.staleness import Row
from resources.doctor.storage_checks import check_ledger, check_store
from resources.storage.batch import outcome_of
from resources.storage.drivers import missing_driver, parse_database_url, responding
from resources.storage.ledger import Ledger
from resources.storage.mirror import INDEX
from resources.storage.store import Store

ROOT = f"s3://{BUCKET}/store"


@pytest.fixture(scope="module")
def s3():
    with object_store() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment


@pytest.fixture
def open_elsewhere(s3, tmp_path, monkeypatch):
    """Open the store as a machine with its own cache does."""

    def open_store(machine: str, root: str = ROOT) -> Store:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / machine))
        return Store(root)

    return open_store


def test_models_are_read_on_another_machine(open_elsewhere):
    here = open_elsewhere("here")
    path = here.path("models", "revenue", "model.pt")
    here.write(path, b"weights")
    (here.folder("reports") / "page.html").write_text("<p>scores</p>")
    here.push()
    there = open_elsewhere("there")
    assert there.path("models", "revenue", "model.pt").read_bytes() == b"weights"
    assert (there.folder("reports") / "page.html").read_text() == "<p>scores</p>"
    assert (there.root / "models" / "revenue" / "model.pt").read_bytes() == b"weights"


def test_only_what_changed_is_sent_and_what_was_removed_is_removed(open_elsewhere):
    store = open_elsewhere("one", f"{ROOT}-2")
    kept, removed = store.path("splits", "a.json"), store.path("splits", "b.json")
    store.write(kept, b"1")
    store.write(removed, b"2")
    mirror = store._mirror("splits")
    assert mirror.push() == 2
    removed.unlink()
    assert mirror.push() == 0
    assert {path.name for path in (store.root / "splits").iterdir()} == {INDEX, "a.json"}
    store.write(kept, b"3")
    assert mirror.push() == 1
    assert open_elsewhere("two", f"{ROOT}-2").path("splits", "a.json").read_bytes() == b"3"


def test_what_two_machines_make_beside_each_other_is_all_there(open_elsewhere):
    root = f"{ROOT}-4"
    first = open_elsewhere("first", root)
    for name in ("kept.pt", "dropped.pt", "trained.pt"):
        first.write(first.path("models", "genre", name), b"1")
    first.push()
    one, two = open_elsewhere("one", root), open_elsewhere("two", root)
    paths = [store.path("models", "genre", "trained.pt") for store in (one, two)]
    one.write(one.path("models", "revenue", "model.pt"), b"2")
    one.path("models", "genre", "dropped.pt").unlink()
    two.write(paths[1], b"3")
    one.push()
    two.push()
    assert two._mirror("models").push() == 0
    there = open_elsewhere("three", root)
    folder = there.folder("models")
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.pt")}
    assert found == {
        "genre/kept.pt": b"1", "genre/trained.pt": b"3", "revenue/model.pt": b"2",
    }  # fmt: skip
    assert not (there.root / "models" / "genre" / "dropped.pt").exists()


def test_a_file_newer_than_its_index_is_listed_by_whoever_sends_next(open_elsewhere, caplog):
    root = f"{ROOT}-5"
    first = open_elsewhere("first", root)
    first.write(first.path("models", "a.pt"), b"1")
    first.push()
    (first.root / "models" / "a.pt").write_bytes(b"2")  # a run was ended before the index
    second = open_elsewhere("second", root)
    assert second.path("models", "a.pt").read_bytes() == b"2"
    second.push()
    caplog.clear()
    assert open_elsewhere("third", root).path("models", "a.pt").read_bytes() == b"2"
    assert "newer than its index" not in caplog.text


def test_unfinished_training_stays_where_it_is_and_a_new_file_arrives(open_elsewhere):
    one, two = open_elsewhere("one", f"{ROOT}-3"), open_elsewhere("two", f"{ROOT}-3")
    checkpoint = two.path("models", "training", "half.ckpt")
    two.write(checkpoint, b"half")
    one.write(one.path("models", "done.pt"), b"done")
    one.push()
    again = open_elsewhere("two", f"{ROOT}-3")
    assert again.path("models", "done.pt").read_bytes() == b"done"
    assert again.path("models", "training", "half.ckpt").read_bytes() == b"half"


def test_run_that_was_ended_while_sending_leaves_a_store_that_opens(open_elsewhere, caplog):
    one = open_elsewhere("one", f"{ROOT}-4")
    one.write(one.path("reports", "a.html"), b"old")
    one.push()
    (one.root / "reports" / "a.html").write_bytes(b"new, and the index was not written")
    two = open_elsewhere("two", f"{ROOT}-4")
    assert two.path("reports", "a.html").read_bytes().startswith(b"new")
    assert "newer than its index" in caplog.text
    (one.root / "reports" / "a.html").unlink()
    three = open_elsewhere("three", f"{ROOT}-4")
    assert not three.path("reports", "a.html").exists()
    assert "computed again" in caplog.text


def test_folder_without_a_local_copy_is_made_nowhere(open_elsewhere, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_elsewhere("one", f"{ROOT}-9")
    with pytest.raises(StoreError, match="'posters' is no folder with a local copy"):
        store.folder("posters")
    assert store.folder("reports", "revenue").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_damaged_index_is_named_with_the_remedy(open_elsewhere):
    store = open_elsewhere("one", f"{ROOT}-5")
    (store.root / "models" / INDEX).write_bytes(b"{")
    with pytest.raises(StoreError, match=r"models/\.index\.json is damaged.*Remove it"):
        store.folder("models")


def test_staging_is_in_the_cache_and_not_in_the_current_folder(
    open_elsewhere, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    store = open_elsewhere("cache", f"{ROOT}-6")
    staged = store.staging("posters") / "5-0"
    staged.write_bytes(b"poster")
    assert staged.is_relative_to(tmp_path / "cache" / "marquee")
    store.place(staged, store.path("posters", "5.jpg"))
    assert store.path("posters", "5.jpg").read_bytes() == b"poster"
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_doctor_writes_reads_lists_and_renames(open_elsewhere, s3):
    store = open_elsewhere("one", f"{ROOT}-7")
    store.claim("studio 1")
    (found,) = check_store(f"{ROOT}-7", "studio 1")
    assert found.is_ok
    assert [path.name for path in store.root.iterdir()] == ["SOURCE.json"]
    (found,) = check_store("s3://no-such-bucket/store", "studio 1")
    assert found.is_ok is False
    assert "no-such-bucket" in found.detail


def test_bucket_that_does_not_exist_is_no_stack_trace(s3):
    store = Store("s3://no-such-bucket/store")
    with pytest.raises(StoreError, match=r"no-such-bucket/store/SOURCE\.json cannot be written"):
        store.claim("studio 1")


@pytest.mark.parametrize("root", ["gs://bucket/store", "nonsense://bucket/store"])
def test_address_without_a_driver_is_named(root):
    with pytest.raises(ConfigurationError, match=r"MARQUEE_STORE.*(fsspec|Install)"):
        Store(root)


def test_missing_drivers_name_the_extra():
    message = str(missing_driver("MARQUEE_STORE", "s3", ImportError("s3fs")))
    assert "uv sync --extra s3" in message
    message = str(missing_driver("MARQUEE_LEDGER", "postgresql", ImportError("psycopg")))
    assert "marquee[postgres]" in message


@pytest.mark.parametrize("url", ["postgres://me@host/x", "postgresql://me@host/x"])
def test_postgres_without_a_driver_means_psycopg_3(url):
    assert parse_database_url(url).drivername == "postgresql+psycopg"
    assert parse_database_url("postgresql+psycopg2://h/x").drivername == "postgresql+psycopg2"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    with postgres(tmp_path_factory.mktemp("postgres") / "server") as url:
        yield url


def test_ledger_on_postgres_keeps_what_is_written(database, tmp_path):
    ledger = Ledger(database)
    ledger.know_movies({597: "2026-01-01", 11: ""})
    ledger.write("posters", {597: Row(status="ok", content_hash="a")}, now_s=5.0)
    ledger.intend("posters", 11, {"files": []})
    ledger.close()
    again = Ledger(database)
    assert list(again.movies()) == [11, 597]
    rows = again.rows("posters")
    assert (rows[597].status, rows[597].content_hash, rows[11].pending) == (
        "ok",
        "a",
        {"files": []},
    )
    again.close()
    (found,) = check_ledger(database, ROOT)
    assert found.detail == "opens; knows 2 movies"


def test_database_that_does_not_exist_says_what_to_check(database):
    with pytest.raises(StoreError, match="Check MARQUEE_LEDGER and that the server responds"):
        Ledger(database.replace("/postgres", "/nothing"))


def test_server_that_is_killed_is_named_and_the_ledger_goes_on_when_it_is_back(tmp_path):
    with postgres_server(tmp_path / "server") as server, closing(Ledger(server.url)) as ledger:
        ledger.know_movies({11: ""})
        server.kill()
        with pytest.raises(StoreError, match="Check its server, then run again"):
            ledger.know_movies({597: ""})
        server.start()
        ledger.know_movies({597: ""})
        assert list(ledger.movies()) == [11, 597]


def test_store_that_is_away_stops_everything_and_makes_no_film_fail(s3, tmp_path, monkeypatch):
    """A film's files are neither missing nor damaged, and none of its attempts is used up."""
    front = Front(int(s3["AWS_ENDPOINT_URL"].rpartition(":")[2]))
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{front.port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    S3FileSystem.clear_instance_cache()
    try:
        store = Store(f"{ROOT}-9")
        path = store.path("posters", "11.json")
        store.write(path, b"{}")
        front.kill()
        with pytest.raises(StoreError, match="does not respond.*Check that it is up"):
            store.write(path, b"{}")
        with pytest.raises(StoreError, match="does not respond") as read:
            store.read_json(path)
        assert not isinstance(read.value, DamagedFileError)
        with pytest.raises(StoreError, match="does not respond"), responding():
            path.read_bytes()
        with pytest.raises(StoreError, match="does not respond"):
            outcome_of("posters", 11, EndpointConnectionError(endpoint_url=front.port))
        front.start()
        assert store.read_json(path) == {}
    finally:
        front.kill()
        S3FileSystem.clear_instance_cache()


def test_index_lists_whole_files_alone(open_elsewhere):
    store = open_elsewhere("one", f"{ROOT}-8")
    folder = store.folder("features")
    (folder / ".movies-half").mkdir()
    (folder / ".movies-half" / "table.parquet").write_bytes(b"half")
    (folder / "table.parquet").write_bytes(b"whole")
    store.push()
    assert list(json.loads((store.root / "features" / INDEX).read_bytes())) == ["table.parquet"]
