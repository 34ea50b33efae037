import threading

import pytest

from pipeline.core.errors import StoreError
from pipeline.core.staleness import Row
from resources.storage.ledger import Ledger
from resources.storage.ledger_database import sqlite_url


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    yield ledger
    ledger.close()


OK = Row(status="ok", input_version="v", code_version="1", content_hash="h", metadata={"a": 1})
LATER = Row(status="retry", reason="network", attempts=3, next_attempt_s=1e12)


def test_rows_come_back_as_they_were(ledger):
    ledger.write("posters", {5: OK, 6: LATER}, now_s=1.0)
    assert ledger.rows("posters") == {5: OK, 6: LATER}
    assert ledger.rows("posters", [6]) == {6: LATER}
    assert ledger.rows("trailers") == {}


def test_more_rows_than_one_statement_takes_are_written_and_read(ledger):
    rows = dict.fromkeys(range(1, 2501), OK)
    ledger.write("posters", rows, now_s=1.0)
    assert len(ledger.rows("posters")) == 2500
    assert len(ledger.rows("posters", range(1, 1801))) == 1800


def test_intent_keeps_the_row_and_a_written_row_settles_the_intent(ledger):
    ledger.write("posters", {5: OK}, now_s=1.0)
    ledger.intend("posters", 5, {"content_hash": "new"})
    row = ledger.rows("posters")[5]
    assert (row.content_hash, row.pending) == ("h", {"content_hash": "new"})
    ledger.write("posters", {5: OK}, now_s=1.0)
    assert ledger.rows("posters")[5].pending is None


def test_intent_without_a_row_counts_as_nothing_yet(ledger):
    ledger.intend("posters", 5, {"content_hash": "new"})
    assert not ledger.rows("posters")[5].is_final
    assert ledger.counts() == {}


def test_retry_now_makes_waiting_rows_due_and_leaves_others(ledger):
    ledger.write("posters", {5: OK, 6: LATER}, now_s=1.0)
    assert ledger.retry_now(["posters"]) == 1
    assert ledger.rows("posters")[6].next_attempt_s == 0.0
    assert ledger.rows("posters")[5] == OK


def test_forget_drops_rows_of_the_named_status(ledger):
    ledger.write("posters", {5: OK, 6: Row(status="refused", reason="gone")}, now_s=1.0)
    assert ledger.forget(["posters"], [5, 6], ["refused"]) == 1
    assert set(ledger.rows("posters")) == {5}


def test_counts_add_up(ledger):
    ledger.write("posters", {5: OK, 6: LATER, 7: LATER, 0: OK}, now_s=1.0)
    assert ledger.counts() == {"posters": {("ok", ""): 1, ("retry", "network"): 2}}


def test_movies_and_notes_are_kept(ledger):
    ledger.know_movies({5: "", 6: ""})
    ledger.know_movies({6: "2026-01-01"})
    assert ledger.movies() == {5: "", 6: "2026-01-01"}
    ledger.set_note("crawled_until", "2026-01-01")
    ledger.set_note("crawled_until", "2026-01-02")
    assert ledger.note("crawled_until") == "2026-01-02"
    assert ledger.note("nothing") is None


def test_two_writers_lose_nothing(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    Ledger(url).close()

    def write(start):
        ledger = Ledger(url)
        for tmdb_id in range(start, start + 100):
            ledger.write("posters", {tmdb_id: OK}, now_s=1.0)
        ledger.close()

    threads = [threading.Thread(target=write, args=(start,)) for start in (1, 1001)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = Ledger(url)
    assert len(ledger.rows("posters")) == 200
    ledger.close()


def test_ledger_that_cannot_be_opened_names_the_setting_and_hides_the_password(tmp_path):
    with pytest.raises(StoreError, match="MARQUEE_LEDGER") as caught:
        Ledger(f"sqlite:///{tmp_path}/missing/folder/ledger.sqlite")
    assert "sqlite" in str(caught.value)
    with pytest.raises(StoreError) as caught:
        Ledger("postgresql://user:geheim@127.0.0.1:1/db")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("name", ["films?set=1", "a#b", "a%20b", "a@b:c", "a b", "ä&=", "file:x"])
def test_ledger_lies_in_its_folder_whatever_the_folders_name(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    opened = Ledger(sqlite_url(folder / "ledger.sqlite"))
    opened.set_note("a", name)
    opened.close()
    assert (folder / "ledger.sqlite").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_damaged_ledger_is_named_with_the_remedy(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.write("posters", {i: Row(status="ok", detail="x" * 200) for i in range(500)}, now_s=0.0)
    ledger.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"ledger.* is damaged .*recover"):
        Ledger(f"sqlite:///{path}").rows("posters")
