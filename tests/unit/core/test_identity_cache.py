"""What is remembered is of one object, not of an equal one, and of these further arguments."""

from pipeline.core.identity_cache import remember_by_identity
from pipeline.core.records import MovieRecord


def test_the_same_object_is_asked_once_and_an_equal_one_again():
    asked = []

    @remember_by_identity(most=2)
    def length(record, at_least=0):
        asked.append(record)
        return max(len(record.title), at_least)

    first, second = MovieRecord(1, "Alien"), MovieRecord(1, "Alien")
    assert [length(first), length(first), length(second), length(first, 9)] == [5, 5, 5, 9]
    assert [one is first for one in asked] == [True, False, True]


def test_no_more_are_kept_than_the_number_given():
    asked = []

    @remember_by_identity(most=1)
    def title(record):
        asked.append(record.tmdb_id)
        return record.title

    films = MovieRecord(1, "Alien"), MovieRecord(2, "Heat")
    assert [title(film) for film in (*films, *films)] == ["Alien", "Heat"] * 2
    assert asked == [1, 2, 1, 2]
