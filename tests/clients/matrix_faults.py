"""The faults of the matrix: what a server sends instead of a good answer.

Every fault names its `cause`, the word by which `matrix_rules` knows what it means. A script is the
bytes of an answer, or a function that does anything to the connection.
"""

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from scripted_server import Says, answer

CLIENT_ERRORS = (
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 413, 414, 415, 416, 418, 421, 422, 423,
    424, 425, 426, 428, 429, 431, 451,
)  # fmt: skip
SERVER_ERRORS = (
    500, 501, 502, 503, 504, 505, 507, 508, 509, 511, 520, 521, 522, 523, 524, 525, 526, 530,
)  # fmt: skip
UNASKED = (204, 206, 304)
REFUSED_ADDRESSES = (
    "file:///etc/passwd",
    "ftp://127.0.0.1/a",
    "data:text/plain,x",
    "http://10.0.0.1/",
    "//10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://localhost/",
    "http://public.example@10.0.0.1/",
    "http://10.0.0.1\\@public.example/",
    "http://{home}@10.0.0.1/",
    "http://user@{home}/",
    "http://[bad",
    "http://:80/",
)
TMDB_CODES = {401: 7, 403: 3, 404: 34, 429: 25, 500: 11, 502: 43, 503: 9, 504: 24}
STALL_S = 30.0
"""Longer than the matrix's clients wait, also where they are patient."""

_BOMB = gzip.compress(b"0" * 40_000_000)
_TOO_DEEP = b'{"a":' + b"[" * 90_000 + b"]" * 90_000 + b"}"


@dataclass(frozen=True)
class Good:
    """A good answer of one client's source, and where it stands."""

    body: bytes
    content_type: str
    path: str
    home: str

    def answer(self, body: bytes | None = None, status: int = 200, **more) -> bytes:
        return answer(status, self.body if body is None else body, self.content_type, **more)

    def chunked(self, chunks: bytes) -> bytes:
        return (
            f"HTTP/1.1 200 X\r\nContent-Type: {self.content_type}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        ).encode() + chunks


@dataclass(frozen=True)
class Fault:
    """One way to fail."""

    cause: str
    script: Callable[[Good], object]
    status: int | None = None
    is_tmdb: bool = False
    wait_s: float | None = None


def _repeat(head: bytes, piece: bytes, pause_s: float = 0.0, times: int = 1_000_000) -> Callable:
    def act(talk, target, headers):
        talk.request.sendall(head)
        for _ in range(times):
            talk.request.sendall(piece)
            time.sleep(pause_s)

    return act


def _refusal(status: int, is_tmdb: bool, **more) -> Fault:
    body = b"<html><body>Ordered to fail.</body></html>"
    if is_tmdb:
        code = TMDB_CODES.get(status, 11)
        body = b'{"success": false, "status_code": %d, "status_message": "Ordered to."}' % code
    kind = "application/json" if is_tmdb else "text/html"
    headers = {name: value for name, value in more.items() if name != "wait_s"}
    script = answer(status, body, kind, **headers)
    return Fault("status", lambda good: script, status, is_tmdb, more.get("wait_s"))


def _statuses() -> dict[str, Fault]:
    faults = {}
    for status in (*CLIENT_ERRORS, *SERVER_ERRORS):
        faults[f"{status} json"] = _refusal(status, True)
        faults[f"{status} html"] = _refusal(status, False)
    for status in (429, 503):
        asked = {
            "seconds": ("1", 1.0),
            "date": (formatdate(time.time() + 86_400, usegmt=True), 86_400.0),
            "past date": (formatdate(time.time() - 9, usegmt=True), None),
            "a day": ("86400", 86_400.0),
            "nonsense": ("soon", None),
            "negative": ("-5", None),
            "endless": ("9" * 400, 86_400.0),
        }
        for name, (header, wait_s) in asked.items():
            fault = _refusal(status, False, Retry_After=header, wait_s=wait_s)
            faults[f"{status}, Retry-After {name}"] = fault
    for status in UNASKED:
        bare = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
        cause = "unasked" if status < 300 else "status"
        faults[f"{status} unasked"] = Fault(cause, lambda good, bare=bare: bare, status)
    return faults


_HEAD = {
    "silence": Fault("silence", lambda good: Says.stall(seconds=STALL_S)),
    "half a head, then silence": Fault(
        "silence", lambda good: Says.stall(b"HTTP/1.1 200 X\r\nA:", STALL_S)
    ),
    "drip of headers": Fault("drip", lambda good: _repeat(b"HTTP/1.1 200 X\r\nA: ", b"x", 0.05)),
    "drip of 100 Continue": Fault(
        "drip", lambda good: _repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05)
    ),
    "flood of 100 Continue": Fault(
        "flood", lambda good: _repeat(b"", b"HTTP/1.1 100 C\r\nA: %s\r\n\r\n" % (b"x" * 50_000))
    ),
    "closed": Fault("no answer", lambda good: Says.cut(b"")),
    "reset": Fault("no answer", lambda good: Says.reset),
    "no HTTP": Fault("no answer", lambda good: Says.cut(b"hello\r\n\r\n")),
    "TLS where none was wanted": Fault("no answer", lambda good: Says.cut(b"\x16\x03\x01\x02\x00")),
    "status that is none": Fault("no answer", lambda good: Says.cut(b"HTTP/1.1 abc X\r\n\r\n")),
    "endless headers": Fault(
        "no answer", lambda good: _repeat(b"HTTP/1.1 200 X\r\n", b"A: b\r\n" * 100)
    ),
    "one endless header": Fault(
        "no answer", lambda good: _repeat(b"HTTP/1.1 200 X\r\nA: ", b"x" * 10_000)
    ),
    "illegal bytes in a header": Fault("none", lambda good: good.answer(X_Odd="\x01\xff\x7f")),
    "one 100 Continue": Fault("none", lambda good: b"HTTP/1.1 100 X\r\n\r\n" + good.answer()),
}

_BODY = {
    "silence inside the body": Fault(
        "silence inside", lambda good: Says.stall(good.answer(length=len(good.body) + 9), STALL_S)
    ),
    "drip of the body": Fault(
        "drip inside",
        lambda good: _repeat(good.answer(b"", length=500_000), b"<", 0.05),
    ),
    "drip of a chunk's size": Fault(
        "drip inside", lambda good: _repeat(good.chunked(b""), b"0", 0.05)
    ),
    "endless chunk's size": Fault("cut off", lambda good: _repeat(good.chunked(b""), b"0" * 9_999)),
    "cut off": Fault("cut off", lambda good: Says.cut(good.answer(length=len(good.body) + 9))),
    "cut-off chunk": Fault(
        "cut off", lambda good: Says.cut(good.chunked(b"fff\r\n" + good.body[:9]))
    ),
    "missing last chunk": Fault(
        "cut off",
        lambda good: Says.cut(good.chunked(b"%x\r\n%b\r\n" % (len(good.body), good.body))),
    ),
    "reset inside the body": Fault("reset inside", lambda good: _then_reset(good)),
    "chunk's size that is none": Fault("cut off", lambda good: Says.cut(good.chunked(b"zz\r\nx"))),
    "more than was promised": Fault("none", lambda good: good.answer() + b"HTTP/1.1 200 X\r\n"),
    "less was promised": Fault("half", lambda good: good.answer(length=len(good.body) // 2)),
    "length that is none": Fault("no length", lambda good: Says.cut(good.answer(length="many"))),
    "too large": Fault(
        "too large", lambda good: _repeat(good.answer(b"", length=9**9), b"x" * 99_999)
    ),
    "gzip bomb": Fault("too large", lambda good: good.answer(_BOMB, Content_Encoding="gzip")),
    "damaged gzip": Fault(
        "damaged gzip", lambda good: good.answer(b"\x1f\x8b" + b"x" * 40, Content_Encoding="gzip")
    ),
    "compressed": Fault(
        "none", lambda good: good.answer(gzip.compress(good.body), Content_Encoding="gzip")
    ),
    "page": Fault("page", lambda good: answer(200, b"<html><p>Hello", "text/html")),
    "page of the wanted type": Fault("typed page", lambda good: good.answer(b"<html><p>Hello")),
    "nothing": Fault("nothing", lambda good: good.answer(b"")),
}
_TEXT = {
    "bad UTF-8": b'{"a": "\xff"}',
    "deep JSON": _TOO_DEEP,
    "not a number": b'{"a": NaN}',
    "infinite number": b'{"a": 1e999}',
    "number of 5000 digits": b'{"a": %s}' % (b"9" * 5000),
}


def _then_reset(good: Good) -> Callable:
    def act(talk, target, headers):
        talk.request.sendall(good.answer(length=len(good.body) + 9))
        time.sleep(0.1)  # a reset at once would take the answer with it
        Says.reset(talk, target, headers)

    return act


def _redirects() -> dict[str, Fault]:
    faults = {
        f"redirect to {to}": Fault(
            "refused address", lambda good, to=to: Says.redirect(to.replace("{home}", good.home))
        )
        for to in REFUSED_ADDRESSES
    }
    faults["redirect loop"] = Fault("loop", lambda good: Says.redirect(good.path))
    faults["redirect to nowhere"] = Fault("status", lambda good: answer(302, b""), 302)
    return faults


FAULTS = {
    **_statuses(),
    **_HEAD,
    **_BODY,
    **{
        name: Fault("text", lambda good, text=text: good.answer(text))
        for name, text in _TEXT.items()
    },
    "no JSON": Fault("scrap", lambda good: good.answer(b"oops")),
    "a list": Fault("scrap", lambda good: good.answer(b"[1]")),
    "NUL": Fault("blank", lambda good: good.answer(b"\0" * 40)),
    "names that come twice": Fault(
        "twice", lambda good: good.answer(b'{"id": 5, ' + good.body[1:])
    ),
    **_redirects(),
}
