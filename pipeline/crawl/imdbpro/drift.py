"""Tells one strange page from a source whose pages have changed for all movies."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from pipeline.core.errors import SourceError
from pipeline.core.outcomes import Outcome, Reason

ENOUGH = 5.0
"""Sum of weights, over movies in a row, at which the source counts as changed."""

STRANGE_WEIGHT = 1.0
MISSING_WEIGHT = 0.25
"""A missing page weighs less: ids at TMDB die one by one, addresses change for all at once."""

STRANGE = frozenset(
    {
        Reason.MALFORMED, Reason.BOT_CHECK, Reason.FORBIDDEN, Reason.RATE_LIMITED,
        Reason.WRONG_TYPE, Reason.TOO_LARGE, Reason.GEO_BLOCKED, Reason.UNEXPECTED,
    }
)  # fmt: skip
"""Why a page counts as strange; a host that is down is the breaker's business."""


def weigh(reason: Reason | None) -> float | None:
    """Say how much a page speaks for a change of the source; None is a good page.

    Returns:
        0 for a good page; None where the failure says nothing of pages.

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
    """Pass outcomes on; stop where so many in a row came of strange pages.

    The outcome of a strange page is held back until a good page shows that the others are well, or
    until there are no more. So where all pages are strange no movie has a row for it: none pays.

    Args:
        outcomes: One per movie, in the order they come.
        weight_of: Gives of a movie what `weigh` gave; None where no page was read.
        source: Name of the source, for the message.
        enough: Sum that stops it.

    Raises:
        SourceError: The source's pages have changed, or it shows us others.
    """
    held: list[Outcome] = []
    total = 0.0
    for outcome in outcomes:
        weight = weight_of(outcome.tmdb_id)
        if weight:
            held.append(outcome)
            total += weight
            if total >= enough:
                raise SourceError(_tell(held, source))
            continue
        if weight == 0.0:
            yield from held
            held, total = [], 0.0
        yield outcome
    yield from held


def _tell(held: list[Outcome], source: str) -> str:
    reasons = Counter(str(one.reason or "kept as it was") for one in held)
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    last = held[-1]
    return (
        f"{len(held)} films in a row got strange pages of {source} ({counted}; the last, movie "
        f"{last.tmdb_id}: {last.detail}). Either its layout has drifted and marquee must learn the "
        "new one, or it shows us a page of its own: look at one in a browser. No film pays for it; "
        f"all stay due. Unset IMDBPRO_COOKIE to do without {source} until then."
    )
