"""Every prediction of an evaluation as one table, from which any score can be recomputed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.split_results import SplitResult

PREDICTIONS_FILE = "predictions.parquet"


def tabulate_predictions(results: Sequence[SplitResult], titles: Mapping[int, str]) -> pd.DataFrame:
    """List a row per movie, model or baseline, split and task.

    Args:
        results: As they are scored.
        titles: By TMDB id.

    Returns:
        tmdb_id, title, franchise, task, split, variant, kind ("model", "baseline", "limit");
        of a number `predicted`, `low` and `high` (the ends of the 90 % interval, NaN without one)
        and `actual`; of classes and labels `probabilities` (a list in the order of the task's
        names), and `predicted` and `actual` as the number of the class, or of labels
        `actual_labels` (a list of 0 and 1). What does not apply is null.
    """
    return pd.concat([_tabulate(result, titles) for result in results], ignore_index=True)


def write_predictions(
    folder: Path, results: Sequence[SplitResult], titles: Mapping[int, str]
) -> Path:
    """Write the table of `tabulate_predictions` into a report's folder."""
    path = folder / PREDICTIONS_FILE
    unfinished = path.with_name(f".{path.name}.part")
    tabulate_predictions(results, titles).to_parquet(unfinished, index=False)
    return unfinished.replace(path)


def restore_result(table: pd.DataFrame, task: Task, split: str, variant: str) -> SplitResult:
    """Build a result from the table again, to score it.

    Raises:
        KeyError: The table has no such rows.
    """
    wanted = {"task": task.name, "split": split, "variant": variant}
    is_wanted = np.all([table[name].to_numpy(object) == value for name, value in wanted.items()], 0)
    if not is_wanted.any():
        raise KeyError(f"no prediction of {variant!r} on {split!r} for {task.name!r}")
    columns = {str(name): table[name].to_numpy()[is_wanted] for name in table}
    return SplitResult(
        task,
        split,
        variant,
        columns["kind"][0],
        columns["tmdb_id"],
        _restore_preds(task, columns),
        _restore_target(task, columns),
        franchises=None if columns["franchise"][0] is None else columns["franchise"],
        is_sampled=bool(columns["is_sampled"][0]),
    )


def _restore_preds(task: Task, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    if task.kind is not TaskKind.REGRESSION:
        return np.stack([np.asarray(one, np.float64) for one in columns["probabilities"]])
    if np.isnan(columns["low"]).all():
        return columns["predicted"]
    return np.stack([columns[name] for name in ("predicted", "low", "high")], axis=1)


def _restore_target(task: Task, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    if task.kind is TaskKind.LABELS:
        return np.stack([np.asarray(one) for one in columns["actual_labels"]])
    return (
        columns["actual"].astype(np.int64) if task.kind is TaskKind.CLASSES else columns["actual"]
    )


def _tabulate(result: SplitResult, titles: Mapping[int, str]) -> pd.DataFrame:
    n = len(result.tmdb_ids)
    table = pd.DataFrame(
        {
            "tmdb_id": result.tmdb_ids,
            "title": [titles.get(int(i), "") for i in result.tmdb_ids],
            "franchise": [None] * n if result.franchises is None else result.franchises,
            "task": result.task.name,
            "split": result.split,
            "variant": result.variant,
            "kind": result.kind,
            "is_sampled": result.is_sampled,
            **{name: np.full(n, np.nan) for name in ("predicted", "low", "high", "actual")},
            "probabilities": [None] * n,
            "actual_labels": [None] * n,
        }
    )
    if result.task.kind is TaskKind.REGRESSION:
        table["predicted"], table["actual"] = result.predicted, result.target
        if result.preds.ndim == 2:
            table["low"], table["high"] = result.preds[:, 1], result.preds[:, 2]
        return table
    table["probabilities"] = list(result.preds)
    if result.task.kind is TaskKind.CLASSES:
        table["predicted"], table["actual"] = result.predicted, result.target
    else:
        table["actual_labels"] = list(result.target)
    return table
