"""The one place that says what may be known of a movie as of a day.

A record shows what TMDB holds today, without dates. What its users add later, and to movies that
are known, is therefore no input at all: taglines, keywords, homepages, votes, long lists of
credits, and how much of a record is filled in. What has a date is read as of the day: earlier
movies of its people and its franchise, their revenues, prices. What nobody can tell from such a
record stands in `UNKNOWN_PAST`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from pipeline.core.metadata import describe_movies
from pipeline.core.records import MovieRecord, before_release, plot_text
from pipeline.core.release_columns import describe_release
from pipeline.core.track_records import (
    CREW_JOBS,
    MOST_OF_ROLE,
    TrackRecords,
    describe_talent,
    list_people,
)

UNKNOWN_PAST = (
    "When a field was filled in or changed: budgets, plots, runtimes, genres and dates of release "
    "are those of today.",
    "Who was announced at which time: people count as those who are credited today.",
    "How complete a record was before release; the cut of the test set is a stress test, not a "
    "measurement.",
    "Credits that were added to earlier movies after the day.",
)
"""What TMDB's records cannot tell about the past; it stands on every card."""


@dataclass(frozen=True)
class Inputs:
    """All that models read of some movies, as of a day each.

    Attributes:
        records: What may be read of each record; see `record_as_of`.
        metadata: Float32 (movies, columns), as in `METADATA_COLUMNS`.
        release: Float64 (movies, columns), as in `RELEASE_COLUMNS`.
        talent: Float32 (movies, columns), as in `TALENT_COLUMNS`.
        people: Ids by role, of each movie.
        plots: The text that is embedded.
    """

    records: tuple[MovieRecord, ...]
    metadata: np.ndarray
    release: np.ndarray
    talent: np.ndarray
    people: tuple[dict[str, list[int]], ...]
    plots: tuple[str, ...]


def inputs_as_of(
    records: Sequence[MovieRecord],
    days: Sequence[date | None] | date | None = None,
    *,
    known: Sequence[MovieRecord],
    tracks: TrackRecords,
) -> Inputs:
    """Return what models read of movies as of a day; nothing that happened later changes it.

    Args:
        records: Movies to describe, out by then or not.
        days: As of which day, one for all or one for each; None for the days of release. After
            its release a movie is described as of its release.
        known: All known movies, of which those that were out by the day count as predecessors.
        tracks: What movies of the training set earned, from `collect_track_records`; those count
            that were released `REVENUE_DAYS` before the day.

    Example:
        >>> from pipeline.core.track_records import collect_track_records
        >>> movie = MovieRecord(1, "A", release_date=date(2001, 2, 3), tagline="Later")
        >>> nothing = collect_track_records([], np.zeros(0), np.zeros(0, int))
        >>> inputs = inputs_as_of([movie], date(2001, 1, 1), known=[movie], tracks=nothing)
        >>> inputs.records[0].tagline, len(inputs.talent)
        ('', 1)
    """
    before = days_before(records, days)
    read = tuple(record_as_of(record, day) for record, day in zip(records, before, strict=True))
    return Inputs(
        records=read,
        metadata=describe_movies(read, known=known, days=None if days is None else before),
        release=describe_release(read, before),
        talent=describe_talent(read, tracks, before),
        people=tuple(list_people(record) for record in read),
        plots=tuple(plot_text(record) for record in read),
    )


def days_before(
    records: Sequence[MovieRecord], days: Sequence[date | None] | date | None
) -> list[date | None]:
    """Return as of which day each movie is described, never after its release."""
    if days is None:
        return [record.release_date for record in records]
    given = [days] * len(records) if isinstance(days, date) else days
    return [_earlier(r.release_date, day) for r, day in zip(records, given, strict=True)]


def _earlier(released: date | None, day: date | None) -> date | None:
    return min(released, day) if released and day else day or released


def record_as_of(record: MovieRecord, day: date | None = None) -> MovieRecord:
    """Return the part of a record that models may read as of a day.

    Without tagline, keywords, votes, revenue and spoken languages; with the people of
    `list_people` alone, three companies, and videos that were published by the day.
    """
    people = list_people(record)
    wanted = {role: set(people[role]) for role in CREW_JOBS}
    crew = tuple(
        p for p in record.crew
        if any(p.job in CREW_JOBS[role] and p.person_id in ids for role, ids in wanted.items())
    )  # fmt: skip
    cast = sorted(record.cast, key=lambda p: p.order)[: MOST_OF_ROLE["cast"]]
    videos = tuple(v for v in record.videos if day is None or v.published_at[:10] <= str(day))
    return replace(
        before_release(record),
        tagline="",
        keywords=(),
        spoken_languages=(),
        cast=tuple(replace(p, order=place) for place, p in enumerate(cast)),
        crew=crew,
        companies=record.companies[: MOST_OF_ROLE["company"]],
        videos=videos,
    )
