"""Which plots a task has, and their files.

Source of the names of the confusion matrix and the training curves: reference implementation 001,
"Output Files".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.split_families import group_families, pool_families
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.classification_plots import (
    draw_confusions,
    draw_label_scores,
    draw_precision_recall,
)
from pipeline.evaluation.plots.regression_plots import draw_predictions, draw_residuals
from pipeline.evaluation.plots.training_curves import draw_training_curves
from pipeline.evaluation.wording import variant_title

CURVES_FILE = "training_curves.png"
CONFUSION_FILE = "confusion_matrix.png"
PREDICTIONS_FILE = "predictions.png"
RESIDUALS_FILE = "residuals.png"
PRECISION_RECALL_FILE = "precision_recall.png"
LABELS_FILE = "label_scores.png"


@dataclass(frozen=True)
class Plot:
    """A drawn file with its title and caption."""

    title: str
    caption: str
    path: Path


def plot_file(task: str, tasks: Sequence[str], name: str) -> str:
    """Return a task's file name: `name` for a system's first task, else after the task's name.

    Example:
        >>> plot_file("profit", ["comedy_horror", "profit"], "confusion_matrix.png")
        'profit_confusion_matrix.png'
    """
    return name if task == tasks[0] else f"{task}_{name}"


def draw_task(
    results: Sequence[SplitResult],
    main_variant: str,
    folder: Path,
    *,
    tasks: Sequence[str],
    segments: pd.DataFrame | None = None,
) -> list[Plot]:
    """Draw all plots of one task."""
    task = results[0].task

    def at(name: str) -> Path:
        return folder / plot_file(task.name, tasks, name)

    shown = pool_splits(results)
    plots = _draw_predictions(shown, choose_main(shown, main_variant), at, segments)
    if any(result.history for result in results):
        caption = "Of numbered splits the first; the thin vertical line marks the epoch kept."
        path = draw_training_curves(results, at(CURVES_FILE))
        plots.append(Plot("Training curves", caption, path))
    return plots


def pool_splits(results: Sequence[SplitResult]) -> list[SplitResult]:
    """Pool the predictions on numbered splits; those that cannot be pooled stay as they are."""
    pooled = {family: some for family, some in pool_families(results).items() if some}
    families = group_families([result.split for result in results])
    hidden = {split for family in pooled for split in families[family]}
    together = [result for some in pooled.values() for result in some]
    return together + [result for result in results if result.split not in hidden]


def choose_main(results: Sequence[SplitResult], main_variant: str) -> list[SplitResult]:
    """Return the main variant's results, else those of the first model, if any."""
    models = [result for result in results if result.kind == "model"]
    names = [result.variant for result in models]
    chosen = main_variant if main_variant in names else next(iter(names), "")
    return [result for result in models if result.variant == chosen]


def _draw_predictions(
    shown: Sequence[SplitResult],
    main: Sequence[SplitResult],
    at: Callable[[str], Path],
    segments: pd.DataFrame | None,
) -> list[Plot]:
    if not main:
        return []
    kind, variant = main[0].task.kind, variant_title(main[0].variant)
    if kind == TaskKind.CLASSES:
        caption = "Number of test films, and their fraction of the row's actual class."
        path = draw_confusions(main, at(CONFUSION_FILE))
        return [Plot(f"Confusion matrices, {variant}", caption, path)]
    if kind == TaskKind.LABELS:
        return _draw_labels(shown, main, at)
    caption = "Each dot is a test film; on the line, predicted and actual are equal."
    path = draw_predictions(main, at(PREDICTIONS_FILE))
    plots = [Plot(f"Predicted and actual, {variant}", caption, path)]
    if segments is not None:
        caption = "Box: quartiles and median; whiskers: the middle 90 %. Above 0: overestimated."
        path = draw_residuals(main[0], segments, at(RESIDUALS_FILE))
        plots.append(Plot(f"Residuals by segment, {variant}", caption, path))
    return plots


def _draw_labels(
    shown: Sequence[SplitResult], main: Sequence[SplitResult], at: Callable[[str], Path]
) -> list[Plot]:
    baselines = [r for r in shown if r.split == main[0].split and r.kind == "baseline"]
    caption = "Linear interpolation between thresholds, as in the scores."
    path = draw_precision_recall(main, at(PRECISION_RECALL_FILE))
    bars = draw_label_scores([main[0], *baselines], at(LABELS_FILE))
    return [
        Plot(f"Precision and recall, {variant_title(main[0].variant)}", caption, path),
        Plot("Scores by label", "The model beside the baselines of its split.", bars),
    ]
