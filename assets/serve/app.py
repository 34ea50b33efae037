"""The server's routes: a page, predictions, films, models, health, and their description."""

import json
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from assets.serve.limits import (
    REQUESTS_PER_MINUTE,
    UPLOAD_PATH,
    Guard,
    RejectedError,
    describe_error,
)
from assets.serve.metrics import PATH as METRICS
from assets.serve.metrics import CountRequests, ServiceMetrics
from assets.serve.movie_pictures import NoPictureError
from assets.serve.openapi import describe_api
from assets.serve.page_files import ROUTES as PAGE_ROUTES
from assets.serve.request_fields import NoUploadError
from assets.serve.service import Service, UnknownMovieError
from pipeline.core.errors import ConfigurationError, InputError
from pipeline.core.movie_ids import MAX_ID
from pipeline.predict.inputs import MAX_TITLE_CHARS

LOG = logging.getLogger("marquee")

Answer = Callable[[Request], Awaitable[Any]]


def build_app(
    service: Service, api_key: str = "", requests_per_minute: int = REQUESTS_PER_MINUTE
) -> ASGIApp:
    """Build the ASGI application.

    Args:
        service: Answers; closed when the application ends.
        api_key: Required of requests; "" for none.
        requests_per_minute: Of one address; more are refused.
    """
    metrics = ServiceMetrics()
    answers = Answers(service, metrics)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    app = Starlette(
        routes=[
            *PAGE_ROUTES,
            Route("/healthz", _as_json(answers.health)),
            Route("/openapi.json", _as_json(answers.describe)),
            Route("/predict", _as_json(answers.predict), methods=["POST"]),
            Route(UPLOAD_PATH, _as_json(answers.receive_trailer), methods=["PUT"]),
            Route("/films", _as_json(answers.search)),
            Route("/films/{tmdb_id:int}", _as_json(answers.show_movie)),
            Route("/films/{tmdb_id:int}/facts", _as_json(answers.describe_movie)),
            Route("/films/{tmdb_id:int}/pictures/{name}", _respond(answers.show_picture)),
            Route("/models", _as_json(answers.list_models)),
            Route("/models/compare", _as_json(answers.compare_models)),
            Route(METRICS, metrics.show),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _describe_http_error},
    )
    return CountRequests(Guard(app, api_key, requests_per_minute), metrics)


class Answers:
    """What each route answers, JSON values.

    Args:
        service: See `Service`.
        metrics: Where predictions are counted.
    """

    def __init__(self, service: Service, metrics: ServiceMetrics):
        self._service, self._metrics = service, metrics

    async def health(self, _: Request) -> dict[str, Any]:
        """Return that the server is up."""
        return {"status": "ok", "version": version("marquee")}

    async def describe(self, _: Request) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return describe_api()

    async def predict(self, request: Request) -> dict[str, Any]:
        """Predict for what the body gives."""
        return await self._predict(await _read_object(request))

    async def receive_trailer(self, request: Request) -> dict[str, Any]:
        """Keep the trailer that is the body."""
        stated = request.headers.get("content-length", "")
        return await self._service.receive_trailer(stated, request.stream())

    async def show_movie(self, request: Request) -> dict[str, Any]:
        """Predict for a film of the store."""
        return await self._predict({"tmdb_id": _read_id(request)})

    async def _predict(self, values: dict[str, Any]) -> dict[str, Any]:
        described = await self._service.predict(values)
        self._metrics.count_predictions(described)
        return described

    async def describe_movie(self, request: Request) -> dict[str, Any]:
        """Describe a film of the store."""
        return await self._service.describe_movie(_read_id(request))

    async def show_picture(self, request: Request) -> Response:
        """Return a picture of a film of the store."""
        content = await self._service.draw_picture(_read_id(request), request.path_params["name"])
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        return Response(content, media_type=f"image/{kind}")

    async def search(self, request: Request) -> dict[str, Any]:
        """Find films by title."""
        title = request.query_params.get("title", "").strip()
        if not 1 <= len(title) <= MAX_TITLE_CHARS:
            allowed = f"1 to {MAX_TITLE_CHARS} characters"
            raise InputError("title", f"got {len(title)} characters", allowed)
        return {"films": await self._service.search(title)}

    async def list_models(self, _: Request) -> dict[str, Any]:
        """List all versions of all models."""
        return {"models": await self._service.list_models()}

    async def compare_models(self, request: Request) -> dict[str, Any]:
        """Compare two versions of a system."""
        first, second = (_read_version(request, name) for name in ("first", "second"))
        system = request.query_params.get("system", "")
        try:
            return await self._service.compare_models(system, first, second)
        except ConfigurationError as error:
            allowed = "a system and two of its versions, as /models lists them"
            raise RejectedError(404, str(error)[:200], "system", allowed) from error


def _read_version(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:10]) <= MAX_ID:
        raise InputError(name, f"got {text!r}"[:80], "a version's number, from 1")
    return int(text)


def _read_id(request: Request) -> int:
    tmdb_id = request.path_params["tmdb_id"]
    if not 1 <= tmdb_id <= MAX_ID:
        raise UnknownMovieError
    return tmdb_id


def _as_json(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Answer as JSON; see `_respond`."""

    async def as_json(request: Request) -> Response:
        return JSONResponse(await answer(request))

    return _respond(as_json)


def _respond(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer, errors as JSON; what is unforeseen is logged, and named by the request's id."""

    async def respond(request: Request) -> Response:
        try:
            return await answer(request)
        except RejectedError as error:
            rejected = error
        except (UnknownMovieError, NoPictureError, NoUploadError) as error:
            rejected = RejectedError(404, str(error), error.field, error.allowed)
        except InputError as error:
            rejected = RejectedError(400, str(error), error.field, error.allowed)
        except TimeoutError:
            rejected = RejectedError(504, "the answer took too long; ask for fewer systems")
        except Exception:
            LOG.exception("request %s failed", request.state.request_id)
            rejected = RejectedError(500, "an unforeseen error; the server's log has more")
        return _error(request, rejected)

    return respond


def _error(request: Request, rejected: RejectedError) -> Response:
    wait = {"retry-after": str(math.ceil(rejected.retry_after_s))} if rejected.retry_after_s else {}
    content = describe_error(rejected, request.state.request_id)
    return JSONResponse(content, rejected.status, headers=wait)


async def _describe_http_error(request: Request, error: Exception) -> Response:
    """Describe what no route answers: another path, another method."""
    assert isinstance(error, HTTPException)  # for which it is registered
    message = {404: "there is no such page", 405: "this method is not allowed here"}
    rejected = RejectedError(error.status_code, message.get(error.status_code, str(error)))
    response = _error(request, rejected)
    response.headers.update(error.headers or {})  # of a 405: the methods that are allowed
    return response


async def _read_object(request: Request) -> dict[str, Any]:
    allowed = "a JSON object, as described in /openapi.json"
    try:
        values = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise InputError("body", "it is not JSON", allowed) from None
    if not isinstance(values, dict):
        raise InputError("body", f"got {type(values).__name__}", allowed)
    return values
