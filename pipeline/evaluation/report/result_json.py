"""One result as a JSON value: scores, details of its kind, answers, history."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.class_metrics import report_classes
from pipeline.evaluation.metrics.intervals import Draws
from pipeline.evaluation.metrics.label_metrics import score_each_label
from pipeline.evaluation.metrics.regression_metrics import PREDICTIVE_LEVEL
from pipeline.evaluation.metrics.split_results import SplitResult

_DIGITS = 9
"""Answers are written so exactly; the class said is written beside them."""


def describe_result(result: SplitResult, draws: Mapping[str, Draws]) -> dict[str, Any]:
    """Describe a result.

    Args:
        result: What was said.
        draws: Its scores, from `SplitResult.draw`.

    Returns:
        kind, scores, answers, history, best_epoch, facts; of classes `classes` and `y_said`, of
        labels `labels`, of a number `numbers`.
    """
    details = {
        TaskKind.CLASSES: _describe_classes,
        TaskKind.LABELS: _describe_labels,
        TaskKind.REGRESSION: _describe_numbers,
    }
    return {
        "kind": result.kind,
        "scores": {name: asdict(draw.interval()) for name, draw in draws.items()},
        **details[result.task.kind](result),
        "answers": np.round(result.answers.astype(np.float64), _DIGITS),
        "history": [{k: float(v) for k, v in row.items()} for row in result.history],
        "best_epoch": int(result.best_epoch),
        "facts": dict(result.facts),
    }


def _describe_classes(result: SplitResult) -> dict[str, Any]:
    return {
        "classes": report_classes(result.count(), result.task.class_names),
        "y_said": result.y_said,
    }


def _describe_labels(result: SplitResult) -> dict[str, Any]:
    everyone = np.ones((1, len(result.tmdb_ids)))
    areas, precisions = score_each_label(result.y_true, result.answers, everyone)
    return {
        "labels": [
            {
                "name": name,
                "movies": int(result.y_true[:, k].sum()),
                "area": areas[0, k],
                "average_precision": precisions[0, k],
            }
            for k, name in enumerate(result.task.class_names)
        ]
    }


def _describe_numbers(result: SplitResult) -> dict[str, Any]:
    misses = result.y_said - result.y_true
    numbers: dict[str, float] = {"bias": misses.mean(), "largest_miss": np.abs(misses).max()}
    if result.answers.ndim == 2:
        numbers["interval_level"] = PREDICTIVE_LEVEL
        numbers["interval_width"] = (result.answers[:, 2] - result.answers[:, 1]).mean()
    return {"numbers": numbers}


def plain(value: Any) -> Any:
    """Turn arrays and numpy's scalars into JSON values; a number that is none becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
