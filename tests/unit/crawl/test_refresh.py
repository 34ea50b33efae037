from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.crawl.refresh_schedule import schedule_refresh, schedule_retry

TODAY = date(2026, 3, 10)
NOW_S = datetime(2026, 3, 10, 2, 0, 7, tzinfo=UTC).timestamp()


def days_until_due(released):
    due = schedule_refresh(released, NOW_S)
    return (datetime.fromtimestamp(due, UTC).date() - TODAY).days if due else None


@pytest.mark.parametrize("age_days", [0, 1, 90, 180])
def test_figures_of_a_movie_in_its_first_half_year_are_due_every_week(age_days):
    assert days_until_due(TODAY - timedelta(days=age_days)) == 7


@pytest.mark.parametrize("age_days", [181, 300, 365])
def test_later_in_its_first_year_every_month(age_days):
    assert days_until_due(TODAY - timedelta(days=age_days)) == 30


@pytest.mark.parametrize("age_days", [366, 10_000])
def test_after_a_year_never(age_days):
    assert days_until_due(TODAY - timedelta(days=age_days)) is None


def test_movie_that_comes_soon_is_looked_at_a_week_after_it_came():
    assert days_until_due(TODAY + timedelta(days=10)) == 17


@pytest.mark.parametrize("released", [TODAY + timedelta(days=400), date.max, None])
def test_movie_far_off_or_without_a_day_is_looked_at_every_month(released):
    assert days_until_due(released) == 30


def test_movies_of_one_day_are_due_together_at_midnight():
    later = NOW_S + 20 * 3600
    assert schedule_refresh(TODAY, NOW_S) == schedule_refresh(TODAY, later)
    assert datetime.fromtimestamp(schedule_refresh(TODAY, NOW_S), UTC).hour == 0


def test_page_that_could_not_be_read_is_tried_a_week_later():
    assert NOW_S + 6 * 86400 < schedule_retry(NOW_S) <= NOW_S + 7 * 86400
