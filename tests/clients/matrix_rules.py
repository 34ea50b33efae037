"""What each fault must come to, reported from what it is and what the client's answer means.

The rules know nothing of the code. Five sentences make them:

1. What the server says of an item is the item's end; what passes by itself is tried again, `TRIES`
   times now and later by the ledger.
2. What TMDB and IMDbPro refuse, they refuse to us and not to a film: no film pays.
3. What is about all films cannot be refused to one: it stops the run, or is tried again.
4. An answer that is too large, or leads where it may not, is not asked for a second time.
5. Who asks to be left alone is left alone, by the neighbours as well.
"""

from dataclasses import dataclass

from matrix_clients import MAX_WAIT_S, TRIES, Client
from matrix_faults import Fault
from present import present

MAX_REDIRECTS = 5
PASSING = ("rate_limited", "server_error", "timeout", "network", "cut_off")
STATUS_OF = {
    **dict.fromkeys(PASSING, "retry"),
    **dict.fromkeys(("unexpected", "bot_check"), "retry"),
    "deleted_at_source": "absent",
    "ok": "ok",
}
"""Ledger status by reason; every other reason is `refused`."""


@dataclass(frozen=True)
class Result:
    """What became of one cell.

    Attributes:
        status: Of the item's row in the ledger, or `stops` where the run stops.
        reason: Of the row, or the class of the error.
        attempts: Requests that the server saw for the item.
        beside: What became of the neighbour that was under way meanwhile.
        after: What became of the one that was asked for afterwards.
    """

    status: str
    reason: str
    attempts: int
    beside: str = "ok"
    after: str = "ok"


_ALWAYS = {
    "none": "ok",
    "no length": "ok",
    "unasked": "unexpected",
    "silence": "timeout",
    "silence inside": "timeout",
    "drip": "timeout",
    "drip inside": "timeout",
    "flood": "too_large",
    "too large": "too_large",
    "no answer": "network",
    "cut off": "cut_off",
    "reset inside": "cut_off",
    "damaged gzip": "cut_off",
    "refused address": "forbidden",
    "loop": "server_error",
}
"""What a fault is whoever meets it."""

_CONTENT = {
    "TMDB": {
        **dict.fromkeys(("page", "typed page"), "wrong_type"),
        **dict.fromkeys(("nothing", "half", "text", "scrap", "blank"), "malformed"),
        "twice": "ok",
    },
    "image host": {
        **dict.fromkeys(("page", "typed page", "text", "scrap", "blank", "twice"), "wrong_type"),
        **dict.fromkeys(("nothing", "half"), "cut_off"),
    },
    "IMDbPro summary": {
        **dict.fromkeys(("page", "typed page", "half", "text", "scrap"), "malformed"),
        **dict.fromkeys(("nothing", "blank"), "bot_check"),
        "twice": "ok",
    },
    "IMDbPro days": {
        **dict.fromkeys(("page", "typed page", "nothing", "text", "scrap", "blank"), "bot_check"),
        "half": "malformed", "twice": "ok",
    },
    "trailer host": {
        **dict.fromkeys(("page", "typed page", "text", "twice"), "wrong_type"),
        **dict.fromkeys(("half", "scrap", "blank"), "malformed"),
        "nothing": "cut_off",
    },
}  # fmt: skip
"""What a body is that came whole and is not what was wanted."""


_ODD_FILES = {"no length": "unexpected", "unasked": "cut_off"}
"""What differs where yt-dlp reads: it wants a length that is a number, and a file in every 2xx."""


def expect(client: Client, fault: Fault) -> Result:
    """Return what the cell must come to."""
    reason = _tell(client, fault)
    stop = _find_stop(client, fault, reason)
    if reason in ("forbidden", "wrong_type") and client.source in ("tmdb", "imdbpro"):
        reason = "unexpected"
    status = "stops" if stop else STATUS_OF.get(reason, "refused")
    return Result(
        status, stop or reason, _count(client, fault, reason), after=_after(client, fault)
    )


def _tell(client: Client, fault: Fault) -> str:
    if client.source == "trailers" and fault.cause in _ODD_FILES:
        return _ODD_FILES[fault.cause]
    if fault.cause == "status":
        return _tell_status(client, fault)
    return _ALWAYS.get(fault.cause) or _CONTENT[client.kind][fault.cause]


def _tell_status(client: Client, fault: Fault) -> str:
    status = present(fault.status)
    if status == 404 and fault.is_tmdb and client.source == "tmdb":
        return "deleted_at_source"
    if status in (404, 410):
        return "gone"
    if status in (409, 421, 423, 424, 425) or status >= 500:
        return "server_error"
    known = {407: "network", 408: "timeout", 429: "rate_limited", 451: "geo_blocked"}
    return known.get(status) or ("forbidden" if status >= 400 else "unexpected")


def _find_stop(client: Client, fault: Fault, reason: str) -> str:
    """Return the class of the error where the whole run stops, else nothing."""
    if fault.status == 401 and client.source in ("tmdb", "imdbpro"):
        return "CredentialError"
    if client.source != "tmdb":
        return ""
    is_maintenance = fault.status == 503 and fault.is_tmdb
    is_nonsense = not client.is_about_one and reason not in (*PASSING, "ok")
    return "SourceError" if fault.status == 429 or is_maintenance or is_nonsense else ""


def _count(client: Client, fault: Fault, reason: str) -> int:
    """Return the attempts; what shows only when the content is looked at is not asked for again."""
    if _is_long(fault) or reason not in PASSING or fault.cause in ("nothing", "half"):
        return 1
    if client.source == "trailers":
        is_out_of_time = fault.cause == "drip inside"  # the limit is that of the whole file
        rests = fault.status == 429 and fault.wait_s is None  # see the fifth rule
        if is_out_of_time or rests:
            return 1
    return TRIES * (MAX_REDIRECTS + 1) if fault.cause == "loop" else TRIES


def _after(client: Client, fault: Fault) -> str:
    if fault.status == 429 and client.source == "trailers":
        return "waits"  # a film that was not asked for stays due; the run goes on
    return "SourceError" if _is_long(fault) else "ok"


def _is_long(fault: Fault) -> bool:
    return (fault.wait_s or 0.0) > MAX_WAIT_S
