from dataclasses import replace

from present import present

from pipeline.core.outcomes import Reason, Status, lacking, made
from pipeline.core.staleness import (
    RETRY_DELAYS_S,
    Action,
    Row,
    Step,
    decide,
    propagate_downstream,
    row_of,
)

RECORD = Row(status="ok", facets={"poster": "p1", "text": "t1"}, code_version="1")
POSTERS = Step("posters", "1", facet="poster")
EMBEDDINGS = Step("poster_embeddings", "1", upstreams=("posters",))


def ask(step, row, upstream, now_s=100.0, settings=""):
    return decide(step, 5, row, upstream, settings_version=settings, now_s=now_s)


def settled(step, upstream, outcome, before=None, now_s=0.0, settings=""):
    version = ask(step, before, upstream, now_s=now_s, settings=settings).input_version
    return row_of(outcome, before, step, version, now_s=now_s)


def test_movie_without_a_row_is_due():
    assert ask(POSTERS, None, {"movie_records": RECORD}).action is Action.WORK


def test_movie_waits_for_a_missing_upstream():
    assert ask(POSTERS, None, {}).action is Action.WAIT


def test_movie_waits_for_an_upstream_that_may_still_come():
    later = Row(status="retry", reason="network")
    assert ask(EMBEDDINGS, None, {"posters": later}).action is Action.WAIT


def test_finished_movie_is_not_due():
    row = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"))
    assert ask(POSTERS, row, {"movie_records": RECORD}).action is Action.NOTHING


def test_refused_movie_is_not_due_again():
    row = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.GONE))
    assert ask(POSTERS, row, {"movie_records": RECORD}).action is Action.NOTHING


def test_changed_facet_makes_the_movie_due():
    row = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"))
    changed = Row(status="ok", facets={"poster": "p2", "text": "t1"}, code_version="1")
    assert ask(POSTERS, row, {"movie_records": changed}).action is Action.WORK


def test_another_facet_does_not():
    row = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"))
    changed = Row(status="ok", facets={"poster": "p1", "text": "t2"}, code_version="1")
    assert ask(POSTERS, row, {"movie_records": changed}).action is Action.NOTHING


def test_new_code_version_makes_the_movie_due():
    row = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"))
    newer = Step("posters", "2", facet="poster")
    assert ask(newer, row, {"movie_records": RECORD}).action is Action.WORK


def test_new_code_version_upstream_makes_followers_due_though_the_content_is_the_same():
    before = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"))
    follower = settled(EMBEDDINGS, {"posters": before}, made(5, "e"))
    newer = Step("posters", "2", facet="poster")
    after = settled(newer, {"movie_records": RECORD}, made(5, "h"), before)
    assert ask(EMBEDDINGS, follower, {"posters": after}).action is Action.WORK


def test_changed_settings_make_the_movie_due():
    row = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"), settings="small")
    assert ask(POSTERS, row, {"movie_records": RECORD}, settings="large").action is Action.WORK


def test_absent_upstream_is_inherited():
    gone = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.NOT_LISTED))
    due = ask(EMBEDDINGS, None, {"posters": gone})
    assert due.action is Action.INHERIT
    assert present(due.inherited).status is Status.UNAVAILABLE
    assert present(due.inherited).detail == "posters: not_listed"


def test_refused_upstream_is_inherited_as_refused():
    gone = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.GONE))
    assert (
        present(ask(EMBEDDINGS, None, {"posters": gone}).inherited).reason
        is Reason.UPSTREAM_REJECTED
    )


def test_first_failure_is_tried_again_by_the_next_run():
    row = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.NETWORK), now_s=100.0)
    assert ask(POSTERS, row, {"movie_records": RECORD}, now_s=100.0).action is Action.WORK


def test_later_failures_wait_longer_and_longer():
    row = None
    for attempt, delay_s in enumerate(RETRY_DELAYS_S, start=1):
        row = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.NETWORK), row, 1e6)
        assert (row.attempts, row.next_attempt_s) == (attempt, 1e6 + delay_s)
    assert ask(POSTERS, row, {"movie_records": RECORD}, now_s=1e6).action is Action.NOTHING
    assert ask(POSTERS, row, {"movie_records": RECORD}, now_s=1e7).action is Action.WORK


def test_new_inputs_begin_a_new_count_of_attempts():
    row = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.NETWORK), now_s=0.0)
    changed = Row(status="ok", facets={"poster": "p2"}, code_version="1")
    again = settled(POSTERS, {"movie_records": changed}, lacking(5, Reason.NETWORK), row)
    assert again.attempts == 1


def test_result_that_moves_is_due_again_when_its_time_has_come():
    row = settled(
        POSTERS, {"movie_records": RECORD}, made(5, "h").with_next_attempt(500.0), now_s=100.0
    )
    assert (row.status, row.next_attempt_s) == ("ok", 500.0)
    assert ask(POSTERS, row, {"movie_records": RECORD}, now_s=499.0).action is Action.NOTHING
    assert ask(POSTERS, row, {"movie_records": RECORD}, now_s=500.0).action is Action.WORK


def test_lack_that_may_end_is_due_again_too():
    gone = lacking(5, Reason.NO_BOX_OFFICE).with_next_attempt(500.0)
    row = settled(POSTERS, {"movie_records": RECORD}, gone, now_s=100.0)
    assert ask(POSTERS, row, {"movie_records": RECORD}, now_s=499.0).action is Action.NOTHING
    assert ask(POSTERS, row, {"movie_records": RECORD}, now_s=500.0).action is Action.WORK


def test_followers_do_not_notice_a_result_that_was_due_again_and_is_what_it_was():
    before = settled(POSTERS, {"movie_records": RECORD}, made(5, "h").with_next_attempt(500.0))
    again = settled(
        POSTERS, {"movie_records": RECORD}, made(5, "h").with_next_attempt(900.0), before
    )
    assert again.lineage == before.lineage


def test_failure_after_a_result_begins_a_new_count_of_attempts():
    row = None
    for next_attempt_s in (500.0, 600.0, 700.0):
        outcome = lacking(5, Reason.NO_BOX_OFFICE).with_next_attempt(next_attempt_s)
        row = settled(POSTERS, {"movie_records": RECORD}, outcome, row)
    row = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.NETWORK), row, 1e6)
    assert (row.attempts, row.next_attempt_s) == (1, 1e6 + RETRY_DELAYS_S[0])


def test_what_is_due_upstream_is_due_for_every_follower():
    steps = [Step("movie_records", "1"), POSTERS, EMBEDDINGS, Step("trailers", "1")]
    due = propagate_downstream(steps, {"posters": {5}})
    assert due["poster_embeddings"] == {5}
    assert due["trailers"] == set()


def test_retry_that_a_clock_ahead_has_put_off_is_due_now():
    failed = settled(POSTERS, {"movie_records": RECORD}, lacking(5, Reason.NETWORK), now_s=1e6)
    later = replace(failed, attempts=3, next_attempt_s=1e6 + 6 * 3600)
    assert ask(POSTERS, later, {"movie_records": RECORD}, now_s=100.0).action is Action.NOTHING
    ahead = replace(later, written_s=1e6)
    assert ask(POSTERS, ahead, {"movie_records": RECORD}, now_s=100.0).action is Action.WORK
    assert ask(POSTERS, ahead, {"movie_records": RECORD}, now_s=1e6).action is Action.NOTHING


def test_new_code_version_of_the_records_alone_makes_no_follower_due():
    row = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"))
    again = replace(RECORD, code_version="2")
    assert ask(POSTERS, row, {"movie_records": again}).action is Action.NOTHING


def test_movie_that_a_killed_run_was_about_to_replace_is_due():
    row = settled(POSTERS, {"movie_records": RECORD}, made(5, "h"))
    begun = replace(row, pending={"files": []})
    assert ask(POSTERS, begun, {"movie_records": RECORD}).action is Action.WORK
