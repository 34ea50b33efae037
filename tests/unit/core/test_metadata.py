from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipeline.core.errors import LeakError
from pipeline.core.franchises import count_earlier, franchise_of, title_key
from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.metadata import METADATA_COLUMNS, describe_movies
from pipeline.core.records import Company, MovieRecord, Person

AVENGERS = MovieRecord(
    24428, "The Avengers", original_language="en", overview="Aliens.", tagline="Assemble",
    release_date=date(2012, 4, 25), runtime_min=143, budget_usd=220e6, revenue_usd=1.5e9,
    popularity=80.0, vote_average=7.7, vote_count=30_000, certification_us="PG-13",
    collection_id=86311, genres=("Action", "Science Fiction"), countries=("US",),
    companies=(Company(420, "Marvel Studios"),),
    cast=tuple(Person(i, "a", "Actor") for i in range(90)),
)  # fmt: skip


def describe(record: MovieRecord) -> dict[str, float]:
    return dict(zip(METADATA_COLUMNS, describe_movies([record])[0].tolist(), strict=True))


def test_what_is_known_before_release_is_described():
    row = describe(AVENGERS)
    assert row["log10_budget"] == pytest.approx(np.log10(220e6))
    assert (row["runtime_min"], row["release_year"]) == (143, 2012)
    assert row["release_month_sin"] == pytest.approx(1.0)
    assert row["genre_science_fiction"] == row["language_en"] == row["certification_pg_13"] == 1
    assert row["genre_drama"] == row["language_fr"] == row["certification_r"] == 0
    assert row["is_united_states"] == 1


def test_unknown_is_nan_and_not_zero():
    row = describe(MovieRecord(1, "A", budget_usd=0))
    assert row.pop("is_united_states") == 0, "known to be of the United States or not"
    assert np.isnan(list(row.values())).all()


def test_what_is_known_after_release_changes_nothing():
    later = MovieRecord(**{
        **vars(AVENGERS), "popularity": 1.0, "vote_average": 1.0, "vote_count": 1,
        "revenue_usd": 5.0, "keywords": ("box office bomb",), "collection_name": "x",
    })  # fmt: skip
    np.testing.assert_array_equal(describe_movies([later]), describe_movies([AVENGERS]))


def test_how_much_the_crowd_filled_in_changes_nothing():
    fuller = replace(
        AVENGERS, overview="Aliens come. " * 20, tagline="", countries=("US", "GB", "FR"),
        spoken_languages=("en", "ru"), companies=(*AVENGERS.companies, Company(1, "")), cast=(),
    )  # fmt: skip
    np.testing.assert_array_equal(describe_movies([fuller]), describe_movies([AVENGERS]))


def test_cantonese_counts_as_chinese():
    assert describe(MovieRecord(1, "A", original_language="cn"))["language_zh"] == 1


def test_first_of_a_franchise_has_no_predecessor():
    first = MovieRecord(1, "Rocky", release_date=date(1976, 1, 1))
    second = MovieRecord(2, "Rocky II", release_date=date(1979, 1, 1))
    undated = MovieRecord(3, "Rocky III")
    three = [second, undated, first]
    assert count_earlier(three, [record.release_date for record in three], three) == [1, None, 0]
    rows = describe_movies([first, second])
    assert rows[:, METADATA_COLUMNS.index("is_sequel")].tolist() == [0, 1]
    np.testing.assert_array_equal(rows[0], describe_movies([first])[0])


def test_keywords_are_off_unless_asked_for():
    movie = MovieRecord(1, "A", keywords=("alien", "space"))
    assert describe_movies([movie]).shape == (1, len(METADATA_COLUMNS))
    assert describe_movies([movie], keywords=["space", "war"])[0, -2:].tolist() == [1, 0]


def test_keyword_that_speaks_of_money_is_refused():
    with pytest.raises(LeakError, match="box office bomb"):
        describe_movies([AVENGERS], keywords=["box office bomb"])


@pytest.mark.parametrize(
    "name",
    ["popularity", "vote_average", "voteCount", "votes", "imdb_rating", "rating", "ratings",
     "revenue", "revenue_usd", "log_revenue", "Gross_Worldwide", "grossing", "box_office",
     "boxOffice", "Box Office", "opening_weekend", "imdb_score", "metascore", "Voters",
     "awards", "reviews", "profit", "metadata:vote_average"],
)  # fmt: skip
def test_column_known_only_after_release_is_refused(name):
    with pytest.raises(LeakError, match="known before release"):
        check_no_leak(["log10_budget", name])


@pytest.mark.parametrize("name", ["devoted", "narrating", "certification_r", "video", "heroic"])
def test_harmless_column_passes(name):
    check_no_leak([name])


def test_whitelist_passes_the_leak_check():
    check_no_leak(METADATA_COLUMNS)
    assert len(set(METADATA_COLUMNS)) == len(METADATA_COLUMNS)


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Rocky II", "rocky"), ("Toy Story 3", "toy story"),
        ("The Godfather: Part III", "godfather"),
        ("Star Wars: Episode IV - A New Hope", "star wars"), ("Kill Bill: Vol. 1", "kill bill"),
        ("2012", "2012"), ("300: Rise of an Empire", "300"), ("Amélie", "amelie"), ("V", "v"),
        ("Guardians of the Galaxy Vol. 2", "guardians of the galaxy"), ("千と千尋", "千と千尋"),
    ],
)  # fmt: skip
def test_title_without_its_sequel_marks(title, key):
    assert title_key(title) == key


def test_collection_names_the_franchise_before_the_title():
    assert franchise_of(AVENGERS) == "collection:86311"
    assert franchise_of(MovieRecord(9320, "The Avengers")) == "title:avengers"


def test_movies_without_a_readable_title_stay_apart():
    assert franchise_of(MovieRecord(1, "")) != franchise_of(MovieRecord(2, ""))
