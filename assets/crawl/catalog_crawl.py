"""What TMDB is asked for to know which movies there are and which changed, and the notes of it.

Votes are no change to TMDB: its list of changes does not show which movie now has enough of them.
So the scope is listed, all of it every four weeks, and its latest and coming movies at every crawl;
no changed movie that is unknown is requested by itself. Without a minimum of votes the list of
changes is complete: then each unknown movie is requested once.
"""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pipeline.core.errors import ConfigurationError, ItemError
from pipeline.core.outcomes import Reason
from pipeline.core.staleness import RECORDS
from pipeline.crawl.tmdb.watermark import Watermark, read_watermark, write_watermark
from resources.run_context import RunContext

CRAWLED_UNTIL = "crawled_until"
CATALOG_SCOPE = "catalog_scope"
LISTED_ON = "catalog_listed_on"
STUDIO_SIZE = "catalog_studio_size"
OUT_OF_SCOPE = "catalog_out_of_scope"

RELIST_DAYS = 28
"""Days after which all of the scope is listed again."""
LATE_DAYS = 90
"""Films released so many days ago, or later, are listed at every crawl: they gather votes."""
HORIZON_DAYS = 730
"""Films that are announced for a later day are not listed."""

_LOOKERS = 8


@dataclass(frozen=True)
class Scope:
    """Which movies belong to the catalog."""

    released_from: str
    min_votes: int

    @property
    def since(self) -> date:
        """The first release date.

        Raises:
            ConfigurationError: It is none.
        """
        try:
            return date.fromisoformat(self.released_from)
        except ValueError:
            raise ConfigurationError(
                f"released_from is {self.released_from!r}; it must be a date such as 1990-01-01."
            ) from None

    @property
    def filters(self) -> dict[str, str]:
        """What TMDB is asked for besides the dates."""
        return {"vote_count.gte": str(self.min_votes)} if self.min_votes > 0 else {}


@dataclass(frozen=True)
class Found:
    """What a crawl found.

    Attributes:
        movies: Every movie of the catalog, known and new.
        changed: Known movies that changed since they were last taken up.
        is_full: Whether all of the scope was listed.
        out_of_scope: Changed movies that were looked at and do not belong here.
        scope, today, mark: What to note once all is kept; `mark` is None where TMDB was not asked.
    """

    movies: tuple[int, ...]
    changed: frozenset[int] = frozenset()
    is_full: bool = False
    out_of_scope: frozenset[int] = frozenset()
    scope: Scope | None = None
    today: date | None = None
    mark: Watermark | None = None


@dataclass
class _Looked:
    """What became of changed movies that were not known."""

    belong: set[int] = field(default_factory=set)
    do_not: set[int] = field(default_factory=set)
    unclear: set[int] = field(default_factory=set)


def crawl(
    run_context: RunContext, scope: Scope, *, is_full: bool, warn: Callable[[str], None]
) -> Found:
    """Request from TMDB which movies there are and which changed.

    Raises:
        SourceError, FetchError: TMDB does not say; nothing has been noted then.
    """
    ledger, tmdb = run_context.ledger, run_context.tmdb
    today = datetime.fromtimestamp(run_context.clock(), UTC).date()
    mark = read_watermark(ledger.note(CRAWLED_UNTIL))
    since = mark.since(today)
    _warn_of_clock(mark, since, today, warn)
    earlier = set() if since is None else set(tmdb.changed_ids(since, today - timedelta(days=1)))
    listed_today = set(tmdb.changed_ids(today, today))
    known = set(ledger.movies())
    news = mark.changed_movies(today, earlier, listed_today)
    changed = known if since is None and mark.days else news & known
    is_full = is_full or since is None or not _was_listed(run_context, scope, today)
    listed = set(_list(run_context, scope, today, is_full=is_full))
    seen = set() if is_full else _read_ids(run_context, OUT_OF_SCOPE)
    looked = _look(run_context, scope, news - known - listed - seen if not is_full else ())
    return Found(
        tuple(sorted(known | listed | looked.belong)),
        frozenset(changed | (listed & _deleted(run_context) if is_full else set())),
        is_full,
        frozenset(seen | looked.do_not),
        scope,
        today,
        mark.advanced(today, listed_today - looked.unclear),
    )


def note_crawled(run_context: RunContext, found: Found) -> None:
    """Note what need not be asked again; the mark of changes last, when all else is kept."""
    if found.mark is None or found.scope is None or found.today is None:
        return
    ledger = run_context.ledger
    ledger.set_note(CATALOG_SCOPE, json.dumps([found.scope.released_from, found.scope.min_votes]))
    ledger.set_note(OUT_OF_SCOPE, json.dumps(sorted(found.out_of_scope)))
    if found.is_full:
        ledger.set_note(LISTED_ON, found.today.isoformat())
        ledger.set_note(STUDIO_SIZE, _studio_size(run_context))
    ledger.set_note(CRAWLED_UNTIL, write_watermark(found.mark))


def read_scope(run_context: RunContext) -> Scope | None:
    """Return the scope of the last finished crawl, or None before the first."""
    last = run_context.ledger.note(CATALOG_SCOPE)
    if last is None or (run_context.source.is_studio and not run_context.ledger.note(LISTED_ON)):
        return None  # earlier versions noted TMDB's votes for the studio as well
    return Scope(*json.loads(last))


def _warn_of_clock(
    mark: Watermark, since: date | None, today: date, warn: Callable[[str], None]
) -> None:
    if mark.is_ahead_of(today):
        again = "every movie is requested again" if since is None else f"resuming from {since}"
        last = mark.days[-1]
        warn(f"The last crawl was on {last}, today is {today}: a clock is wrong; {again}.")


def _was_listed(run_context: RunContext, scope: Scope, today: date) -> bool:
    """Whether all of this scope has been listed, not too long ago."""
    listed_on = run_context.ledger.note(LISTED_ON)
    if listed_on is None or read_scope(run_context) != scope:
        return False
    if (run_context.ledger.note(STUDIO_SIZE) or "") != _studio_size(run_context):
        return False
    return timedelta(0) <= today - date.fromisoformat(listed_on) < timedelta(days=RELIST_DAYS)


def _studio_size(run_context: RunContext) -> str:
    """Return the number of movies the studio was opened with; its growth is no change; else ""."""
    return str(run_context.source.about.get("opened_with", ""))


def _list(run_context: RunContext, scope: Scope, today: date, *, is_full: bool) -> Iterable[int]:
    late = scope.since if is_full else max(scope.since, today - timedelta(days=LATE_DAYS))
    return run_context.tmdb.discover_ids(late, today + timedelta(days=HORIZON_DAYS), scope.filters)


def _deleted(run_context: RunContext) -> set[int]:
    """Return the movies that TMDB had deleted; one that is listed again has come back."""
    statuses = run_context.ledger.statuses(RECORDS).items()
    return {i for i, (_, reason, _) in statuses if reason == Reason.DELETED_AT_SOURCE}


def _look(run_context: RunContext, scope: Scope, unknown: Iterable[int]) -> _Looked:
    """Request each changed movie that is unknown, and check whether it is in scope."""
    looked = _Looked()
    if scope.min_votes > 0:
        return looked
    with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="catalog") as pool:
        unknown = sorted(unknown)
        answers = pool.map(lambda tmdb_id: _belongs(run_context, scope, tmdb_id), unknown)
        for tmdb_id, belongs in zip(unknown, answers, strict=True):
            kind = {True: looked.belong, False: looked.do_not, None: looked.unclear}[belongs]
            kind.add(tmdb_id)
    return looked


def _belongs(run_context: RunContext, scope: Scope, tmdb_id: int) -> bool | None:
    """Whether a movie is of the scope; None where TMDB did not say."""
    from pipeline.crawl.tmdb.responses import parse_details

    try:
        record = parse_details(run_context.tmdb.summary(tmdb_id))
    except ItemError as error:
        return False if error.reason.status.is_final else None
    return record.release_date is not None and record.release_date >= scope.since


def _read_ids(run_context: RunContext, note: str) -> set[int]:
    return set(json.loads(run_context.ledger.note(note) or "[]"))
