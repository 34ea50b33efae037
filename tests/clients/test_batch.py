import json
import logging
from dataclasses import dataclass

import pytest

from pipeline.core.errors import FetchError, SourceError
from pipeline.core.outcomes import Reason, Status, made
from pipeline.core.staleness import Step
from resources.storage.batch import MovieBatch
from resources.storage.ledger import Ledger
from resources.storage.movie_files import MovieFile
from resources.storage.store import Store
from resources.structured_log import JsonFormatter, logging_about

STEP = Step("posters", "1")
POSTER = MovieFile(("posters",), ".jpg")


@dataclass
class Place:
    """What a batch touches of a run_context."""

    store: Store
    ledger: Ledger


@pytest.fixture
def place(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    yield Place(Store(tmp_path / "store"), ledger)
    ledger.close()


def open_batch(place, versions):
    return MovieBatch(place, STEP, versions, place.ledger.rows("posters"))


class Killed(BaseException):
    """Stands for the end of the process."""


def killing(place, name):
    def kill(*_):
        raise Killed

    setattr(place, name, kill)


def test_kept_file_is_in_its_place_and_staging_is_empty(place):
    batch = open_batch(place, {5: "v"})
    outcome = batch.keep(5, {POSTER.path(batch.run_context.store, 5): b"abc"}, width_px=3)
    assert POSTER.path(batch.run_context.store, 5).read_bytes() == b"abc"
    assert (outcome.status, outcome.metadata) == (Status.OK, {"width_px": 3})
    assert list(batch.staging().iterdir()) == []


def test_kill_between_file_and_row_is_finished_by_the_next_run(place):
    batch = open_batch(place, {5: "v"})
    done = batch.keep(
        5, {POSTER.path(batch.run_context.store, 5): b"abc"}, facets={"a": "b"}, width_px=3
    )
    assert open_batch(place, {5: "v"}).recover() == [done]


def test_file_that_is_kept_without_being_a_result_says_why(place):
    batch = open_batch(place, {5: "v"})
    outcome = batch.keep(
        5,
        {MovieFile(("box_office",), ".json").path(batch.run_context.store, 5): b"{}"},
        lacks=(Reason.FOREIGN_CURRENCY, "in pounds"),
        next_attempt_s=500.0,
        source="none",
    )
    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.FOREIGN_CURRENCY)
    assert (outcome.detail, outcome.next_attempt_s) == ("in pounds", 500.0)
    assert outcome.content_hash != Reason.FOREIGN_CURRENCY.value
    assert open_batch(place, {5: "v"}).recover() == [outcome]


def test_kill_between_note_and_rename_is_finished_by_the_next_run(place, monkeypatch):
    batch = open_batch(place, {5: "v"})
    with monkeypatch.context() as patch:
        killing(place.store, "place")
        with pytest.raises(Killed):
            batch.keep(5, {POSTER.path(batch.run_context.store, 5): b"abc"})
        patch.undo()
    del place.store.place
    (outcome,) = open_batch(place, {5: "v"}).recover()
    assert outcome.status is Status.OK
    assert POSTER.path(batch.run_context.store, 5).read_bytes() == b"abc"


def test_what_was_kept_for_other_inputs_is_not_taken_for_these(place):
    batch = open_batch(place, {5: "v"})
    batch.keep(5, {POSTER.path(batch.run_context.store, 5): b"abc"})
    assert open_batch(place, {5: "another"}).recover() == []


def test_file_that_was_damaged_since_is_not_recovered(place):
    batch = open_batch(place, {5: "v"})
    batch.keep(5, {POSTER.path(batch.run_context.store, 5): b"abc"})
    POSTER.path(batch.run_context.store, 5).write_bytes(b"ab")
    assert open_batch(place, {5: "v"}).recover() == []


def test_what_no_run_will_finish_is_swept_and_downloads_that_grow_are_not(place):
    batch = open_batch(place, {5: "v"})
    (batch.staging() / "5-0-0123456789abcdef").write_bytes(b"abc")
    (batch.staging() / "5.key.mp4.part").write_bytes(b"ab")
    batch.sweep()
    assert [path.name for path in batch.staging().iterdir()] == ["5.key.mp4.part"]


def test_two_files_are_recovered_together(place):
    batch = open_batch(place, {5: "v"})
    files = {
        MovieFile(("box_office",), ".json").path(batch.run_context.store, 5): b"v",
        MovieFile(("box_office",), ".json").path(batch.run_context.store, 5): b"a",
    }
    done = batch.keep(5, files)
    assert open_batch(place, {5: "v"}).recover() == [done]


def test_bad_item_does_not_stop_its_neighbours(place):
    def make(tmdb_id):
        if tmdb_id == 6:
            raise FetchError(Reason.GONE, "HTTP 404")
        return made(tmdb_id, "h")

    outcomes = {
        o.tmdb_id: o for o in open_batch(place, {5: "", 6: "", 7: ""}).each(make, workers=2)
    }
    assert outcomes[6].reason is Reason.GONE
    assert outcomes[5].status is outcomes[7].status is Status.OK


def test_unforeseen_error_is_one_movies_own_and_may_be_tried_again(place):
    def make(tmdb_id):
        return made(tmdb_id, "h") if tmdb_id == 5 else 1 / 0

    outcomes = {o.tmdb_id: o for o in open_batch(place, {5: "", 6: ""}).each(make, workers=1)}
    assert outcomes[6].reason is Reason.UNEXPECTED
    assert "ZeroDivisionError" in outcomes[6].detail


def test_movies_that_failed_before_are_not_begun_in_a_row(place):
    """A row of failures would look like a host that is down: what a killed run leaves over begins
    with those that failed in it.
    """
    begun = []

    def make(tmdb_id):
        begun.append(tmdb_id)
        raise FetchError(Reason.SERVER_ERROR, "no")

    left_over = dict.fromkeys(range(200), "")  # the first 50 failed before
    list(open_batch(place, left_over).each(make, workers=1))
    assert sorted(begun) == list(left_over)
    had_failed = "".join("x" if tmdb_id < 50 else "." for tmdb_id in begun)
    assert "x" * 10 not in had_failed
    begun, first = [], begun
    list(open_batch(place, left_over).each(make, workers=1))
    assert begun == first


def test_broken_source_stops_the_batch(place):
    def make(_):
        raise SourceError("TMDB is down")

    with pytest.raises(SourceError):
        list(open_batch(place, dict.fromkeys(range(100), "")).each(make, workers=2))


def test_reading_ahead_gives_values_and_errors_in_order(place):
    def load(tmdb_id):
        return 10 // (tmdb_id - 6)

    found = dict(open_batch(place, {5: "", 6: "", 7: ""}).read(load, workers=2, ahead=1))
    assert (found[5], found[7]) == (-10, 10)
    assert isinstance(found[6], ZeroDivisionError)


def test_log_lines_bear_the_film_and_the_asset_that_they_are_about(place):
    batch = open_batch(place, {5: "v", 6: "v"})
    formatter, lines = JsonFormatter(), []

    class Collect(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(formatter.format(record)))

    handler = Collect()
    logging.getLogger("marquee").addHandler(handler)
    try:
        with logging_about(run="r1"):
            list(batch.each(fail, workers=2))
    finally:
        logging.getLogger("marquee").removeHandler(handler)
    assert sorted(line["film"] for line in lines) == [5, 6]
    assert {(line["asset"], line["run"]) for line in lines} == {(batch.step.name, "r1")}


def fail(tmdb_id):
    raise KeyError(tmdb_id)
