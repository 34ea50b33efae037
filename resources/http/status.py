"""What an HTTP error status means for one movie."""

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason

_KNOWN = {
    404: Reason.GONE,
    410: Reason.GONE,
    451: Reason.GEO_BLOCKED,
    407: Reason.NETWORK,  # the proxy wants a name: between us and the host
    408: Reason.TIMEOUT,
    429: Reason.RATE_LIMITED,
    # a state of the server that passes. Source: RFC 9110, 4918 and 8470.
    **dict.fromkeys((409, 421, 423, 424, 425), Reason.SERVER_ERROR),
}


class HttpStatusError(FetchError):
    """The server answered with an error; carries what it said, for the source's own reader."""

    def __init__(
        self, reason: Reason, detail: str, status: int, body: bytes, wait_s: float | None = None
    ):
        super().__init__(reason, detail)
        self.status = status
        self.body = body
        self.wait_s = wait_s


def tell_reason(status: int) -> Reason:
    """Return the reason that an HTTP error status stands for.

    Example:
        >>> [tell_reason(status).value for status in (404, 403, 429, 503)]
        ['gone', 'forbidden', 'rate_limited', 'server_error']
    """
    if status in _KNOWN:
        return _KNOWN[status]
    if 400 <= status < 500:
        return Reason.FORBIDDEN
    return Reason.SERVER_ERROR if status >= 500 else Reason.UNEXPECTED
