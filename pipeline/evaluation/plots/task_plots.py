"""Which pictures a task has, and their files.

Source of the names of the confusion matrix and the training curves: seed 001, "Output Files".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.split_families import group_families
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.classification_plots import draw_confusions
from pipeline.evaluation.plots.label_plots import draw_labels, draw_precision_recall
from pipeline.evaluation.plots.regression_plots import draw_predictions, draw_residuals
from pipeline.evaluation.plots.training_curves import draw_training_curves
from pipeline.evaluation.report.evaluation_summary import Subject, pool_families

CURVES_FILE = "training_curves.png"
CONFUSION_FILE = "confusion_matrix.png"
PREDICTIONS_FILE = "predictions.png"
RESIDUALS_FILE = "residuals.png"
PRECISION_RECALL_FILE = "precision_recall.png"
LABELS_FILE = "label_scores.png"


@dataclass(frozen=True)
class Picture:
    """A drawn file and what the page says of it."""

    title: str
    caption: str
    path: Path


def name_file(task: str, tasks: Sequence[str], name: str) -> str:
    """Name a task's file: the plain name for a system's first task, else with the task before it.

    Example:
        >>> name_file("profit", ["comedy_horror", "profit"], "confusion_matrix.png")
        'profit_confusion_matrix.png'
    """
    return name if task == tasks[0] else f"{task}_{name}"


def draw_task(
    results: Sequence[SplitResult],
    subject: Subject,
    folder: Path,
    *,
    tasks: Sequence[str],
    groups: pd.DataFrame | None = None,
) -> list[Picture]:
    """Draw all pictures of one task.

    Args:
        results: Of that task, all splits.
        subject: Names the variant that is drawn.
        folder: Where the files go.
        tasks: The system's tasks, for the files' names.
        groups: Kinds of movies, for the misses of a said number.
    """
    task = results[0].task

    def at(name: str) -> Path:
        return folder / name_file(task.name, tasks, name)

    shown = show_splits(results)
    pictures = _draw_answers(shown, choose_main(shown, subject.main_variant), at, groups)
    if any(result.history for result in results):
        caption = "Of numbered splits the first one; the thin upright line is the epoch kept."
        path = draw_training_curves(results, at(CURVES_FILE))
        pictures.append(Picture("Training curves", caption, path))
    return pictures


def show_splits(results: Sequence[SplitResult]) -> list[SplitResult]:
    """Put numbered splits' answers together; those that cannot be stay as they are."""
    pooled = {family: kept for family, kept in pool_families(results).items() if kept}
    families = group_families([result.split for result in results])
    hidden = {split for family in pooled for split in families[family]}
    together = [result for kept in pooled.values() for result in kept]
    return together + [result for result in results if result.split not in hidden]


def choose_main(results: Sequence[SplitResult], main_variant: str) -> list[SplitResult]:
    """Return the main variant's results, else those of the first model; none where none is."""
    models = [result for result in results if result.kind == "model"]
    names = [result.variant for result in models]
    chosen = main_variant if main_variant in names else next(iter(names), "")
    return [result for result in models if result.variant == chosen]


def _draw_answers(shown, main, at, groups) -> list[Picture]:
    if not main:
        return []
    kind, variant = main[0].task.kind, main[0].variant
    if kind == TaskKind.CLASSES:
        caption = "Count of test films, and their share of the row's true class."
        path = draw_confusions(main, at(CONFUSION_FILE))
        return [Picture(f"Confusion matrices, {variant}", caption, path)]
    if kind == TaskKind.LABELS:
        return _draw_labels(shown, main, at)
    caption = "Each dot is a test film; on the line, what was said is what came."
    path = draw_predictions(main, at(PREDICTIONS_FILE))
    pictures = [Picture(f"Said against true, {variant}", caption, path)]
    if groups is not None:
        caption = "Box: quartiles and median; whiskers: the middle nine tenths. Above 0: too high."
        path = draw_residuals(main[0], groups, at(RESIDUALS_FILE))
        pictures.append(Picture(f"Misses by kind of film, {variant}", caption, path))
    return pictures


def _draw_labels(shown, main, at) -> list[Picture]:
    same = [r for r in shown if r.split == main[0].split and r.kind == "baseline"]
    caption = "Straight lines between cuts, as the scores measure them."
    path = draw_precision_recall(main, at(PRECISION_RECALL_FILE))
    bars = draw_labels([main[0], *same], at(LABELS_FILE))
    return [
        Picture(f"Precision and recall, {main[0].variant}", caption, path),
        Picture("Label by label", "The model beside the baselines of its split.", bars),
    ]
