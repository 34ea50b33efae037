import sqlite3
from contextlib import closing

import pytest

from pipeline.core.errors import StoreError
from pipeline.core.staleness import Row
from resources.storage.journal import FOLDER, Journal
from resources.storage.ledger import Ledger
from resources.storage.ledger_database import sqlite_url
from resources.storage.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    yield ledger
    ledger.close()


def row(content, **more):
    return Row(status="ok", content_hash=content, facets={"text": "t"}, **more)


def files(store):
    return sorted(path.name for path in (store.root / FOLDER).glob("*.rows.gz"))


def test_rows_movies_and_notes_come_back(store, ledger):
    journal = Journal(store)
    assert not journal.exists()
    ledger.know_movies({597: "2026-01-01", 11: ""})
    ledger.set_note("watermark", "2026-11-30")
    ledger.write("posters", {597: row("a", metadata={"paths": ["x"]})}, now_s=1000.0)
    ledger.write("posters_of", {597: row("other")}, now_s=1000.0)
    assert journal.save(ledger) == 2
    assert journal.known() == ({11: "", 597: "2026-01-01"}, {"watermark": "2026-11-30"})
    assert journal.rows("posters") == {597: row("a", metadata={"paths": ["x"]})}
    assert journal.rows("posters")[597].written_s == 1000.0


def test_only_new_rows_are_added_and_the_last_one_counts(store, ledger):
    journal = Journal(store)
    ledger.write("posters", {1: row("a")}, now_s=900.0)
    ledger.write("posters", {2: row("b")}, now_s=1000.0)
    journal.save(ledger)
    ledger.write("posters", {2: row("c")}, now_s=9000.0)
    assert journal.save(ledger) == 1
    assert {i: r.content_hash for i, r in journal.rows("posters").items()} == {1: "a", 2: "c"}


def test_many_files_become_one(store, ledger):
    journal = Journal(store)
    for number in range(25):
        ledger.write("posters", {number % 5: row(f"{number}")}, now_s=1000.0 * number + 1000)
        journal.save(ledger)
    assert len(files(store)) <= 21
    found = {i: r.content_hash for i, r in journal.rows("posters").items()}
    assert found == {0: "20", 1: "21", 2: "22", 3: "23", 4: "24"}


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00broken"])
def test_damaged_file_is_named_with_the_remedy(store, ledger, content):
    journal = Journal(store)
    ledger.write("posters", {1: row("a")}, now_s=1000.0)
    journal.save(ledger)
    (name,) = files(store)
    (store.root / FOLDER / name).write_bytes(content)
    with pytest.raises(StoreError, match=r"rows\.gz is missing or damaged.*Remove it"):
        journal.rows("posters")


def test_rows_of_the_same_moments_as_the_last_save_are_not_lost(store, ledger):
    journal = Journal(store)
    ledger.write("posters", {1: row("a")}, now_s=1000.0)
    journal.save(ledger)
    ledger.write("posters", {2: row("b")}, now_s=999.0)  # a thread that was slower
    journal.save(ledger)
    ledger.write("posters", {3: row("c")}, now_s=9000.0)
    journal.save(ledger)
    assert set(journal.rows("posters")) == {1, 2, 3}


def test_ledger_of_an_earlier_build_gets_the_index(tmp_path):
    path = tmp_path / "ledger.sqlite"
    Ledger(sqlite_url(path)).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP INDEX ix_ledger_updated_s")
    Ledger(sqlite_url(path)).close()
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
    assert "ix_ledger_updated_s" in names
