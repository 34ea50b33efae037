"""Tells yt-dlp's failures apart: it raises one class for all, with the cause inside or in words.

What belongs here: the table. What does not: what is done about a failure (see `resources.youtube`).
"""

import errno
import re
from collections.abc import Iterator

from pipeline.errors import DiskError, FetchError
from pipeline.outcomes import Reason
from resources.http_status import tell_reason

_WORDS = (
    (r"not a bot|captcha|unusual traffic", Reason.BOT_CHECK),
    (r"rate.?limit|too many requests|try again later", Reason.RATE_LIMITED),
    (r"private video|video is private", Reason.PRIVATE),
    (r"confirm your age|age.?restricted|inappropriate for some users", Reason.AGE_GATED),
    (r"in your country|in your location|geo.?restrict|from your location", Reason.GEO_BLOCKED),
    (r"premieres in|live event|will begin in|is not currently live|is offline", Reason.LIVE),
    (r"members.only|join this channel|requires payment|purchase|drm|log ?in|sign in|url scheme",
     Reason.FORBIDDEN),
    (r"removed|terminated|no longer available|does not exist|video unavailable"
     r"|(video|content) is(n't| not) available", Reason.REMOVED),
    (r"more expected|incomplete ?read|did not get any data|content too short"
     r"|downloaded \d+ bytes, expected", Reason.CUT_OFF),
    (r"timed? ?out", Reason.TIMEOUT),
    (r"no suitable extractor", Reason.UNEXPECTED),
    (r"unsupported url|no video formats|unsafe file extension", Reason.WRONG_TYPE),
    (r"connection|resolve|network is unreachable|remote end closed|ssl", Reason.NETWORK),
)  # fmt: skip
"""What a message means where no class does; the first that fits counts."""

_STATUS = re.compile(r"HTTP Error (\d{3})")


def classify_failure(error: BaseException) -> FetchError:
    """Give the failure of one video with its reason.

    Args:
        error: Whatever yt-dlp raised.

    Returns:
        A `FetchError` whose detail is the cause's own message, shortened.
    """
    causes = list(_unwrap(error))
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise DiskError(
                f"A trailer cannot be written ({cause.strerror}). Free some space or mend the "
                "rights, then run again: nothing that was done is lost."
            ) from error
    for cause in causes:
        if isinstance(cause, FetchError):
            return FetchError(cause.reason, cause.detail)
    detail = _shorten(str(error))
    for cause in reversed(causes):
        reason = _tell_by_class(cause)
        if reason is not None:
            return FetchError(reason, detail)
    return FetchError(tell_by_words(" ".join(map(str, causes))), detail)


def tell_by_words(message: str) -> Reason:
    """Give the reason that a message of yt-dlp stands for.

    Example:
        >>> tell_by_words("ERROR: [youtube] x: Sign in to confirm you’re not a bot.").value
        'bot_check'
        >>> tell_by_words("ERROR: [youtube] x: Private video. Sign in if you've been granted").value
        'private'
    """
    message = message.lower()
    status = _STATUS.search(message) or re.search(r"http error (\d{3})", message)
    if status:
        return tell_reason(int(status[1]))
    return next(
        (reason for words, reason in _WORDS if re.search(words, message)), Reason.UNEXPECTED
    )


def _unwrap(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and what lies behind it, the outermost first."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        current = todo.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        exc_info = getattr(current, "exc_info", None) or (None, None, None)
        todo += [exc_info[1], getattr(current, "cause", None), current.__cause__]
        todo += [argument for argument in current.args if isinstance(argument, BaseException)]


def _tell_by_class(cause: BaseException) -> Reason | None:
    from requests import Timeout
    from urllib3.exceptions import TimeoutError as PoolTimeoutError
    from yt_dlp.networking import exceptions as network
    from yt_dlp.utils import ContentTooShortError, GeoRestrictedError, UnsupportedError

    if isinstance(cause, network.HTTPError):
        return Reason.SERVER_ERROR if cause.redirect_loop else tell_reason(cause.status)
    known = (
        (GeoRestrictedError, Reason.GEO_BLOCKED),
        ((ContentTooShortError, network.IncompleteRead), Reason.CUT_OFF),
        ((Timeout, PoolTimeoutError), Reason.TIMEOUT),
        (UnsupportedError, Reason.WRONG_TYPE),
    )
    return next((reason for kinds, reason in known if isinstance(cause, kinds)), None)


def _shorten(message: str) -> str:
    """Take off colours, the prefix and the request for a bug report."""
    message = re.sub(r"\x1b\[[0-9;]*m|\r", "", message)
    message = re.sub(r"^ERROR:\s*", "", message).split("; please report this issue")[0]
    return " ".join(message.split())[:200]
