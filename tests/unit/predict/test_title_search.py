"""Movies are found by a part of the title, whichever keyboard wrote it."""

from datetime import date

import pytest

from pipeline.core.records import MovieRecord
from pipeline.predict.title_search import TitleSearch

MOVIES = (
    MovieRecord(1, "Amélie", original_title="Le Fabuleux Destin d'Amélie Poulain"),
    MovieRecord(2, "The Thing", release_date=date(1982, 6, 25)),
    MovieRecord(3, "The Thing", release_date=date(2011, 10, 14)),
    MovieRecord(4, "Thing", release_date=date(1950, 1, 1)),
    MovieRecord(5, "Something New", release_date=date(2006, 2, 3)),
    MovieRecord(6, "Things to Come", release_date=date(1936, 2, 20)),
    MovieRecord(7, "300", release_date=date(2007, 3, 7)),
    MovieRecord(8, "Łódź Straße", release_date=date(1990, 1, 1)),
)


def find(text, count=20):
    return [record.tmdb_id for record in TitleSearch(MOVIES).find(text, count)]


@pytest.mark.parametrize("text", ["amelie", "AMÉLIE", "  Ame\u0301lie ", "fabuleux destin"])
def test_accents_case_and_spaces_do_not_count(text):
    assert find(text) == [1]


@pytest.mark.parametrize("text", ["lodz strasse", "łódź", "ŁÓDŹ STRASSE"])
def test_letters_that_do_not_decompose_are_found_as_people_type_them(text):
    assert find(text) == [8]


def test_whole_titles_come_before_beginnings_words_and_parts_and_newer_ones_first():
    assert find("thing") == [4, 6, 3, 2, 5]
    assert find("thing", count=2) == [4, 6]


def test_digits_are_found_and_signs_alone_find_nothing():
    assert find("300") == [7]
    assert find("  ") == find("'") == find("xyz") == []
