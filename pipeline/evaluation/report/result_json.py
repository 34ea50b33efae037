"""Results as JSON values: scores, predictions, history; and where two such values differ."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, TypeAlias

import numpy as np

from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.class_metrics import report_classes
from pipeline.evaluation.metrics.intervals import Draws
from pipeline.evaluation.metrics.label_metrics import score_each_label
from pipeline.evaluation.metrics.regression_metrics import PREDICTIVE_LEVEL
from pipeline.evaluation.metrics.split_results import SplitResult

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

_DIGITS = 9
"""Of the written predictions; the predicted class is written beside them."""


def describe_result(
    result: SplitResult, draws: Mapping[str, Draws], *, seed: int
) -> dict[str, object]:
    """Describe a result under the keys of `evaluation_results.json`, format 2.

    Returns:
        kind, scores, answers (predictions), history, best_epoch, facts; of classes `classes` and
        `y_said` (the predicted class), of labels `labels`, of a number `numbers`. Under
        `before_release`, where the same movies were predicted with records cut so, again `scores`,
        `answers` and the details, and under `days` the main score as of so many days before
        release; its intervals come from the same draws of movies.
    """
    return {
        "kind": result.kind,
        "scores": {name: asdict(draw.interval()) for name, draw in draws.items()},
        **_DETAILS[result.task.kind](result),
        **_describe_before_release(result, seed),
        "answers": np.round(result.preds.astype(np.float64), _DIGITS),
        "history": [{k: float(v) for k, v in row.items()} for row in result.history],
        "best_epoch": int(result.best_epoch),
        "facts": dict(result.facts),
    }


def _describe_before_release(result: SplitResult, seed: int) -> dict[str, object]:
    cut = result.before_release
    if cut is None:
        return {}
    scores = {name: asdict(draw.interval()) for name, draw in cut.bootstrap(seed=seed).items()}
    answers = np.round(cut.preds.astype(np.float64), _DIGITS)
    metric = result.task.main_metric
    return {
        "before_release": {
            "scores": scores,
            **_DETAILS[cut.task.kind](cut),
            "answers": answers,
            "days": {
                str(days): asdict(earlier.bootstrap(seed=seed)[metric].interval())
                for days, earlier in {0: cut, **result.list_earlier()}.items()
            },
        }
    }


def _describe_classes(result: SplitResult) -> dict[str, object]:
    return {
        "classes": report_classes(result.count_confusions(), result.task.class_names),
        "y_said": result.predicted,
    }


def _describe_labels(result: SplitResult) -> dict[str, object]:
    everyone = np.ones((1, len(result.tmdb_ids)))
    areas, precisions = score_each_label(result.preds, result.target, everyone)
    return {
        "labels": [
            {
                "name": name,
                "movies": int(result.target[:, k].sum()),
                "area": areas[0, k],
                "average_precision": precisions[0, k],
            }
            for k, name in enumerate(result.task.class_names)
        ]
    }


def _describe_numbers(result: SplitResult) -> dict[str, object]:
    residuals = result.predicted - result.target
    numbers = {"bias": float(residuals.mean()), "largest_miss": float(np.abs(residuals).max())}
    if result.preds.ndim == 2:
        numbers["interval_level"] = PREDICTIVE_LEVEL
        numbers["interval_width"] = float((result.preds[:, 2] - result.preds[:, 1]).mean())
    return {"numbers": numbers}


_DETAILS = {
    TaskKind.CLASSES: _describe_classes,
    TaskKind.LABELS: _describe_labels,
    TaskKind.REGRESSION: _describe_numbers,
}


def as_json_mapping(values: Mapping[str, object]) -> dict[str, Any]:
    """Convert all values of a mapping by `as_json`."""
    return {key: as_json(value) for key, value in values.items()}


def as_json(value: object) -> JsonValue:
    """Convert arrays, numpy scalars and dataclasses into JSON values; NaN becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{type(value).__name__} is no JSON value")


def list_differences(recomputed: object, stored: object) -> list[str]:
    """Compare two trees of scores without any tolerance.

    Args:
        recomputed: Mappings, sequences, numbers, texts, arrays, or dataclasses such as
            `pipeline.evaluation.metrics.intervals.Interval`; NaN counts as null, as in JSON.
        stored: The same, as read from JSON.

    Returns:
        A line per difference, with its place and both values; empty where all are equal.

    Example:
        >>> list_differences({"mae_error": {"estimate": 0.5}}, {"mae_error": {"estimate": 0.25}})
        ['mae_error, estimate: recomputed 0.5, stored 0.25 (+0.25)']
        >>> list_differences({"a": float("nan")}, {"a": None})
        []
    """
    now, before = dict(_flatten("", as_json(recomputed))), dict(_flatten("", as_json(stored)))
    lines: list[str] = []
    for place in dict.fromkeys([*before, *now]):
        if place not in now:
            lines.append(f"{place}: stored, but not recomputed")
        elif place not in before:
            lines.append(f"{place}: recomputed, but not stored")
        elif not _is_same(now[place], before[place]):
            gap = _gap(now[place], before[place])
            lines.append(f"{place}: recomputed {now[place]!r}, stored {before[place]!r}{gap}")
    return lines


def _flatten(place: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    items = enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, Mapping):
        items = value.items()
    elif not isinstance(value, list):
        yield place, value
    for key, item in items:
        yield from _flatten(f"{place}, {key}" if place else str(key), item)


def _is_same(one: JsonValue, other: JsonValue) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _gap(one: JsonValue, other: JsonValue) -> str:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return f" ({one - other:+.3g})" if math.isfinite(one - other) else ""
    return ""
