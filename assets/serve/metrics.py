"""What `marquee serve` has answered, as metrics for Prometheus."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/metrics"

_ROUTES = ("/", "/healthz", "/openapi.json", "/predict", "/films", "/models", PATH)
_OF_A_MOVIE = "/films/"

_BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0)


class ServiceMetrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "marquee_http_requests_total", "Requests by route, method and status.",
            ["route", "method", "status"], registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "marquee_http_request_duration_seconds", "Time until a request was answered, by route.",
            ["route"], buckets=_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self._predictions = Counter(
            "marquee_predictions_served_total",
            "Predictions by system, and whether a model gave an answer.",
            ["system", "answered"], registry=self.registry,
        )  # fmt: skip

    def count_predictions(self, described: Mapping[str, Any]) -> None:
        """Count the predictions of one answer, as JSON values."""
        for one in described.get("predictions", ()):
            answered = "false" if one.get("reason") else "true"
            self._predictions.labels(one.get("system", ""), answered).inc()

    def count_request(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count a request; a path that no route has is `other`, and so is an odd method."""
        route = route_of(path)
        known = method if method in ("GET", "HEAD", "POST") else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    async def show(self, _: Request) -> Response:
        """Answer with all of them, in Prometheus' text format."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def route_of(path: str) -> str:
    """Return the route of a path: as few as there are, whatever is asked for.

    Example:
        >>> [route_of(path) for path in ("/predict", "/films/597", "/films/597/x")]
        ['/predict', '/films/{tmdb_id}', 'other']
    """
    if path in _ROUTES:
        return path
    rest = path.removeprefix(_OF_A_MOVIE)
    return f"{_OF_A_MOVIE}{{tmdb_id}}" if rest != path and rest.isdecimal() else "other"


class CountRequests:
    """An ASGI middleware that counts requests, rejected ones too.

    Args:
        app: What answers.
        metrics: Where to count.
        clock: Seconds, rising.
    """

    def __init__(
        self, app: ASGIApp, metrics: ServiceMetrics, clock: Callable[[], float] = time.monotonic
    ):
        self._app, self._metrics, self._clock = app, metrics, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request and count it; one without an answer counts as 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, status = self._clock(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            took_s = self._clock() - began_s
            self._metrics.count_request(scope["path"], scope["method"], status, took_s)
