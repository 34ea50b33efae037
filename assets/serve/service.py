"""The predictor behind the server, in one thread; another one when models or features change."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from assets.models.model_versions import describe_versions
from assets.orchestration.prediction_job import predictions_version
from assets.predict.predictor import Predictor
from assets.serve.answer_cache import AnswerCache
from assets.serve.request_fields import Asked, read_request
from pipeline.core.errors import InputError
from pipeline.models.systems.registry import SYSTEMS
from pipeline.predict.wording import describe_prediction
from resources.run_context import RunContext, open_stored
from resources.settings import Settings

T = TypeVar("T")

PREDICT_S = 60.0
"""Longest time for one answer, waiting included."""

FOUND = 20
"""Films that a search returns at most."""


class UnknownMovieError(InputError):
    """The store does not know the movie; a server requests none from elsewhere."""

    def __init__(self) -> None:
        super().__init__("tmdb_id", "the store does not know this film", "the id of a known film")


class Service:
    """Answers one request at a time, in a thread of its own: networks are not shared by threads.

    Args:
        settings: Whose store holds the models.

    Raises:
        StoreError: There is no store.
        FeatureError: There are no packed features in it.
    """

    def __init__(self, settings: Settings):
        self._closing = ExitStack()
        self._run_context = self._closing.enter_context(open_stored(settings))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._closing.callback(self._thread.shutdown, cancel_futures=True)
        self._answers = AnswerCache()
        self._version, self._predictor = "", self._open()

    def close(self) -> None:
        """Stop the thread and close the store."""
        self._closing.close()

    async def predict(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Predict for what a request gives.

        Raises:
            InputError: A field is unknown or cannot be used.
            TimeoutError: There was no answer within `PREDICT_S`.
        """
        asked = read_request(values)
        return await self._call(lambda: self._answer(asked))

    async def search(self, title: str) -> list[dict[str, Any]]:
        """Find films whose titles hold a text; see `TitleSearch`."""
        return await self._call(lambda: _search(self._current(), title))

    async def list_models(self) -> list[dict[str, Any]]:
        """List all versions of all systems."""
        return await self._call(
            lambda: [row for one in SYSTEMS for row in describe_versions(self._run_context, one)]
        )

    def _answer(self, asked: Asked) -> dict[str, Any]:
        predictor, today = self._current(), datetime.fromtimestamp(self._run_context.clock(), UTC)
        return self._answers.find(
            asked, self._version, today.date(), lambda: _predict(predictor, asked)
        )

    async def _call(self, function: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.run_in_executor(self._thread, function), PREDICT_S)

    def _current(self) -> Predictor:
        """Return the predictor; another one where features or promoted versions changed."""
        if predictions_version(self._run_context) != self._version:
            self._predictor = self._open()
        return self._predictor

    def _open(self) -> Predictor:
        self._version = predictions_version(self._run_context)
        return Predictor(self._run_context, open_source=_refuse)


@contextmanager
def _refuse() -> Iterator[RunContext]:
    raise UnknownMovieError
    yield  # a context manager has one


def _predict(predictor: Predictor, asked: Asked) -> dict[str, Any]:
    """Return JSON values, and of each prediction the lines that a terminal shows."""
    predictions = predictor.predict(
        asked.inputs, asked.systems, explain=asked.explain, parts=asked.parts,
        comparable=asked.comparable,
    )  # fmt: skip
    described = predictions.as_json()
    for one, values in zip(predictions, described["predictions"], strict=True):
        values["lines"] = [list(line) for line in describe_prediction(one)]
    return described


def _search(predictor: Predictor, title: str) -> list[dict[str, Any]]:
    return [
        {
            "tmdb_id": record.tmdb_id,
            "title": record.title,
            "release_date": str(record.release_date) if record.release_date else None,
        }
        for record in predictor.titles.find(title, FOUND)
    ]
