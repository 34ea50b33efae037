import pytest

from pipeline.core.errors import SourceError
from pipeline.core.outcomes import Reason, Status, lacking, made
from pipeline.crawl.imdbpro.drift import stop_on_layout_drift, weigh

GOOD, MISSING, STRANGE, NOT_ASKED = 0.0, 0.25, 1.0, None


def run(weights, taken):
    """Pass one outcome per weight on; note what came through."""
    outcomes = [
        lacking(i, Reason.MALFORMED, f"page {i}") if weight == STRANGE else made(i, "h")
        for i, weight in enumerate(weights)
    ]
    for outcome in stop_on_layout_drift(outcomes, dict(enumerate(weights)).get, source="IMDbPro"):
        taken.append(outcome.tmdb_id)
    return taken


def test_one_strange_page_is_one_movies_row():
    assert sorted(run([GOOD, STRANGE, GOOD], [])) == [0, 1, 2]


def test_few_strange_pages_at_the_end_are_rows_too():
    assert sorted(run([GOOD, STRANGE, STRANGE, STRANGE, STRANGE], [])) == [0, 1, 2, 3, 4]


def test_five_in_a_row_stop_the_source_and_no_movie_pays():
    taken = []
    with pytest.raises(SourceError, match=r"layout has drifted.*IMDBPRO_COOKIE"):
        run([GOOD, *[STRANGE] * 9], taken)
    assert taken == [0]


def test_message_counts_the_reasons_and_quotes_the_last():
    with pytest.raises(SourceError, match=r"5 malformed; the last, movie 4: page 4"):
        run([STRANGE] * 5, [])


def test_good_page_between_them_begins_a_new_count():
    weights = [*[STRANGE] * 4, GOOD, *[STRANGE] * 4, GOOD]
    assert sorted(run(weights, [])) == list(range(10))


def test_movie_that_was_not_asked_about_is_no_good_page():
    taken = []
    with pytest.raises(SourceError):
        run([STRANGE, STRANGE, NOT_ASKED, STRANGE, STRANGE, NOT_ASKED, STRANGE], taken)
    assert taken == [2, 5]


def test_missing_pages_stop_it_only_where_there_are_many():
    assert len(run([MISSING] * 19, [])) == 19
    with pytest.raises(SourceError):
        run([MISSING] * 20, [])


@pytest.mark.parametrize("reason", list(Reason))
def test_host_that_is_down_does_not_count(reason):
    weight = weigh(reason)
    if reason in (Reason.TIMEOUT, Reason.NETWORK, Reason.SERVER_ERROR, Reason.CUT_OFF):
        assert weight is None
    if reason in (Reason.MALFORMED, Reason.BOT_CHECK, Reason.FORBIDDEN, Reason.RATE_LIMITED):
        assert weight == STRANGE


def test_order_of_good_outcomes_is_kept():
    assert run([GOOD] * 4, []) == [0, 1, 2, 3]
    assert made(1, "h").status is Status.OK
