"""What TMDB's own error codes mean: for one movie, or for every question."""

import json

from pipeline.core.errors import CredentialError, FetchError, SourceError
from pipeline.core.outcomes import Reason
from resources.http.transport import HttpStatusError

NOT_FOUND_CODES = (6, 34)
MAINTENANCE_CODES = (9, 46)
SUSPENDED_CODE = 45


def find_fatal_error(error: HttpStatusError) -> SourceError | None:
    """Return the error that stops the whole crawl, or None where only one question failed."""
    code, message = _read(error.body)
    if error.status == 401:
        return CredentialError(
            f"TMDB refuses the key (HTTP 401, code {code}). Check TMDB_API_KEY: it must be the v3 "
            "key or the v4 token from themoviedb.org, account settings, API."
        )
    if error.status == 403 and code == SUSPENDED_CODE:
        return CredentialError(
            f"TMDB has suspended the account of this key (HTTP 403, code {code}). Ask TMDB, or set "
            "TMDB_API_KEY to another."
        )
    if error.status == 503 and code in MAINTENANCE_CODES:
        return SourceError(
            f"TMDB is in maintenance (HTTP 503, code {code}): {message} Run again later."
        )
    return None


def rate_limited_error(error: HttpStatusError) -> SourceError:
    """Return the error of a key that stays limited."""
    return SourceError(
        f"TMDB limits this key ({error.detail}). Wait, or lower MARQUEE_REQUESTS_PER_S; run again "
        "later: what is not done stays pending."
    )


def as_movie_error(error: HttpStatusError) -> FetchError:
    """Return the same failure, named `DELETED_AT_SOURCE` where TMDB says that it has no such movie.

    A 404 in any other words is not TMDB's own and proves nothing about the movie.
    """
    code, _ = _read(error.body)
    if error.status == 404 and code in NOT_FOUND_CODES:
        return FetchError(
            Reason.DELETED_AT_SOURCE, f"TMDB has no such movie (code {code}): {error.detail}"
        )
    return error


def _read(body: bytes) -> tuple[int | None, str]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(answer, dict):
        return None, ""
    code = answer.get("status_code")
    return (code if isinstance(code, int) else None), str(answer.get("status_message", ""))[:200]
