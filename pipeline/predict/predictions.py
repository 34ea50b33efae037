"""What a model predicts for one movie, in values that people and programs read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.metric_names import is_error
from pipeline.evaluation.metrics.regression_metrics import COVERAGE
from pipeline.predict.why import Why

DIGITS = 9
"""Of predictions, as evaluations store them."""

LIKELY = 0.5
"""A label of at least this probability is among the predicted ones."""


@dataclass(frozen=True)
class Number:
    """A predicted number with the ends of its 90 % interval, None where the model has none."""

    value: float
    low: float | None
    high: float | None
    unit: str


@dataclass(frozen=True)
class Answer:
    """What a model or a baseline predicts.

    Attributes:
        number: Of a number, in the unit of the task.
        readable: The same in a unit for people: US dollars, points of ten.
        label: Of classes the most probable one.
        labels: Of labels those of a probability of at least one half.
        probabilities: Of classes or labels, by name.
    """

    number: Number | None = None
    readable: Number | None = None
    label: str | None = None
    labels: tuple[str, ...] | None = None
    probabilities: Mapping[str, float] | None = None

    @property
    def most_likely(self) -> str:
        """The class or label of the highest probability; "" for a number."""
        shares = self.probabilities or {}
        return max(shares, key=lambda name: shares[name], default="")


@dataclass(frozen=True)
class OnTest:
    """How well the same model predicted its test set.

    Attributes:
        split, movies: Which set, and how many movies it has.
        metric: Name of the main score.
        score, low, high: With its 95 % interval.
        baseline, baseline_score: The strongest baseline, and its score.
        verdict: The comparison of the two in a sentence.
        interval_coverage: Share of movies inside their 90 % intervals; None without intervals.
        predicted_so, were_so: How many test movies were predicted to be of the same class, and how
            many of them are; None unless classes are predicted.
    """

    split: str
    movies: int
    metric: str
    score: float | None
    low: float | None
    high: float | None
    baseline: str
    baseline_score: float | None
    verdict: str
    interval_coverage: float | None = None
    predicted_so: int | None = None
    were_so: int | None = None


@dataclass(frozen=True)
class ModelVersion:
    """Which model predicts.

    Attributes:
        variant, split: Its names.
        version: Number in the registry; 0 for the one that was trained last and is in none.
        data_hash: Of the features that it was trained on.
        code_version: Of the asset that trained it.
        reads: Names of its inputs.
    """

    variant: str
    split: str
    version: int
    data_hash: str
    code_version: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    """What one system predicts of one task for a movie.

    Attributes:
        system, task: Names.
        kind: "regression", "classes" or "labels".
        model: Which model predicts; None where none was trained.
        answer: None where there is none.
        reason: Why there is none; "" where there is one.
        baselines: What naive baselines, and for money a line through log budget, predict.
        on_test: None where the model was not evaluated.
        missing: What the model reads and the movie lacks; it was masked, as in training.
        effects: Where asked for: by given input, what the answer would be without it.
        why: Where asked for: by "inputs" and by divided input, what moved the answer.
    """

    system: str
    task: str
    kind: str
    model: ModelVersion | None
    answer: Answer | None
    reason: str = ""
    baselines: Mapping[str, Answer] = field(default_factory=dict[str, Answer])
    on_test: OnTest | None = None
    missing: tuple[str, ...] = ()
    effects: Mapping[str, Answer] = field(default_factory=dict[str, Answer])
    why: Mapping[str, Why] = field(default_factory=dict[str, Why])

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; what is None stays null."""
        return asdict(self)


def make_answer(task: Task, preds: np.ndarray, facts: Mapping[str, Any]) -> Answer:
    """Turn one movie's predictions into an answer, rounded as evaluations store them.

    Args:
        task: What is predicted.
        preds: Float64: probabilities (classes,) or (labels,), or a number (1,), or (3,) with the
            ends of an interval.
        facts: The target's, of the training set: its mean and deviation.

    Example:
        >>> from pipeline.models.systems.box_office import LOG10_REVENUE
        >>> make_answer(LOG10_REVENUE, np.array([7.0, 6.0, 8.0]), {}).readable
        Number(value=10000000.0, low=1000000.0, high=100000000.0, unit='US dollars')
    """
    rounded = np.round(np.asarray(preds, dtype=np.float64), DIGITS).reshape(-1).tolist()
    if task.kind is TaskKind.REGRESSION:
        ends = rounded[1:] or [None, None]
        number = Number(rounded[0], ends[0], ends[1], task.unit)
        return Answer(number=number, readable=_readable(number, facts))
    probabilities = dict(zip(task.class_names, rounded, strict=True))
    if task.kind is TaskKind.LABELS:
        likely = tuple(name for name, p in probabilities.items() if p >= LIKELY)
        return Answer(labels=likely, probabilities=probabilities)
    return Answer(label=task.class_names[int(np.argmax(rounded))], probabilities=probabilities)


def outcome_of(answer: Answer | None, like: Answer | None) -> float:
    """Return the one number that stands for an answer where answers are compared.

    Args:
        answer: None counts as NaN.
        like: The answer that is explained: of classes and labels its most likely one is followed.
    """
    if answer is None or like is None:
        return float("nan")
    if answer.number is not None:
        return answer.number.value
    return (answer.probabilities or {})[like.most_likely]


def _readable(number: Number, facts: Mapping[str, Any]) -> Number | None:
    """Return a number in a unit for people; None where it is in one."""
    ends = (number.value, number.low, number.high)
    if number.unit == "log10 US dollars":
        value, low, high = (None if end is None else 10.0**end for end in ends)
        return None if value is None else Number(value, low, high, "US dollars")
    if number.unit == "standard deviations" and {"mean", "sd"} <= set(facts):
        mean, sd = float(facts["mean"]), float(facts["sd"])
        value, low, high = (None if end is None else mean + sd * end for end in ends)
        return None if value is None else Number(value, low, high, "points of 10")
    return None


def describe_test(
    task: Task, split: str, content: Mapping[str, Any], variant: str, answer: Answer | None
) -> OnTest | None:
    """Describe how a model did on its test set, from what the evaluation stored.

    Args:
        task: What is predicted.
        split: Name of the split.
        content: The split's part of `evaluation_results.json`.
        variant: The model.
        answer: Of the movie: its class is looked up among the test movies.
    """
    result = content.get("results", {}).get(variant)
    if result is None:
        return None
    score = result["scores"][task.main_metric]
    baseline, baseline_score = _strongest(content["results"], task.main_metric)
    coverage = result["scores"].get(COVERAGE)
    predicted, right = _count_same(task, content, result, answer)
    return OnTest(
        split,
        len(content["tmdb_ids"]),
        task.main_metric,
        score["estimate"],
        score["low"],
        score["high"],
        baseline,
        baseline_score,
        result.get("verdict", ""),
        coverage["estimate"] if coverage else None,
        predicted,
        right,
    )


def _strongest(results: Mapping[str, Any], metric: str) -> tuple[str, float | None]:
    """Return the baseline of the best score, and the score; none where none has one."""
    scores = {
        name: result["scores"][metric]["estimate"]
        for name, result in results.items()
        if result["kind"] == "baseline" and result["scores"].get(metric)
    }
    known = {name: score for name, score in scores.items() if score is not None}
    if not known:
        return "", None
    best = (min if is_error(metric) else max)(known, key=lambda name: known[name])
    return best, known[best]


def _count_same(
    task: Task, content: Mapping[str, Any], result: Mapping[str, Any], answer: Answer | None
) -> tuple[int | None, int | None]:
    if task.kind is not TaskKind.CLASSES or answer is None or answer.label is None:
        return None, None
    wanted = task.class_names.index(answer.label)
    actual: Sequence[int] = content["y_true"]
    of_class = [a for a, p in zip(actual, result["y_said"], strict=True) if p == wanted]
    return len(of_class), sum(a == wanted for a in of_class)
