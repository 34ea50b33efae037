"""Making failed films due again, as `marquee retry` does."""

from collections.abc import Sequence

from assets.orchestration.asset_specs import STEPS
from pipeline.core.errors import ConfigurationError
from pipeline.core.outcomes import Status
from resources.run_context import RunContext
from resources.trailers.trailer_sources import open_pauses


def make_due(
    run_context: RunContext,
    *,
    movies: Sequence[int] | None,
    asset: str,
    with_refused: bool,
    with_done: bool,
) -> int:
    """Make rows that wait for another attempt due at once; give their number.

    A rest that the trailer host asked for is ended.

    Args:
        run_context: Whose ledger.
        movies: TMDB ids, or None for all.
        asset: Only this asset; all where empty.
        with_refused: Whether rows that were refused for good are to be tried again too.
        with_done: Whether rows with a result, or of what does not exist, are to be made anew.
    """
    names = [step.name for step in STEPS]
    if asset and asset not in names:
        raise ConfigurationError(f"No asset {asset!r} is per film; there are {', '.join(names)}.")
    assets = [asset] if asset else names
    ledger = run_context.ledger
    if "trailers" in assets:
        open_pauses(run_context.settings, ledger, run_context.clock).end()
    count = ledger.retry_now(assets, movies)
    statuses = [Status.REFUSED.value] if with_refused or with_done else []
    statuses += [Status.OK.value, Status.ABSENT.value] if with_done else []
    if statuses:
        wanted = movies if movies is not None else list(ledger.movies())
        count += ledger.forget(assets, wanted, statuses)
    return count
