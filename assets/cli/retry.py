"""Queue failed movies for retry, as `marquee retry` does."""

from collections.abc import Sequence

from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.errors import ConfigurationError
from pipeline.core.outcomes import Status
from resources.run_context import RunContext
from resources.trailers.trailer_sources import open_cooldown


def check_known(run_context: RunContext, movies: Sequence[int]) -> None:
    """Check that all of these movies are known.

    Raises:
        ConfigurationError: One is not.
    """
    known = run_context.ledger.movies()
    if unknown := [tmdb_id for tmdb_id in movies if tmdb_id not in known]:
        raise ConfigurationError(
            f"TMDB id {unknown[0]} is not among the {len(known)} movies known from "
            f"{run_context.source.label}; `marquee status --films` lists them."
        )


def queue_for_retry(
    run_context: RunContext,
    *,
    movies: Sequence[int] | None,
    asset: str,
    with_rejected: bool,
    with_done: bool,
) -> int:
    """Make rows stale at once that wait for another attempt; return their number.

    A pause of the trailer host is ended.

    Args:
        run_context: Whose ledger.
        movies: TMDB ids, or None for all.
        asset: Only this asset; all where empty.
        with_rejected: Whether to try rejected rows again too.
        with_done: Whether to recompute rows with a result, or of what is unavailable.
    """
    names = [spec.name for spec in MOVIE_ASSETS]
    if asset and asset not in names:
        raise ConfigurationError(f"No per-movie asset {asset!r}; there are {', '.join(names)}.")
    assets = [asset] if asset else names
    ledger = run_context.ledger
    check_known(run_context, movies or ())
    if "trailers" in assets:
        open_cooldown(run_context.settings, ledger, run_context.clock).end()
    count = ledger.retry_now(assets, movies)
    statuses = [Status.REJECTED.value] if with_rejected or with_done else []
    statuses += [Status.OK.value, Status.UNAVAILABLE.value] if with_done else []
    if statuses:
        wanted = movies if movies is not None else list(ledger.movies())
        count += ledger.forget(assets, wanted, statuses)
    return count
