"""The server's routes: a page, predictions, films, models, health, and their description."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from assets.serve.limits import REQUESTS_PER_MINUTE, Guard, RejectedError, describe_error
from assets.serve.metrics import PATH as METRICS
from assets.serve.metrics import CountRequests, ServiceMetrics
from assets.serve.openapi import describe_api
from assets.serve.service import Service, UnknownMovieError
from pipeline.core.errors import InputError
from pipeline.core.movie_ids import MAX_ID
from pipeline.predict.inputs import MAX_TITLE_CHARS

LOG = logging.getLogger("marquee")

PAGE = Path(__file__).with_name("page.html")

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
            Route("/", _show_page),
            Route("/healthz", _as_json(answers.health)),
            Route("/openapi.json", _as_json(answers.describe)),
            Route("/predict", _as_json(answers.predict), methods=["POST"]),
            Route("/films", _as_json(answers.search)),
            Route("/films/{tmdb_id:int}", _as_json(answers.show_movie)),
            Route("/models", _as_json(answers.list_models)),
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

    async def show_movie(self, request: Request) -> dict[str, Any]:
        """Predict for a film of the store."""
        tmdb_id = request.path_params["tmdb_id"]
        if not 1 <= tmdb_id <= MAX_ID:
            raise UnknownMovieError
        return await self._predict({"tmdb_id": tmdb_id})

    async def _predict(self, values: dict[str, Any]) -> dict[str, Any]:
        described = await self._service.predict(values)
        self._metrics.count_predictions(described)
        return described

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


async def _show_page(_: Request) -> FileResponse:
    return FileResponse(PAGE, media_type="text/html")


def _as_json(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Answer as JSON, errors too; what is unforeseen is logged, and named by the request's id."""

    async def respond(request: Request) -> Response:
        try:
            return JSONResponse(await answer(request))
        except UnknownMovieError as error:
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
    return JSONResponse(describe_error(rejected, request.state.request_id), rejected.status)


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
