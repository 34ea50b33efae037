"""Distinguish one unreadable page from a source whose layout has changed for all movies."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from pipeline.core.errors import SourceError
from pipeline.core.outcomes import Outcome, Reason

ENOUGH = 5.0
"""Sum of weights, over consecutive movies, at which the layout counts as changed."""

STRANGE_WEIGHT = 1.0
MISSING_WEIGHT = 0.25
"""A missing page weighs less: ids at TMDB die one by one, addresses change for all at once."""

STRANGE = frozenset(
    {
        Reason.MALFORMED, Reason.BOT_CHECK, Reason.FORBIDDEN, Reason.RATE_LIMITED,
        Reason.WRONG_TYPE, Reason.TOO_LARGE, Reason.GEO_BLOCKED, Reason.UNEXPECTED,
    }
)  # fmt: skip
"""Reasons for which a page counts as unreadable; a host that is down has a circuit breaker."""


def weigh(reason: Reason | None) -> float | None:
    """Return how much one page is evidence of a changed layout.

    Args:
        reason: Why the page could not be read; None for a good page.

    Returns:
        0 for a good page; None where the failure is no evidence about pages.

    Example:
        >>> weigh(None), weigh(Reason.MALFORMED), weigh(Reason.GONE), weigh(Reason.TIMEOUT)
        (0.0, 1.0, 0.25, None)
    """
    if reason is None:
        return 0.0
    if reason is Reason.GONE:
        return MISSING_WEIGHT
    return STRANGE_WEIGHT if reason in STRANGE else None


def stop_on_layout_drift(
    outcomes: Iterable[Outcome],
    weight_of: Callable[[int], float | None],
    *,
    source: str,
    enough: float = ENOUGH,
) -> Iterator[Outcome]:
    """Yield outcomes; stop when too many consecutive pages are unreadable.

    The outcome of an unreadable page is held back until a good page follows, or until the end. So
    where all pages are unreadable no movie has a row for it: no retry is consumed.

    Args:
        outcomes: One per movie, in order of arrival.
        weight_of: Maps a movie to the weight of its page; None where no page was read.
        source: Name of the source, for the message.
        enough: Sum of weights that stops it.

    Raises:
        SourceError: The source's pages have changed, or it shows other ones to us.
    """
    held: list[Outcome] = []
    total = 0.0
    for outcome in outcomes:
        weight = weight_of(outcome.tmdb_id)
        if weight:
            held.append(outcome)
            total += weight
            if total >= enough:
                raise SourceError(_drift_message(held, source))
            continue
        if weight == 0.0:
            yield from held
            held, total = [], 0.0
        yield outcome
    yield from held


def _drift_message(held: list[Outcome], source: str) -> str:
    reasons = Counter(str(one.reason or "kept as it was") for one in held)
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    last = held[-1]
    return (
        f"{len(held)} consecutive movies got unreadable pages of {source} ({counted}; the last, "
        f"movie {last.tmdb_id}: {last.detail}). Either its layout has drifted and marquee must "
        "learn the new one, or it shows a special page: open one in a browser. No retry is "
        "consumed, all movies stay pending. Unset IMDBPRO_COOKIE to do without "
        f"{source} until then."
    )
