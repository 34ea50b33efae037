"""A challenger beside the promoted version: both answer, one answer is returned, both are kept."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property

from assets.evaluation.side_by_side import Asked as Record
from assets.evaluation.side_by_side import add_record, record_path
from assets.models.model_versions import find_version, promoted_number
from assets.predict.predictor import Predictions, Predictor
from assets.serve.request_fields import Asked
from assets.splits.split_options import load_options
from pipeline.core.errors import ConfigurationError
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.systems.registry import find_system
from pipeline.predict.inputs import MovieInputs
from pipeline.predict.trial import Trial, digits_of
from pipeline.splits.targets import known_rows
from resources.run_context import RunContext

PUSHED_AFTER = 100
"""Requests after which a store on another host gets the record; it does at the end, too."""


class SideBySide:
    """Answers by two versions of a system.

    Args:
        run_context: The store.
        trial: Which challenger, and its share of the requests.

    Raises:
        ConfigurationError: There is no such system or version, or the version is promoted.
    """

    def __init__(self, run_context: RunContext, trial: Trial):
        self._run_context, self._trial = run_context, trial
        self._system, self._unpushed = find_system(trial.system), 0
        find_version(run_context, self._system, trial.version)
        if promoted_number(run_context, self._system) == trial.version:
            raise ConfigurationError(
                f"Version {trial.version} of {trial.system} predicts already; a challenger is "
                "another one."
            )

    def answer(self, predictor: Predictor, asked: Asked) -> Predictions:
        """Predict; the system's answers are of the version that has its turn."""
        options = {"explain": asked.explain, "parts": asked.parts, "comparable": asked.comparable}
        promoted = predictor.predict(asked.inputs, asked.systems, **options)
        name, number = self._trial.system, self._trial.version
        if asked.systems and name not in asked.systems:
            return promoted
        inputs = asked.inputs
        key = describe_inputs(inputs)
        is_challengers = self._trial.is_challengers(key)
        options = {**options, "comparable": False} if is_challengers else {}
        other = predictor.predict(asked.inputs, [name], versions={name: number}, **options)
        # of a film that was changed nobody will know what it earns
        tmdb_id = (inputs.tmdb_id or 0) if inputs.given == ("tmdb_id",) else 0
        answered = other if is_challengers else promoted
        self._record(predictor, key, tmdb_id, (promoted, other), answered)
        if not is_challengers:
            return promoted
        by_task = {one.task: one for one in other}
        chosen = (by_task[one.task] if one.system == name else one for one in promoted)
        return replace(promoted, predictions=tuple(chosen))

    def close(self) -> None:
        """Send what is kept to the store."""
        if self._unpushed:
            self._run_context.store.push()

    def _record(
        self, predictor: Predictor, request: str, tmdb_id: int,
        both: Sequence[Predictions], answered: Predictions,
    ) -> None:  # fmt: skip
        answers = dict(filter(None, (self._digits_of(one) for one in both)))
        if len(answers) < 2:  # nothing to compare, or the challenger is promoted by now
            return
        number, _ = self._digits_of(answered) or (0, {})
        by_name = {str(version): digits for version, digits in answers.items()}
        was_known = self._was_known(predictor, tmdb_id)
        at_s = round(self._run_context.clock())
        record = Record(at_s, request, tmdb_id, number, by_name, was_known)
        add_record(record_path(self._run_context, self._system, *answers), record)
        self._unpushed += 1
        if self._unpushed >= PUSHED_AFTER:
            self._run_context.store.push()
            self._unpushed = 0

    def _digits_of(self, predictions: Predictions) -> tuple[int, dict[str, list[float]]] | None:
        """Return the version that predicted, and its answers by task; None without an answer."""
        own = [one for one in predictions if one.system == self._system.name]
        digits = {one.task: digits_of(one.answer) for one in own if one.answer}
        numbers = [one.model.version for one in own if one.model]
        return (numbers[0], digits) if digits else None

    def _was_known(self, predictor: Predictor, tmdb_id: int) -> dict[str, bool]:
        place = predictor.find_place(tmdb_id)
        if place is None:
            return {}
        table = predictor.table.table.iloc[[place]]
        return {
            task.name: bool(known_rows(task, table, self._options)[0][0])
            for task in self._system.tasks
        }

    @cached_property
    def _options(self):
        return load_options(self._run_context, self._system)


def describe_inputs(inputs: MovieInputs) -> str:
    """Return what a request is known by: the film's id where there is one alone, else a hash."""
    if inputs.given == ("tmdb_id",):
        return str(inputs.tmdb_id)
    values = asdict(inputs)
    if isinstance(inputs.poster, bytes):
        values["poster"] = hash_bytes(inputs.poster)
    return hash_json({name: str(value) for name, value in values.items() if value is not None})
