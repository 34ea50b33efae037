"""Confusion matrices of said classes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.figures import lay_out, write_figure


def draw_confusions(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw a confusion matrix per result: counts, coloured by the share of the true class.

    Args:
        results: What to draw, usually one variant on each split.
        path: Where the PNG goes.
    """
    wide = max([len(result.task.class_names) for result in results], default=2)
    side = 2.8 + 0.6 * wide
    figure, axes = lay_out(len(results), columns=2, width=max(5.0, side), height=max(4.0, side - 1))
    for axis, result in zip(axes, results, strict=True):
        _draw_confusion(axis, result.count(), result.task.class_names)
        axis.set_title(
            f"{result.split}: {result.variant}, {len(result.y_true)} test films", fontsize=10
        )
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_confusion(axis: Axes, counts: np.ndarray, class_names: Sequence[str]) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(class_names)), class_names, rotation=40, ha="right", fontsize=9)
    named = [f"{name} ({n:.0f})" for name, n in zip(class_names, totals[:, 0], strict=True)]
    axis.set_yticks(range(len(class_names)), named, fontsize=9)
    axis.set_xlabel("class said")
    axis.set_ylabel("true class (test films)")
    for (true, said), count in np.ndenumerate(counts):
        if count:
            share = shares[true, said]
            axis.text(
                said, true, f"{count:.0f}\n{share:.0%}", ha="center", va="center", fontsize=8,
                color="white" if share > 0.55 else "black",
            )  # fmt: skip
    axis.set_xticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="white", linewidth=1)
    axis.tick_params(which="minor", length=0)
