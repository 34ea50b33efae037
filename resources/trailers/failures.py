"""Map yt-dlp's failures to reasons: it raises one class, with the cause inside or in words."""

import re
from collections.abc import Iterator, Sequence

from pipeline.core.errors import DiskError, FetchError
from pipeline.core.outcomes import Reason
from resources.http.pacing import read_retry_after_s
from resources.http.redaction import redact
from resources.http.transport import reason_of_status
from resources.trailers.fetched_trailer import DAY_S, PostponedError

_UNCLEAR = r"(video|content) is(n't|n’t| not) available\W*$"
"""YouTube's words for a video that is gone, and for a client that it does not serve."""

_WORDS = (
    (r"not a bot|captcha|unusual traffic", Reason.BOT_CHECK),
    (r"rate.?limit|too many requests|try again later", Reason.RATE_LIMITED),
    (r"on this (app|device|client|browser|platform|version)|latest version|update (the|your) app"
     r"|needs to be reloaded|something went wrong|error occurred|processing this video"
     r"|playback id|po token|javascript runtime", Reason.UNEXPECTED),
    (r"private video|video is private", Reason.PRIVATE),
    (r"confirm your age|age.?restricted|inappropriate for some users", Reason.AGE_GATED),
    (r"in your country|in your location|geo.?restrict|from your location", Reason.GEO_BLOCKED),
    (r"premieres? in|premiere will|live event|will begin|is not currently live|is offline",
     Reason.LIVE),
    (r"members.only|join this channel|requires payment|purchase|\bdrm\b|url scheme",
     Reason.FORBIDDEN),
    (r"\b(sign|log) ?in\b", Reason.UNEXPECTED),
    (_UNCLEAR, Reason.UNEXPECTED),
    (r"\bremoved|terminated|no longer available|does not exist|video unavailable",
     Reason.REMOVED),
    (r"more expected|incomplete ?read|did not get any data|content too short"
     r"|downloaded \d+ bytes, expected|\d+ bytes read|connection broken|failed to decode",
     Reason.CUT_OFF),
    (r"timed? ?out", Reason.TIMEOUT),
    (r"no suitable extractor", Reason.UNEXPECTED),
    (r"unsupported url|no video formats|requested format is not available|unsafe file extension",
     Reason.WRONG_TYPE),
    (r"connection|resolve|network is unreachable|remote end closed|\bssl\b", Reason.NETWORK),
)  # fmt: skip
"""What a message means where no class does; the first that fits counts. Messages about the client
or the session come before those about the video."""

VERDICT_DAYS = 30
"""Words alone decide nothing permanently: a video that they rule out is requested again later."""

_STATUS = re.compile(r"http error (\d{3})")
_PREFIX = re.compile(r"^(?:ERROR:\s*)?(?:\[[^\]]+\]\s+(?:\S+:\s)?)?")
"""What yt-dlp writes before a message: the site and the video's key."""

_BEGINS_IN = re.compile(
    r"in (?:about )?(?P<count>\d+|an?|a few) (?P<unit>minute|hour|day|week|month)s?"
)
_UNIT_S = {"minute": 60.0, "hour": 3600.0, "day": DAY_S, "week": 7 * DAY_S, "month": 31 * DAY_S}

OUTDATED = "`uv run marquee doctor` shows whether yt-dlp is too old or lacks something"
"""YouTube describes a video in words, with status 200. An error status, or a video without files,
means that yt-dlp is too old or lacks its JavaScript runtime, and nothing about the video: the movie
is retried."""

WITHHELD = (
    "YouTube offers this client only formats that yt-dlp cannot download (SABR). A provider of PO "
    "tokens (MARQUEE_YOUTUBE_PLUGINS), cookies (MARQUEE_YOUTUBE_COOKIES) or a newer yt-dlp, which "
    "asks as another client, gets others: docs/sources.md"
)
REFUSED = (
    "YouTube refused the video's data, also after a fresh extraction: a provider of PO tokens "
    "(MARQUEE_YOUTUBE_PLUGINS) or a newer yt-dlp helps where it stays so"
)

SHORT_WAIT_S = 60.0
"""A `Retry-After` up to this is waited for; a longer one ends the queue."""


class RefusedMediaError(FetchError):
    """The host refuses the data of a video that it has just described (403).

    The addresses of the data are signed and may have ended: a fresh extraction finds others.
    """


class RetryAfterError(FetchError):
    """The host names the time after which a request may be sent again."""

    def __init__(self, failure: FetchError, wait_s: float):
        super().__init__(failure.reason, failure.detail)
        self.wait_s = wait_s
        self.is_short = wait_s <= SHORT_WAIT_S


def classify_failure(
    error: BaseException,
    *,
    of_youtube: bool = False,
    key: str = "",
    of_media: bool = False,
    is_withheld: bool = False,
) -> FetchError:
    """Return the failure of one video: its reason, and its own message, shortened.

    Classes of errors and status codes decide first. Words decide nothing permanently: where they
    alone rule a video out, it is a `PostponedError`.

    Args:
        error: Whatever yt-dlp raised.
        of_youtube: Whether YouTube is the host.
        key: The video's key, in which no words are looked for.
        of_media: Whether the data of an extracted video were requested.
        is_withheld: Whether yt-dlp has remarked formats of the video that it cannot download.

    Raises:
        DiskError: It is the disk that failed.
    """
    failure = _classify(error, key)
    is_refused = of_media and _has_status(error, 403)
    if of_youtube and _is_bare_error(error, failure.reason):
        remedy = REFUSED if is_refused else WITHHELD if is_withheld else OUTDATED
        failure = FetchError(Reason.UNEXPECTED, f"{failure.detail}; {remedy}")
    return RefusedMediaError(failure.reason, failure.detail) if is_refused else failure


def _has_status(error: BaseException, status: int) -> bool:
    from yt_dlp.networking.exceptions import HTTPError

    causes = [cause for cause in _unwrap(error) if isinstance(cause, HTTPError)]
    words = _STATUS.search(str(error).lower())  # all that is left of a fragment's error
    return any(cause.status == status for cause in causes) or (
        not causes and words is not None and int(words[1]) == status
    )


def requested_wait_s(error: BaseException) -> float | None:
    """Return the wait that the host requires (`Retry-After`); None where it names none."""
    from yt_dlp.networking.exceptions import HTTPError

    for cause in _unwrap(error):
        if isinstance(cause, HTTPError) and cause.status in (429, 503):
            return read_retry_after_s(cause.response.headers.get("Retry-After"))
    return None


def _is_bare_error(error: BaseException, reason: Reason) -> bool:
    """Whether the host responded with an error that says nothing about the video."""
    from yt_dlp.networking.exceptions import HTTPError

    causes = list(_unwrap(error))
    if any(isinstance(cause, FetchError) for cause in causes):
        return False  # our own rejection
    has_status = any(isinstance(cause, HTTPError) for cause in causes)
    has_status = has_status or bool(_STATUS.search(str(error).lower()))
    return reason is Reason.WRONG_TYPE or (reason is Reason.FORBIDDEN and has_status)


def _classify(error: BaseException, key: str) -> FetchError:
    causes = list(_unwrap(error))
    for cause in causes:
        if isinstance(cause, OSError) and DiskError.is_behind(cause):
            raise DiskError.of(cause, "A trailer cannot be written") from error
    for cause in causes:
        if isinstance(cause, PostponedError):
            return cause
        if isinstance(cause, FetchError):
            return FetchError(cause.reason, cause.detail)
    detail = _shorten(str(error))
    for cause in reversed(causes):
        reason = _classify_type(cause)
        if reason is not None:
            return FetchError(reason, detail)
    message = _words_of(causes, key)
    reason = classify_message(message)
    if reason is Reason.LIVE:
        return PostponedError(reason, detail, wait_s=_wait_until_begin_s(message))
    if reason.status.is_final:
        return PostponedError(reason, detail, wait_s=VERDICT_DAYS * DAY_S)
    is_unclear = reason is Reason.UNEXPECTED and re.search(_UNCLEAR, message.lower().strip())
    return PostponedError(reason, detail) if is_unclear else FetchError(reason, detail)


def _words_of(causes: Sequence[BaseException], key: str) -> str:
    """Return the messages without keys, files and addresses, which may contain any word."""
    messages = [re.sub(r"\x1b\[[0-9;]*m", "", str(cause)) for cause in causes]
    words = " ".join(_PREFIX.sub("", text).split("; please report this")[0] for text in messages)
    words = re.sub(r"\S*(?:://|[/\\=])\S*", "", words)
    for one in {key, *(str(getattr(cause, "video_id", "")) for cause in causes)}:
        if classify_message(one) is not Reason.UNEXPECTED:
            words = words.replace(one, "")
    return words


def _wait_until_begin_s(message: str) -> float:
    """Return how long a premiere is away in its announcement's words; 0 where none says it."""
    found = _BEGINS_IN.search(message.lower())
    if found is None:
        return 0.0
    count = float(found["count"]) if found["count"].isdigit() else 1.0
    return (count + 1) * _UNIT_S[found["unit"]]


def classify_message(message: str) -> Reason:
    """Return the reason that a message of yt-dlp stands for.

    Example:
        >>> classify_message("ERROR: [youtube] x: Sign in to confirm you’re not a bot.").value
        'bot_check'
        >>> classify_message("ERROR: [youtube] x: Private video. Sign in if you've been").value
        'private'
    """
    message = message.lower()
    status = _STATUS.search(message)
    if status:
        return reason_of_status(int(status[1]))
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


def _classify_type(cause: BaseException) -> Reason | None:
    from requests import Timeout
    from urllib3.exceptions import NewConnectionError
    from urllib3.exceptions import TimeoutError as PoolTimeoutError
    from yt_dlp.networking import exceptions as network
    from yt_dlp.utils import (
        ContentTooShortError,
        GeoRestrictedError,
        UnsupportedError,
        UserNotLive,
    )

    if isinstance(cause, network.HTTPError):
        return Reason.SERVER_ERROR if cause.redirect_loop else reason_of_status(cause.status)
    known = (
        (UserNotLive, Reason.LIVE),
        (GeoRestrictedError, Reason.GEO_BLOCKED),
        ((ContentTooShortError, network.IncompleteRead), Reason.CUT_OFF),
        (NewConnectionError, Reason.NETWORK),  # which urllib3 counts among timeouts
        ((Timeout, PoolTimeoutError), Reason.TIMEOUT),
        (UnsupportedError, Reason.WRONG_TYPE),
    )
    return next((reason for kinds, reason in known if isinstance(cause, kinds)), None)


def _shorten(message: str) -> str:
    """Remove colours, the prefix, the request for a bug report and the signature of an address."""
    message = re.sub(r"\x1b\[[0-9;]*m|\r", "", message)
    message = re.sub(r"^ERROR:\s*", "", message).split("; please report this issue")[0]
    message = re.sub(r"\?[^\s'\")]{8,}", "?…", message)
    return redact(" ".join(message.split()))[:200]
