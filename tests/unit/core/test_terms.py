"""Terms as data: every source has some, and a record states them with its last lawful day."""

from datetime import UTC, datetime

import pytest

from pipeline.core.errors import TermsError
from pipeline.core.terms import (
    TERMS,
    TERMS_KEY,
    TMDB_CACHING_DAYS,
    TMDB_NOTICE,
    describe_terms,
    find_terms,
    list_notices,
    read_terms,
)
from pipeline.crawl.datasets.registry import DUMP_KINDS

FETCHED_S = datetime(2026, 3, 10, 23, 59, 59, 900_000, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "source", ["tmdb", "tmdb-images", "imdbpro", "trailers", "studio", *DUMP_KINDS]
)
def test_every_source_has_terms(source):
    terms = TERMS[source]
    assert terms.name
    assert terms.terms
    assert terms.page.startswith("https://") or source == "studio"


def test_tmdb_allows_half_a_year_and_demands_its_notice():
    terms = TERMS["tmdb"]
    assert (terms.caching_days, TMDB_CACHING_DAYS) == (180, 180)
    assert terms.notice == TMDB_NOTICE
    assert "reported" in terms.terms
    assert "written agreement" in terms.terms


def test_only_tmdb_limits_caching_as_far_as_is_known():
    assert {s for s, terms in TERMS.items() if terms.caching_days} == {"tmdb", "tmdb-images"}


def test_record_of_tmdb_states_when_it_was_read_and_its_last_lawful_day():
    assert describe_terms("tmdb", FETCHED_S) == {
        "source": "tmdb",
        "terms": TERMS["tmdb"].terms,
        "fetched_at": "2026-03-10T23:59:59Z",
        "last_lawful_day": "2026-09-06",  # 180 days later
    }


def test_source_that_is_not_listed_has_terms_that_are_not_known():
    assert find_terms("a-new-dump").terms == "not known"
    assert describe_terms("a-new-dump", 0)["last_lawful_day"] == ""


@pytest.mark.parametrize(
    "record",
    [
        {"title": "Titanic"},
        {"title": "Titanic", TERMS_KEY: []},
        {"title": "Titanic", TERMS_KEY: [{"source": "tmdb", "fetched_at": "2026-01-01T00:00:00Z"}]},
        {"title": "Titanic", TERMS_KEY: "free"},
    ],
)
def test_record_without_terms_is_refused_by_name_and_with_a_remedy(record):
    with pytest.raises(TermsError, match=r"film 597 \(Titanic\).*marquee build"):
        read_terms(record, 597)


def test_terms_that_were_written_are_read():
    entry = describe_terms("tmdb", FETCHED_S)
    assert read_terms({TERMS_KEY: [entry]}, 597) == [entry]


def test_notice_is_tmdbs_once_and_none_of_the_studio():
    (notice,) = list_notices(["tmdb", "tmdb-images", "tmdb5000", "the-numbers"])
    assert (notice["name"], notice["text"]) == ("TMDB", TMDB_NOTICE)
    assert list_notices(["studio", "studio-folder", "movielens"]) == []
