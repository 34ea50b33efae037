"""How old records are: which have to be requested again, and which are kept too long."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipeline.core.outcomes import Status
from pipeline.core.staleness import RECORDS, Row
from pipeline.core.terms import find_terms, read_time_s
from resources.run_context import RunContext
from resources.settings import RECORD_DAYS
from resources.storage.movie_files import MovieFile

DAY_S = 86_400.0

AT_ONCE_S = 1.0
"""A moment that has passed: 0 would mean never."""


def find_next_requests(run_context: RunContext, rows: Mapping[int, Row]) -> Mapping[int, float]:
    """Return when records have to be requested again because of their age.

    Only a source that limits caching sets a time (`MARQUEE_RECORD_DAYS`; 0: never). A film that it
    no longer has is requested again as late as others. A record without terms, kept by an earlier
    version, is requested at once.

    Args:
        run_context: Its source and settings.
        rows: Rows of the records by movie.

    Returns:
        Seconds since the epoch, by movie; movies that are never requested again are not in it.

    Raises:
        ConfigurationError: The setting is no number of at least 0.
    """
    days = _days(run_context)
    found = {}
    for tmdb_id, row in rows.items():
        if row.status == Status.OK and not row.metadata.get("fetched_at"):
            found[tmdb_id] = AT_ONCE_S
        elif days:
            found[tmdb_id] = _requested_s(row) + days * DAY_S
    return found


def age_version(run_context: RunContext) -> str:
    """Return the version of what `find_next_requests` reads beside the rows."""
    return f"{run_context.source.terms_id}: {_days(run_context)} days"


def _days(run_context: RunContext) -> float:
    """Return the age at which records are requested again, in days; 0: never."""
    days = run_context.settings.number("record_days", RECORD_DAYS, may_be_zero=True)
    is_limited = find_terms(run_context.source.terms_id).caching_days is not None
    return days if is_limited else 0.0


def _requested_s(row: Row) -> float:
    """Return when the source was last asked: of what it gave the time of reading, if known."""
    read_s = read_time_s(row.metadata.get("fetched_at")) if row.status == Status.OK else None
    return row.written_s if read_s is None else read_s


@dataclass(frozen=True)
class KeptTooLong:
    """Movies whose records are past their last lawful day.

    Attributes:
        source: Name of the source that limits caching; "" where none does.
        days: Its longest caching.
        waiting: Movies that have to be requested again.
        gone: Movies that the source no longer has; their last data are still in the store.
    """

    source: str = ""
    days: int = 0
    waiting: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """What a person must know, with the remedy; empty where nothing is kept too long."""
        limit = f"past the last lawful day ({self.source}, {self.days} days as reported)"
        listed = []
        if self.waiting:
            listed.append(
                f"{len(self.waiting)} records are {limit}, e.g. of movie {self.waiting[0]}: "
                "`uv run marquee build` requests them again."
            )
        if self.gone:
            listed.append(
                f"{len(self.gone)} records of movies that {self.source} no longer has are {limit}; "
                f"nothing is deleted by itself: remove their files, e.g. movies/{self.gone[0]}.json"
            )
        return listed


def find_kept_too_long(run_context: RunContext, record_file: MovieFile) -> KeptTooLong:
    """Find the records that are past their last lawful day.

    Args:
        run_context: Store, ledger and source.
        record_file: Where records lie.
    """
    terms = find_terms(run_context.source.terms_id)
    if terms.caching_days is None:
        return KeptTooLong()
    past = dict(_find_past(run_context, record_file, timedelta(days=terms.caching_days)))
    gone = [i for i, row in past.items() if row.status == Status.UNAVAILABLE]
    waiting = sorted(past.keys() - set(gone))
    return KeptTooLong(terms.name, terms.caching_days, tuple(waiting), tuple(sorted(gone)))


def _find_past(
    run_context: RunContext, record_file: MovieFile, longest: timedelta
) -> Iterator[tuple[int, Row]]:
    now = datetime.fromtimestamp(run_context.clock(), UTC)
    rows = run_context.ledger.rows_before(RECORDS, (now - longest).timestamp())
    for tmdb_id, row in rows.items():
        is_kept = row.status == Status.OK or "fetched_at" in row.metadata
        if not (is_kept or "last_data" in row.metadata) or now.date() <= _last_day(row, longest):
            continue
        if row.status == Status.OK or record_file.path(run_context.store, tmdb_id).exists():
            yield tmdb_id, row


def _last_day(row: Row, longest: timedelta) -> date:
    """Return the last lawful day; an earlier version's row counts from when it was written."""
    try:
        return date.fromisoformat(str(row.metadata.get("last_lawful_day", "")))
    except ValueError:
        return datetime.fromtimestamp(row.written_s, UTC).date() + longest
