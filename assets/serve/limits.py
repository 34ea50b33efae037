"""What stands before every request: its id, the key, its size, its pace and its time."""

import asyncio
import hmac
import json
import math
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assets.serve.page_files import PATH as PAGE_PATH

MAX_BODY_BYTES = 30 * 2**20
"""A poster of 20 MB in base64, and some text."""

BODY_S = 20.0
"""How long a request's body may take to arrive."""

MAX_HELD_BYTES = 10 * MAX_BODY_BYTES
"""Bodies of all requests under way together; others get a 503 at once."""

MAX_UNDER_WAY = 64
"""Requests that are answered together; others get a 503 at once."""

BUSY_S = 2.0
"""After which time a client that got a 503 may ask again."""

REQUESTS_PER_MINUTE = 240
"""Of one address, on average."""

AT_ONCE = 1 / 4
"""Share of them that may come at once."""

KNOWN_CLIENTS = 10_000

UPLOAD_PATH, HEALTH = "/uploads", "/healthz"

OPEN_PATHS = (HEALTH, "/openapi.json")
"""What is answered without the key, beside the page's files: nothing there is of the store."""

PICTURE_COST = 0.2
"""What a picture counts as: a search shows twenty posters. The page's files are free."""

HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'",
    ),
)


@dataclass(eq=False)
class RejectedError(Exception):
    """A request that is not answered: the HTTP status, why, and what may help.

    Not frozen: Python sets attributes of an error on its way through a context manager.
    """

    status: int
    message: str
    field: str = ""
    allowed: str = ""
    retry_after_s: float = 0.0


class Guard:
    """An ASGI middleware; see the module.

    Args:
        app: What answers.
        api_key: Required of every request but those of `OPEN_PATHS`; "" for none.
        requests_per_minute: Of one address.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        app: ASGIApp,
        api_key: str,
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._app, self._api_key, self._clock = app, api_key, clock
        self._per_s, self._burst = requests_per_minute / 60, max(1, requests_per_minute * AT_ONCE)
        self._held_bytes = self._under_way = 0
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or reject it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [("x-request-id", request_id), *HEADERS]
                message["headers"] = [
                    *message.get("headers", ()),
                    *((name.encode(), value.encode()) for name, value in extra),
                ]
            await send(message)

        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        try:
            headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
            self._count(scope)
            self._check_key(scope["path"], headers)
            if scope["path"] == UPLOAD_PATH:  # it writes what arrives, within limits of its own
                await self._answer(scope, receive, send_with_headers)
                return
            with self._hold() as hold:
                body = await self._read(headers, receive, hold)
                await self._answer(scope, _replay(body, receive), send_with_headers)
        except RejectedError as rejected:
            await send_error(send_with_headers, rejected, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer, unless too many are being answered."""
        if self._under_way >= MAX_UNDER_WAY and scope["path"] != HEALTH:
            raise RejectedError(503, "the server is busy", retry_after_s=BUSY_S)
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1

    @contextmanager
    def _hold(self) -> Iterator[Callable[[int], None]]:
        """Count the bytes of a body as held until its request is answered."""
        own_bytes = 0

        def hold(size_bytes: int) -> None:
            nonlocal own_bytes
            own_bytes += size_bytes
            self._held_bytes += size_bytes
            if self._held_bytes > MAX_HELD_BYTES:
                raise RejectedError(503, "the server is busy", retry_after_s=BUSY_S)

        try:
            yield hold
        finally:
            self._held_bytes -= own_bytes

    def _count(self, scope: Scope) -> None:
        """Take a token of the address, or a part of one; reject where too little is left."""
        cost = _cost(scope["path"])
        address = (scope.get("client") or ("",))[0]
        now_s = self._clock()
        left, then_s = self._clients.pop(address, (self._burst, now_s))
        left = min(self._burst, left + (now_s - then_s) * self._per_s)
        self._clients[address] = (max(left - cost, 0.0), now_s)
        while len(self._clients) > KNOWN_CLIENTS:
            self._clients.popitem(last=False)
        if left < cost:
            allowed = f"{self._burst:.0f} at once, {self._per_s * 60:.0f} a minute"
            wait_s = (cost - left) / self._per_s
            raise RejectedError(429, "too many requests", allowed=allowed, retry_after_s=wait_s)

    def _check_key(self, path: str, headers: dict[str, str]) -> None:
        if not self._api_key or path in OPEN_PATHS or PAGE_PATH.fullmatch(path):
            return
        given = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if not given:
            raise RejectedError(401, "a key is required", "X-API-Key", "the key of MARQUEE_API_KEY")
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            raise RejectedError(403, "the key is wrong", "X-API-Key", "the key of MARQUEE_API_KEY")

    async def _read(
        self, headers: dict[str, str], receive: Receive, hold: Callable[[int], None]
    ) -> bytes:
        """Read the body; reject one that is too large, or too slow."""
        allowed = f"at most {MAX_BODY_BYTES // 2**20} MB"
        stated = headers.get("content-length", "0")
        if not stated.isdecimal() or int(stated) > MAX_BODY_BYTES:
            raise RejectedError(413, "the request is too large", "body", allowed)
        parts, size_bytes = list[bytes](), 0
        try:
            async with asyncio.timeout(BODY_S):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        break
                    parts.append(message.get("body", b""))
                    size_bytes += len(parts[-1])
                    hold(len(parts[-1]))
                    if size_bytes > MAX_BODY_BYTES:
                        raise RejectedError(413, "the request is too large", "body", allowed)
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            raise RejectedError(
                408, "the request took too long to arrive", "body", f"at most {BODY_S:.0f} s"
            ) from None
        return b"".join(parts)


def _cost(path: str) -> float:
    if path == HEALTH or PAGE_PATH.fullmatch(path):
        return 0.0
    return PICTURE_COST if "/pictures/" in path else 1.0


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return what hands the body over once, and then what the client does."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def describe_error(rejected: RejectedError, request_id: str) -> dict[str, Any]:
    """Return the JSON value of an error."""
    return {
        "error": {
            "status": rejected.status,
            "message": rejected.message,
            "field": rejected.field or None,
            "allowed": rejected.allowed or None,
            "request_id": request_id,
        }
    }


async def send_error(send: Send, rejected: RejectedError, request_id: str) -> None:
    """Send an error as JSON."""
    body = json.dumps(describe_error(rejected, request_id)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),  # what is left of the request is not read
    ]
    if rejected.retry_after_s:
        headers.append((b"retry-after", b"%d" % math.ceil(rejected.retry_after_s)))
    await send({"type": "http.response.start", "status": rejected.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
