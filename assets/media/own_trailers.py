"""What the trailers of single movies also depend on: the user's own files, and the host's rest."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.core.staleness import Due, Need, Row, Step
from resources.run_context import RunContext
from resources.trailers.trailer_sources import open_own, open_pauses

TRAILERS = "trailers"


def own_versions(
    run_context: RunContext, step: Step, records: Mapping[int, Row | None]
) -> dict[int, str]:
    """Give, for each movie with a trailer of the user's own, the version of that file.

    So a file that is added, replaced or taken away makes its movie due, and no other one.

    Args:
        run_context: Whose settings.
        step: Only trailers have any.
        records: The movies' rows in `movie_records`: they know IMDb ids and videos.
    """
    own = open_own(run_context.settings) if step.name == TRAILERS else None
    if own is None:
        return {}
    known = {
        tmdb_id: (str(row.metadata.get("imdb_id") or ""), row.metadata.get("trailer_keys") or ())
        for tmdb_id, row in records.items()
        if row is not None
    }
    return own.versions(known)


def leave_to_rest(
    run_context: RunContext, step: Step, due: Mapping[int, Due], own: Mapping[int, str]
) -> dict[int, Due]:
    """Let movies wait whose trailer the host would be asked for while it rests."""
    if step.name != TRAILERS or not tell_rest(run_context):
        return dict(due)
    return {
        tmdb_id: replace(found, need=Need.WAIT)
        if found.need is Need.WORK and tmdb_id not in own
        else found
        for tmdb_id, found in due.items()
    }


def tell_rest(run_context: RunContext) -> str:
    """Say until when the trailer host rests, and why; empty where it does not."""
    pauses = open_pauses(run_context.settings, run_context.ledger, run_context.clock)
    pause = pauses.current()
    return pause.tell() if pause else ""
