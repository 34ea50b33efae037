"""Make the studio fail as ordered: statuses, delays, cut-off bodies, wrong types."""

import asyncio
import json
import re
from dataclasses import asdict, dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TMDB_CODES = {401: 7, 404: 34, 429: 25, 500: 11, 502: 43, 503: 9, 504: 24}
"""TMDB's own code for an HTTP status."""


@dataclass
class Fault:
    """One order to fail.

    Attributes:
        path: Regular expression, searched for in the path and in `path?query`.
        status: HTTP status to answer with; None lets the true answer through.
        delay_s: Seconds to wait first.
        cut_body_at: Share of the body after which the connection breaks; the headers still
            promise all of it.
        content_type: Type to claim.
        body: Body to send; answers with status 200 where no status is given.
        headers: More headers for an answer that replaces the true one, such as `Retry-After`.
        count: How many requests it hits; None is all of them.
        hits: How many it has hit.
    """

    path: str
    status: int | None = None
    delay_s: float = 0.0
    cut_body_at: float | None = None
    content_type: str | None = None
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    count: int | None = None
    hits: int = 0

    def __post_init__(self) -> None:
        re.compile(self.path)

    def matches(self, path: str, query: str) -> bool:
        """Return whether this request is to be hit."""
        if self.count is not None and self.hits >= self.count:
            return False
        return bool(re.search(self.path, path) or re.search(self.path, f"{path}?{query}"))

    def replaces(self) -> bool:
        """Return whether the true answer is not sent at all."""
        return self.status is not None or self.body is not None

    def response(self, path: str) -> Response:
        """Make the answer that replaces the true one, in TMDB's shape where it is TMDB's."""
        status, body = self.status or 200, self.body
        content_type = self.content_type or "text/html"
        if body is None and path.startswith("/3/"):
            code = TMDB_CODES.get(status, 11)
            body = json.dumps(
                {"success": False, "status_code": code, "status_message": "Ordered to fail."}
            )
            content_type = self.content_type or "application/json"
        if body is None:
            body = f"<html><body>{status}: ordered to fail</body></html>"
        return Response(body, status, self.headers, media_type=content_type)


class Faults:
    """Wraps an app and spoils its answers; the studio's own `/_…` routes are never hit."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._faults: list[Fault] = []

    def order(self, orders: list[dict]) -> None:
        """Take orders; the first that matches a request is the one that hits it.

        Raises:
            TypeError: An order has an unknown field or no path.
            re.error: A path is not a regular expression.
        """
        self._faults += [Fault(**order) for order in orders]

    def clear(self) -> None:
        """Work as before."""
        self._faults.clear()

    def report(self) -> list[dict]:
        """List the orders with their hits."""
        return [asdict(fault) for fault in self._faults]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, spoiled where an order says so."""
        fault = self._find(scope) if self._faults and scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        fault.hits += 1
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        app = fault.response(scope["path"]) if fault.replaces() else self._app
        if fault.content_type:
            send = _retyped(send, fault.content_type)
        if fault.cut_body_at is not None:
            send = _cut(send, fault.cut_body_at)
        await app(scope, receive, send)

    def _find(self, scope: Scope) -> Fault | None:
        path, query = scope["path"], scope["query_string"].decode()
        if path.startswith("/_"):
            return None
        return next((fault for fault in self._faults if fault.matches(path, query)), None)


def _retyped(send: Send, content_type: str) -> Send:
    async def send_retyped(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0] != b"content-type"]
            message["headers"] = [*kept, (b"content-type", content_type.encode())]
        await send(message)

    return send_retyped


def _cut(send: Send, share: float) -> Send:
    """Pass on a share of the body and never say that it is over: the server then hangs up."""
    left = 0

    async def send_part(message: Message) -> None:
        nonlocal left
        if message["type"] == "http.response.start":
            left = int(int(dict(message["headers"]).get(b"content-length", 0)) * share)
            await send(message)
            return
        part = message.get("body", b"")[:left]
        left -= len(part)
        await send({"type": "http.response.body", "body": part, "more_body": True})

    return send_part
