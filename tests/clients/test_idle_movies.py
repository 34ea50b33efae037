"""Changes of movies' rows are counted by the database; notes of idle movies hold until one."""

import math
import threading

import pytest
import sqlalchemy as sa

from pipeline.core.staleness import Row
from resources.storage.idle_movies import IdleNote
from resources.storage.ledger import Ledger
from resources.storage.ledger_database import sqlite_url

OK = Row(status="ok", content_hash="h")
LATER = Row(status="retry", reason="network", next_attempt_s=1e12)
NOW_S = 1000.0


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request, tmp_path):
    if request.param == "sqlite":
        ledger = Ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    else:
        ledger = Ledger(request.getfixturevalue("postgres_url"))
        with ledger._transaction() as connection:
            for table in ("ledger", "movies", "notes", "movie_changes", "idle_movies"):
                connection.execute(sa.text(f"DELETE FROM {table}"))
    ledger.know_movies({5: "", 6: ""})
    ledger.write("posters", {5: OK, 6: LATER}, now_s=1.0)
    yield ledger
    ledger.close()


def note(ledger, *moments, version="v", scope="all"):
    from_s, until_s = moments or (-math.inf, math.inf)
    notes = {i: IdleNote(n, from_s, until_s) for i, n in ledger.idle.changes([5, 6]).items()}
    ledger.idle.note(scope, version, notes)


CHANGES = {
    "write": lambda ledger: ledger.write("posters", {5: OK}, now_s=2.0),
    "new row": lambda ledger: ledger.write("trailers", {5: OK}, now_s=2.0),
    "restore": lambda ledger: ledger.restore("posters", {5: OK}),
    "intend": lambda ledger: ledger.intend("posters", 5, {"files": []}),
    "mark": lambda ledger: ledger.mark_published("posters", [5]),
    "retry": lambda ledger: ledger.retry_now(["posters"]),
    "forget": lambda ledger: ledger.forget(["posters"], [5], ["ok"]),
    "stamp": lambda ledger: ledger.know_movies({5: "changed"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_a_movie_ends_its_note_and_no_other(ledger, name):
    note(ledger)
    assert ledger.idle.others({"all": "v"}, NOW_S) == []
    before = ledger.idle.digest()
    CHANGES[name](ledger)
    assert ledger.idle.others({"all": "v"}, NOW_S) == [6 if name == "retry" else 5]
    assert ledger.idle.digest() != before


def test_note_holds_for_its_version_its_scopes_and_its_time(ledger):
    note(ledger, 900.0, 1100.0)
    assert ledger.idle.others({"all": "v"}, NOW_S) == []
    assert ledger.idle.others({"some": "w", "all": "v"}, NOW_S) == []
    for versions, now_s in (
        ({"all": "w"}, NOW_S), ({"some": "v"}, NOW_S), ({"all": "v"}, 899.0), ({"all": "v"}, 1100.0)
    ):  # fmt: skip
        assert ledger.idle.others(versions, now_s) == [5, 6]


def test_what_changes_while_a_movie_is_looked_through_is_not_lost(ledger):
    before = ledger.idle.changes([5, 6])
    ledger.write("posters", {5: OK}, now_s=2.0)
    ledger.idle.note("all", "v", {i: IdleNote(n, 0.0, math.inf) for i, n in before.items()})
    assert ledger.idle.others({"all": "v"}, NOW_S) == [5]


def test_new_movies_and_rows_of_no_movie(ledger):
    note(ledger)
    ledger.write("movie_features", {0: OK}, now_s=2.0)
    assert ledger.idle.others({"all": "v"}, NOW_S) == []
    ledger.know_movies({7: ""})
    assert ledger.idle.others({"all": "v"}, NOW_S) == [7]


def test_summary_is_of_what_it_was_made_of(ledger):
    ledger.idle.set_summary("features", "of", "version")
    assert ledger.idle.summary("features", "of") == "version"
    assert ledger.idle.summary("features", "else") == ledger.idle.summary("more", "of") == ""


def test_two_who_write_the_same_movies_never_wait_for_each_other(ledger):
    """On PostgreSQL rows that are counted in two orders would be a deadlock."""
    ids, errors = list(range(10, 60)), []

    def work(asset, ordered):
        try:
            for now_s in range(8):
                ledger.write(asset, dict.fromkeys(ordered, OK), now_s=now_s)
                ledger.mark_published(asset, ordered)
                ledger.forget([asset], ordered[::7], ["ok"])
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=("posters", ids)),
        threading.Thread(target=work, args=("trailers", ids[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_ledger_of_an_earlier_version_counts_from_now_on(tmp_path):
    url = sqlite_url(tmp_path / "ledger.sqlite")
    Ledger(url).close()
    with sa.create_engine(url).begin() as connection:
        for table in ("ledger", "movies"):
            for event in ("insert", "update", "delete"):
                connection.execute(sa.text(f"DROP TRIGGER count_{table}_{event}"))
        connection.execute(sa.text("DROP TABLE movie_changes"))
        connection.execute(sa.text("DROP TABLE idle_movies"))
        connection.execute(sa.text("INSERT INTO movies VALUES (5, '')"))
    ledger = Ledger(url)
    assert ledger.idle.changes([5]) == {5: 0}
    ledger.write("posters", {5: OK}, now_s=1.0)
    assert ledger.idle.changes([5]) == {5: 1}
    ledger.close()
