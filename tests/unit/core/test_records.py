from dataclasses import replace
from datetime import date

import pytest

from pipeline.core.records import MovieRecord, Video, facets, plot_text

MOVIE = MovieRecord(5, "A", overview="A man runs.", poster_path="/a.jpg", revenue_usd=10.0)


def changed(**fields):
    before, after = facets(MOVIE), facets(replace(MOVIE, **fields))
    return {name for name in before if before[name] != after[name]}


def test_new_poster_changes_the_poster_facet_alone():
    assert changed(poster_path="/b.jpg") == {"poster", "all"}


def test_new_video_changes_the_trailer_facet_alone():
    assert changed(videos=(Video("k", "YouTube", "Trailer"),)) == {"trailer", "all"}


def test_new_revenue_changes_the_box_office_facet_alone():
    assert changed(revenue_usd=11.0) == {"box_office", "all"}


def test_new_budget_and_day_of_release_change_the_box_office_facet_too():
    assert changed(budget_usd=5.0) == {"box_office", "metadata", "all"}
    assert "box_office" in changed(release_date=date(1997, 11, 18))


def test_new_plot_changes_text_and_metadata():
    assert changed(overview="A woman runs.") == {"text", "metadata", "all"}


@pytest.mark.parametrize("field", ["popularity", "vote_average", "vote_count"])
def test_volatile_fields_change_nothing(field):
    assert changed(**{field: 3}) == set()


def test_plot_text_has_no_tagline_which_users_add_later():
    assert plot_text(replace(MOVIE, tagline="Run!")) == "A man runs."


def test_plot_text_of_a_movie_without_any_is_empty():
    assert plot_text(MovieRecord(5, "A", overview="  ")) == ""
