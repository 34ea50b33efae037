"""The metadata modality: the whitelist of what is known of a movie before its release."""

import math
from collections.abc import Sequence
from datetime import date

import numpy as np

from pipeline.core.franchises import count_earlier
from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.records import MovieRecord

GENRES = (
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family",
    "Fantasy", "History", "Horror", "Music", "Mystery", "Romance", "Science Fiction", "TV Movie",
    "Thriller", "War", "Western",
)  # fmt: skip
"""TMDB's genres of movies. Source: TMDB API v3, `/genre/movie/list`."""

LANGUAGES = ("en", "fr", "es", "de", "it", "hi", "ja", "ko", "zh", "ru")
"""Original languages with a column of their own, as TMDB spells them."""

CERTIFICATIONS = ("G", "PG", "PG-13", "R", "NC-17", "NR")
"""United States certifications; they are given before release."""

UNITED_STATES = frozenset({"US", "United States of America"})


def _column(prefix: str, value: str) -> str:
    return f"{prefix}_{value.lower().replace(' ', '_').replace('-', '_')}"


METADATA_COLUMNS = (
    "log10_budget", "runtime_min", "release_year", "release_month_sin", "release_month_cos",
    "forerunners", "is_sequel", "is_united_states",
    *(_column("genre", genre) for genre in GENRES),
    *(_column("language", language) for language in LANGUAGES),
    *(_column("certification", certification) for certification in CERTIFICATIONS),
)  # fmt: skip
"""Names of the metadata modality's columns, in order. None counts how much of a record is filled
in: the crowd fills in those of movies that did well, after they did.
"""

PREDECESSOR_COLUMNS = ("forerunners", "is_sequel")
"""Columns that depend on other movies, too."""

check_no_leak(METADATA_COLUMNS)


def describe_movies(
    records: Sequence[MovieRecord],
    *,
    known: Sequence[MovieRecord] | None = None,
    days: Sequence[date | None] | None = None,
    predecessors: Sequence[int | None] | None = None,
    keywords: Sequence[str] = (),
) -> np.ndarray:
    """Turn records into the metadata modality.

    Args:
        records: Movies to describe.
        known: All known movies, among which the predecessors of each are counted; None for
            `records`.
        days: As of which day each is described; None for the days of release. Only predecessors
            that were out by then count.
        predecessors: Their number for each record, where they are counted already.
        keywords: Keywords to add a column each for, in this order. Off by default, because the
            crowd writes them, many after release.

    Returns:
        Float32, shape (records, columns); columns as in `METADATA_COLUMNS`, then the keywords.
        NaN where TMDB does not know.

    Raises:
        LeakError: A keyword speaks of money earned ("box office bomb").

    Example:
        >>> movie = MovieRecord(1, "A", budget_usd=1e6, genres=("War",))
        >>> row = dict(zip(METADATA_COLUMNS, describe_movies([movie])[0].tolist()))
        >>> row["log10_budget"], row["genre_war"], row["genre_music"], row["runtime_min"]
        (6.0, 1.0, 0.0, nan)
    """
    check_no_leak(keyword_columns(keywords))
    before = [record.release_date for record in records] if days is None else days
    if predecessors is None:
        predecessors = count_earlier(records, before, records if known is None else known)
    rows = [
        _numbers(record, earlier)
        + _flags(set(record.genres), GENRES)
        + _flags({_language(record)} - {""}, LANGUAGES)
        + _flags({record.certification_us or ""} - {""}, CERTIFICATIONS)
        + _flags(set(record.keywords), keywords)
        for record, earlier in zip(records, predecessors, strict=True)
    ]
    width = len(METADATA_COLUMNS) + len(keywords)
    return np.array(rows, dtype=np.float32).reshape(len(records), width)


def keyword_columns(keywords: Sequence[str]) -> tuple[str, ...]:
    """Name the columns that `describe_movies` adds for keywords."""
    return tuple(f"keyword:{keyword}" for keyword in keywords)


def _numbers(record: MovieRecord, predecessors: int | None) -> list[float]:
    released = record.release_date
    angle = 2 * math.pi * (released.month - 1) / 12 if released else math.nan
    budget_usd, runtime_min = record.budget_usd or 0.0, record.runtime_min or 0.0
    return [
        math.log10(budget_usd) if budget_usd > 0 else math.nan,
        runtime_min if runtime_min > 0 else math.nan,
        released.year if released else math.nan,
        math.sin(angle),
        math.cos(angle),
        math.nan if predecessors is None else predecessors,
        math.nan if predecessors is None else predecessors > 0,
        # a gap here would tell of few votes, says `pipeline.splits.completeness`
        not UNITED_STATES.isdisjoint(record.countries),
    ]


def _language(record: MovieRecord) -> str:
    # TMDB spells Cantonese "cn" and Mandarin "zh"
    return "zh" if record.original_language == "cn" else record.original_language


def _flags(given: set[str], known: Sequence[str]) -> list[float]:
    """One flag per known value; all NaN where nothing is given, which is not the same as "no"."""
    return [float(value in given) if given else math.nan for value in known]
