"""A record from what is given: names become ids, and lists by hand are parts of a whole."""

from datetime import date

import pytest

from pipeline.core.errors import InputError
from pipeline.core.franchises import assign_franchises, count_earlier, find_franchise
from pipeline.core.records import Company, MovieRecord, Person
from pipeline.core.track_records import list_people
from pipeline.predict.inputs import MovieInputs
from pipeline.predict.people import Names, companies_of, people_of
from pipeline.predict.record import make_record

KNOWN = MovieRecord(
    7, "Rocky", overview="A boxer.",
    release_date=date(1976, 11, 21), budget_usd=960_000.0, genres=("Drama",),
    cast=(Person(16483, "Sylvester Stallone", "Actor"), Person(2, "Chris Evans", "Actor", 1)),
    crew=(Person(17016, "John G. Avildsen", "Director"), Person(3, "Chris Evans", "Writer")),
    companies=(Company(60, "United Artists"),),
)  # fmt: skip
PEOPLE, COMPANIES = Names(people_of([KNOWN])), Names(companies_of([KNOWN]))


def make(known=None, **given):
    return make_record(MovieInputs(**given), known, PEOPLE, COMPANIES)


def test_what_is_given_replaces_what_is_known():
    made = make(KNOWN, tmdb_id=7, budget_usd=2e6)
    assert made.record == MovieRecord(**{**vars(KNOWN), "budget_usd": 2e6})


def test_names_find_their_ids_however_they_are_spelled():
    made = make(cast=["sylvester  STALLONE"], companies=["united artists"])
    assert list_people(made.record)["lead"] == [16483]
    assert made.record.companies[0].company_id == 60
    assert made.remarks == ()


def test_name_of_two_people_is_refused_with_their_ids():
    with pytest.raises(InputError, match=r"2 are named 'Chris Evans'; allowed: .*2, 3"):
        make(cast=["Chris Evans"])
    assert list_people(make(cast=[3]).record)["lead"] == [3]


def test_newcomer_is_the_same_in_every_role_and_no_known_person():
    made = make(cast=["Jane Doe"], crew={"Director": ["Jane Doe", "John Roe"]})
    people = list_people(made.record)
    assert people["lead"] == people["director"][:1]
    assert max(people["director"]) < 0
    assert [remark.partition(":")[0] for remark in made.remarks] == ["cast", "crew"]


def test_sequel_joins_the_franchise_of_a_known_movie():
    (known,) = assign_franchises([KNOWN])
    sequel = make(title="Rocky II", release_date="1979-06-15", cast=[16483]).record
    assert find_franchise(sequel, [known]) == known.franchise == "movie:7"
    assert count_earlier([sequel], [sequel.release_date], [known]) == [1]
    other = make(title="Up", release_date="1979-06-15").record
    assert find_franchise(other, [known]) == "movie:0"
