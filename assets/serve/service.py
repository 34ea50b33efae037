"""The predictor behind the server, in one thread; another one when models or features change."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from assets.evaluation.side_by_side import compare
from assets.models.model_versions import describe_versions
from assets.orchestration.prediction_job import predictions_version
from assets.predict.input_files import check_trailer
from assets.predict.predictor import Predictions, Predictor
from assets.serve.answer_cache import AnswerCache
from assets.serve.movie_facts import describe_movie_facts
from assets.serve.movie_pictures import draw_picture
from assets.serve.request_fields import UPLOAD, Asked, read_request
from assets.serve.side_by_side import SideBySide
from assets.serve.uploads import Uploads
from pipeline.core.errors import InputError
from pipeline.models.systems.registry import SYSTEMS, find_system
from pipeline.predict.trial import Trial
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
        trial: A challenger that answers a share of the requests; None for none.

    Raises:
        StoreError: There is no store.
        FeatureError: There are no packed features in it.
        ConfigurationError: There is no such challenger.
    """

    def __init__(self, settings: Settings, trial: Trial | None = None):
        with ExitStack() as opened:
            self._run_context = opened.enter_context(open_stored(settings))
            self._uploads = opened.enter_context(closing(Uploads()))
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
            opened.callback(self._thread.shutdown, cancel_futures=True)
            self._answers = AnswerCache()
            self._version, self._predictor = "", self._open()
            self._side_by_side = SideBySide(self._run_context, trial) if trial else None
            if self._side_by_side:
                opened.callback(self._side_by_side.close)
            self._closing = opened.pop_all()

    def close(self) -> None:
        """Stop the thread and close the store."""
        self._closing.close()

    async def predict(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Predict for what a request gives.

        Raises:
            InputError: A field is unknown or cannot be used.
            TimeoutError: There was no answer within `PREDICT_S`.
        """
        asked = read_request(values, self._uploads.find)
        return await self._call(lambda: self._answer(asked))

    async def receive_trailer(self, stated: str, parts: AsyncIterator[bytes]) -> dict[str, Any]:
        """Keep a trailer that a client sends, for a while; return the name to ask by.

        Raises:
            RejectedError: It is too large, too slow or empty.
            InputError: It is no usable video.
        """
        name, path = await self._uploads.receive(stated, parts)
        try:
            await self._call(lambda: check_trailer(self._run_context, path))
        except Exception:
            self._uploads.remove(name)
            raise
        return {UPLOAD: name, "bytes": path.stat().st_size}

    async def search(self, title: str) -> list[dict[str, Any]]:
        """Find films whose titles hold a text; see `TitleSearch`."""
        return await self._call(lambda: _search(self._current(), title))

    async def describe_movie(self, tmdb_id: int) -> dict[str, Any]:
        """Describe a film of the store: record, actual values, lineage, names of pictures.

        Raises:
            UnknownMovieError: The store does not know it.
        """
        return await self._call(lambda: self._describe_movie(tmdb_id))

    async def draw_picture(self, tmdb_id: int, name: str) -> bytes:
        """Return a picture of a film, PNG or JPEG.

        Raises:
            NoPictureError: There is no such picture.
        """
        return await self._call(lambda: draw_picture(self._run_context, tmdb_id, name))

    async def list_models(self) -> list[dict[str, Any]]:
        """List all versions of all systems."""
        return await self._call(
            lambda: [row for one in SYSTEMS for row in describe_versions(self._run_context, one)]
        )

    def _answer(self, asked: Asked) -> dict[str, Any]:
        if self._side_by_side:  # it keeps what both versions answer to each request
            return _describe(self._side_by_side.answer(self._current(), asked))
        predictor, today = self._current(), datetime.fromtimestamp(self._run_context.clock(), UTC)
        return self._answers.find(
            asked, self._version, today.date(), lambda: _describe(_predict(predictor, asked))
        )

    async def compare_models(self, system: str, first: int, second: int) -> dict[str, Any]:
        """Compare two versions of a system; see `assets.evaluation.side_by_side.compare`.

        Raises:
            ConfigurationError: There is no such system or version.
        """
        return await self._call(
            lambda: compare(self._run_context, find_system(system), first, second)
        )

    def _describe_movie(self, tmdb_id: int) -> dict[str, Any]:
        predictor = self._current()
        record = predictor.find_record(tmdb_id)
        if record is None:
            raise UnknownMovieError
        return describe_movie_facts(self._run_context, predictor, record)

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


def _predict(predictor: Predictor, asked: Asked) -> Predictions:
    return predictor.predict(
        asked.inputs, asked.systems, explain=asked.explain, parts=asked.parts,
        comparable=asked.comparable,
    )  # fmt: skip


def _describe(predictions: Predictions) -> dict[str, Any]:
    """Return JSON values, and of each prediction the lines that a terminal shows."""
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
            "has_poster": predictor.has_poster(record.tmdb_id),
        }
        for record in predictor.titles.find(title, FOUND)
    ]
