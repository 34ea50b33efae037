"""Plots of predicted classes and labels: confusion matrices, precision-recall curves, bars."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import ConfusionMatrixDisplay

from pipeline.evaluation.metrics.label_metrics import score_each_label
from pipeline.evaluation.metrics.ranking import count_thresholds, precision_recall_area
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.figures import (
    INK,
    declutter,
    make_panels,
    pick_colours,
    title_of,
    write_figure,
)
from pipeline.evaluation.wording import variant_title


def draw_confusions(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw a confusion matrix per result: counts, and their fraction of the actual class."""
    widest = max([len(result.task.class_names) for result in results], default=2)
    side = 2.8 + 0.6 * widest
    figure, axes = make_panels(len(results), width=max(5.0, side), height=max(4.0, side - 1))
    for axis, result in zip(axes, results, strict=True):
        _draw_confusion(axis, result.count_confusions(), result.task.class_names)
        axis.set_title(title_of(result), fontsize=10)
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_confusion(axis: Axes, counts: np.ndarray, class_names: Sequence[str]) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    fractions = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    display = ConfusionMatrixDisplay(fractions, display_labels=class_names)
    display.plot(ax=axis, cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1})
    for (row, column), text in np.ndenumerate(display.text_):
        count, fraction = counts[row, column], fractions[row, column]
        text.set_text(f"{count:.0f}\n{fraction:.0%}" if count else "")
        text.set(fontsize=8, color="white" if fraction > 0.55 else "black")
    names = [f"{name} ({n:.0f})" for name, n in zip(class_names, totals[:, 0], strict=True)]
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(axis="x", labelrotation=40)
    for label in axis.get_xticklabels():
        label.set_horizontalalignment("right")
    axis.tick_params(labelsize=9)
    axis.set(xlabel="Predicted class", ylabel="Actual class (test films)")


def draw_precision_recall(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw the precision-recall curve of each label and of all pairs, a panel per result.

    Straight lines between thresholds, unlike the steps of scikit-learn's display: the curves are
    those whose area the scores measure.
    """
    figure, axes = make_panels(len(results), width=7.6, height=5.2)
    for axis, result in zip(axes, results, strict=True):
        names = result.task.class_names
        for k, colour in enumerate(pick_colours(len(names))):
            _draw_curve(axis, result.preds[:, k], result.target[:, k], names[k], color=colour)
        _draw_curve(axis, result.preds.ravel(), result.target.ravel(), "micro", INK, 2.2)
        axis.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="Recall", ylabel="Precision")
        axis.set_title(title_of(result), fontsize=10)
        declutter(axis)
        axis.legend(
            title="label (area)", title_fontsize=8, fontsize=8, frameon=False,
            loc="upper left", bbox_to_anchor=(1.0, 1.0),
        )  # fmt: skip
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_curve(
    axis: Axes,
    preds: np.ndarray,
    target: np.ndarray,
    name: str,
    color: str,
    linewidth: float | None = None,
) -> None:
    if not target.any():
        return
    counts = count_thresholds(preds, target, np.ones((1, len(preds))))
    found = counts.true_positives[0]
    recall, precision = [0, *found / found[-1]], [1, *found / counts.predicted[0]]
    area = precision_recall_area(counts)[0]
    axis.plot(recall, precision, label=f"{name} ({area:.2f})", color=color, linewidth=linewidth)


def draw_label_scores(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw every label's area under the precision-recall curve as bars, a colour per variant.

    Results are variants and baselines of one split, at least one.
    """
    bars = len(results)
    figure, [axis] = make_panels(1, width=13, height=4.2 + 0.12 * bars)
    for k, (result, colour) in enumerate(zip(results, pick_colours(bars), strict=True)):
        everyone = np.ones((1, len(result.tmdb_ids)))
        areas = score_each_label(result.preds, result.target, everyone)[0][0]
        places = np.arange(len(areas)) + (k - (bars - 1) / 2) * 0.8 / bars
        axis.bar(
            places,
            np.nan_to_num(areas),
            0.8 / bars,
            color=colour,
            label=variant_title(result.variant),
        )
    first = results[0]
    labelled = zip(first.task.class_names, first.target.sum(axis=0), strict=True)
    names = [f"{name}\n{n:.0f} films" for name, n in labelled]
    axis.set_xticks(range(len(names)), names)
    axis.set_title(f"{first.split}: area under the precision-recall curve", fontsize=10)
    axis.set_ylim(0, 1)
    declutter(axis)
    axis.grid(visible=False, axis="x")
    figure.legend(loc="lower center", ncols=4, fontsize=9, frameon=False)
    figure.tight_layout(rect=(0, (0.15 + 0.22 * -(-bars // 4)) / figure.get_figheight(), 1, 1))
    return write_figure(figure, path)
