"""Ask trained models about movies; for users of Python, the command line and the server."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any

from assets.predict.explanations import explain_inputs, explain_parts
from assets.predict.input_encoding import Report
from assets.predict.movie_rows import MovieRows, OpenSource
from assets.predict.served_models import ServedTask, served_tasks
from assets.splits.features import load_features
from pipeline.core.records import MovieRecord
from pipeline.predict.comparable import ComparableMovies, MovieComparison
from pipeline.predict.inputs import MovieInputs
from pipeline.predict.predictions import Prediction
from pipeline.predict.title_search import TitleSearch
from pipeline.predict.why import remark_on_parts
from resources.compute.device import one_thread
from resources.run_context import RunContext, open_run_context, open_stored
from resources.settings import Settings, read_environment


@dataclass(frozen=True)
class Predictions:
    """What all systems predict for a movie.

    Attributes:
        record: What is known of the movie, or was given; nothing from after its release.
        has: Names of the modalities that it has.
        remarks: Sentences for people: newcomers, media that could not be used.
        predictions: One per task.
        comparable: Where asked for: the nearest movies, as of the movie's day.
    """

    record: MovieRecord
    has: tuple[str, ...]
    remarks: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    comparable: ComparableMovies | None = None

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.predictions)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        day = self.record.release_date
        return {
            "tmdb_id": self.record.tmdb_id or None,
            "title": self.record.title,
            "release_date": day.isoformat() if day else None,
            "budget_usd": self.record.budget_usd,
            "runtime_min": self.record.runtime_min,
            "has": list(self.has),
            "remarks": list(self.remarks),
            "predictions": [one.as_json() for one in self.predictions],
            "comparable": self.comparable.as_json() if self.comparable else None,
        }


class Predictor:
    """The trained models of a store.

    A prediction goes through the functions that made the training features, so that a movie of the
    test set gets the digits of `<system>_evaluation`. What a movie lacks is masked, as in training.

    Args:
        run_context: Whose store holds models and features.
        open_source: Opens a run context whose source is asked for movies that the store does not
            know; None where `run_context` is one.
        report: Says what is being done, for a person who waits.

    Attributes:
        table: The packed features of the movies that the store knows.

    Raises:
        FeatureError: There are no packed features.
    """

    def __init__(
        self,
        run_context: RunContext,
        *,
        open_source: OpenSource | None = None,
        report: Report = lambda _: None,
    ):
        self._run_context, self._report = run_context, report
        self.table = load_features(run_context)
        ask: AbstractContextManager[RunContext] = nullcontext(run_context)
        self._rows = MovieRows(run_context, self.table, open_source or (lambda: ask), report)
        self._tasks: dict[object, list[ServedTask]] = {}

    @classmethod
    @contextmanager
    def open(
        cls, settings: Settings | None = None, *, report: Report = lambda _: None
    ) -> Iterator["Predictor"]:
        """Open the store of the environment, or of some settings; close it at the end.

        Raises:
            StoreError: There is no store.
            FeatureError: There are no packed features in it.
        """
        settings = settings or read_environment()
        with open_stored(settings) as run_context:
            yield cls(run_context, open_source=partial(open_run_context, settings), report=report)

    def predict(
        self,
        inputs: MovieInputs,
        systems: Sequence[str] = (),
        *,
        explain: bool = False,
        parts: Sequence[str] = (),
        comparable: bool = False,
        as_of: date | None = None,
        versions: Mapping[str, int] = MappingProxyType({}),
    ) -> Predictions:
        """Predict for a movie by the models of some systems, or of all.

        Args:
            inputs: What is given of the movie.
            systems: Names; empty for all.
            explain: Whether each prediction also holds what it would be without each input of the
                movie. That says what moved this prediction, not what causes success: inputs that
                say the same stand in for each other.
            parts: Of which inputs each prediction also says what their parts did: "plot" (words),
                "poster" (areas), "trailer" (frames). It takes seconds for a poster.
            comparable: Whether the nearest movies are found, with what they had earned by then.
            as_of: What was not known by this day is left out, as far as it has a date; see
                `pipeline.core.inputs_as_of`.
            versions: By system the number of the version that predicts, where not the promoted one.

        Raises:
            InputError: A given value cannot be used; it names the field and what is allowed.
            ConfigurationError: There is no such system or version.
            ItemError: The source fails.
        """
        tasks = self._find_tasks(tuple(systems), versions)
        row, remarks = self._rows.make(inputs, as_of)
        with one_thread():
            predictions = [task.predict(row) for task in tasks]
            if explain:
                self._report("predicting without each input")
                predictions = explain_inputs(tasks, predictions, self._rows, row)
            if parts:
                self._report(f"predicting without parts of the {', '.join(parts)}")
                predictions = explain_parts(tasks, predictions, self._rows, row, parts)
                remarks = (*remarks, *remark_on_parts(predictions, parts))
            near = self._comparison.find(row, self._today()) if comparable else None
        return Predictions(row.record, row.has, remarks, tuple(predictions), near)

    def find_place(self, tmdb_id: int) -> int | None:
        """Return the row of `table` that a movie has; None where it is not known."""
        return self._rows.find_place(tmdb_id)

    def find_record(self, tmdb_id: int) -> MovieRecord | None:
        """Return the record of a movie that the store knows, else None."""
        place = self.find_place(tmdb_id)
        return None if place is None else self.table.records[place]

    def has_poster(self, tmdb_id: int) -> bool:
        """Whether the store has a poster of a movie that it knows."""
        place, has = self.find_place(tmdb_id), self.table.masks.get("poster")
        return place is not None and has is not None and bool(has[place])

    def predict_known(self, movies: Sequence[int]) -> list[Predictions]:
        """Predict for movies of the store by the models of all systems, many at a time.

        Args:
            movies: TMDB ids.

        Returns:
            What `predict` returns of each.

        Raises:
            DamagedFileError: A stored picture cannot be read; ask movie by movie to find which.
        """
        made = [self._rows.make(MovieInputs(tmdb_id=tmdb_id)) for tmdb_id in movies]
        rows = [row for row, _ in made]
        with one_thread():
            of_tasks = [task.predict_all(rows) for task in self._find_tasks((), {})]
        return [
            Predictions(row.record, row.has, remarks, of_movie)
            for (row, remarks), of_movie in zip(made, zip(*of_tasks, strict=True), strict=True)
        ]

    @cached_property
    def titles(self) -> TitleSearch:
        """Finds known movies by a part of their title."""
        return TitleSearch(self.table.records)

    @cached_property
    def _comparison(self) -> MovieComparison:
        return MovieComparison(self.table)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._run_context.clock(), UTC).date()

    def _find_tasks(
        self, systems: tuple[str, ...], versions: Mapping[str, int]
    ) -> list[ServedTask]:
        key = (systems, tuple(sorted(versions.items())))
        if key not in self._tasks:
            self._tasks[key] = served_tasks(self._run_context, self.table, systems, versions)
        return self._tasks[key]
