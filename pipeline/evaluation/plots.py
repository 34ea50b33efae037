"""The two pictures of an evaluation: training curves and confusion matrices.

What belongs here: drawing results. What does not: computing them. Only matplotlib's object
interface is used, so no window system and no global state are touched.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.evaluation.results import SplitResult

DPI = 110

_COLOURS = ("#1f5fa8", "#c4501b", "#2f7d4f", "#7a4ea3", "#8a6d1d", "#4d4d4d")
_CURVES = (
    ("loss", (("train_loss", ":"), ("val_loss", "-"))),
    ("accuracy", (("train_accuracy", ":"), ("val_accuracy", "-"))),
    ("macro-F1", (("train_macro_f1", ":"), ("val_macro_f1", "-"))),
    ("learning rate", (("learning_rate", "-"),)),
)


def draw_training_curves(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw loss, accuracy, macro-F1 and learning rate, a row per split, a colour per variant.

    Args:
        results: Results with a history; others are passed over.
        path: Where the PNG goes.
    """
    trained = [result for result in results if result.history]
    splits = list(dict.fromkeys(result.split for result in trained)) or ["no model"]
    figure = Figure(figsize=(15, 2.9 * len(splits) + 0.9), dpi=DPI)
    axes = figure.subplots(len(splits), len(_CURVES), squeeze=False)
    for row, split in zip(axes, splits, strict=True):
        models = [result for result in trained if result.split == split]
        for axis, (title, curves) in zip(row, _CURVES, strict=True):
            axis.set_title(f"{split}: {title}", fontsize=10)
            for colour, result in zip(_cycle(len(models)), models, strict=True):
                _draw_curves(axis, result, curves, colour)
            _tidy(axis, title)
    handles, labels = axes[0][0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="lower center", ncols=4, frameon=False, fontsize=9)
    figure.tight_layout(rect=(0, 0.6 / figure.get_figheight(), 1, 1))
    return _write(figure, path)


def _draw_curves(
    axis: Axes, result: SplitResult, curves: Sequence[tuple[str, str]], colour: str
) -> None:
    epochs = [row["epoch"] for row in result.history]
    for name, line in curves:
        part = "validation" if name.startswith("val") else "training, with dropout"
        values = [row[name] for row in result.history]
        axis.plot(epochs, values, line, color=colour, label=f"{result.variant}, {part}")
    if result.best_epoch:
        axis.axvline(result.best_epoch, color=colour, alpha=0.35, linewidth=0.8)


def _tidy(axis: Axes, title: str) -> None:
    axis.set_xlabel("epoch (vertical line: weights kept)", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.25, linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)
    axis.locator_params(axis="x", integer=True)
    if title == "learning rate":
        axis.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
        axis.set_ylim(bottom=0)


def draw_confusions(results: Sequence[SplitResult], class_names: Sequence[str], path: Path) -> Path:
    """Draw a confusion matrix per result: counts, coloured by the share of the true class.

    Args:
        results: What to draw, usually one variant on each split.
        class_names: Lowest first.
        path: Where the PNG goes.
    """
    columns = min(2, max(1, len(results)))
    rows = -(-len(results) // columns) or 1
    figure = Figure(figsize=(7.6 * columns, 6.6 * rows), dpi=DPI)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(results) :]:
        axis.set_axis_off()
    for axis, result in zip(axes, results, strict=False):
        _draw_confusion(axis, result.count(), class_names)
        axis.set_title(f"{result.split}: {result.variant}, {len(result.y_true)} test films")
    figure.tight_layout()
    return _write(figure, path)


def _draw_confusion(axis: Axes, counts: np.ndarray, class_names: Sequence[str]) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(class_names))
    axis.set_xticks(ticks, class_names, rotation=40, ha="right", fontsize=9)
    named = [f"{name} ({int(n)})" for name, n in zip(class_names, totals[:, 0], strict=True)]
    axis.set_yticks(ticks, named, fontsize=9)
    axis.set_xlabel("class said")
    axis.set_ylabel("true class (test films)")
    for (true, said), count in np.ndenumerate(counts):
        if count:
            share = shares[true, said]
            axis.text(
                said, true, f"{int(count)}\n{share:.0%}", ha="center", va="center", fontsize=8,
                color="white" if share > 0.55 else "black",
            )  # fmt: skip
    axis.set_xticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="white", linewidth=1)
    axis.tick_params(which="minor", length=0)


def _cycle(count: int) -> list[str]:
    return [_COLOURS[k % len(_COLOURS)] for k in range(count)]


def _write(figure: Figure, path: Path) -> Path:
    FigureCanvasAgg(figure)
    # without the version in it, equal results give equal files
    figure.savefig(path, format="png", metadata={"Software": None})
    return path
