"""Which changes are news: none is lost, whatever the clock and whenever the crawls."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.tmdb.watermark import KEPT_DAYS, Watermark, read_watermark, write_watermark

MONDAY = date(2026, 3, 2)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def test_movie_of_todays_list_is_news_once():
    mark = Watermark((MONDAY,)).advanced(TUESDAY, {1, 2})
    assert mark.changed_movies(TUESDAY, (), {1, 2, 3}) == {3}
    assert mark.advanced(TUESDAY, {1, 2, 3}).changed_movies(TUESDAY, (), {1, 2, 3}) == set()


def test_first_crawl_of_a_day_picks_up_the_last_days_list_whole():
    mark = Watermark().advanced(MONDAY, {1, 2})
    assert mark.since(TUESDAY) == MONDAY
    assert mark.changed_movies(TUESDAY, {1, 2}, {3}) == {1, 2, 3}


def test_after_a_hundred_days_all_of_them_are_asked_for():
    mark = Watermark().advanced(MONDAY, ())
    assert mark.since(MONDAY + timedelta(days=100)) == MONDAY


def test_after_more_than_a_year_everything_is_asked_for():
    assert Watermark((MONDAY,)).since(MONDAY + timedelta(days=366)) is None


def test_clock_that_went_back_goes_on_from_the_last_day_that_was():
    mark = Watermark((MONDAY, TUESDAY, date(2031, 1, 1)), frozenset({1}))
    assert mark.is_ahead_of(WEDNESDAY)
    assert mark.since(WEDNESDAY) == TUESDAY
    assert mark.changed_movies(WEDNESDAY, {5}, {1}) == {1, 5}
    assert mark.advanced(WEDNESDAY, {1}) == Watermark((MONDAY, TUESDAY, WEDNESDAY), frozenset({1}))


def test_mark_of_a_wrong_clock_alone_is_no_mark():
    assert Watermark((date(2031, 1, 1),)).since(MONDAY) is None


def test_only_the_last_days_are_kept():
    mark = Watermark()
    for number in range(100):
        mark = mark.advanced(MONDAY + timedelta(days=number), ())
    assert len(mark.days) == KEPT_DAYS + 1


def test_mark_of_an_earlier_version_is_read():
    assert read_watermark("2026-03-02") == Watermark((MONDAY,))
    assert read_watermark(None) == read_watermark("soon") == read_watermark("7") == Watermark()


EVENTS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["change", "crawl"]), st.integers(1, 4)),
    max_size=40,
)


@given(EVENTS)
def test_every_change_resumes_by_the_end_of_the_next_day(events):
    """Crawls read day lists as TMDB has them at that moment; a change after a fetch is news."""
    last_day = 62
    lists: dict[date, set[int]] = {}
    unseen: set[int] = set()
    mark = Watermark()
    closing = [(last_day, "crawl", 0)]
    for number, kind, movie in [*sorted(events, key=lambda event: event[0]), *closing]:
        today = MONDAY + timedelta(days=number)
        if kind == "change":
            lists.setdefault(today, set()).add(movie)
            unseen.add(movie)
            continue
        since = mark.since(today)
        earlier = [i for day, ids in lists.items() if since and since <= day < today for i in ids]
        listed = lists.get(today, set())
        unseen -= mark.changed_movies(today, earlier, listed) if since else unseen
        mark = read_watermark(write_watermark(mark.advanced(today, listed)))
    assert not unseen
