"""Pictures of a said number: said against true, and misses by kind of movie."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.evaluation.metrics.regression_metrics import PREDICTIVE_LEVEL
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.figures import (
    ACCENT,
    COLOURS,
    INK,
    SOFT,
    lay_out,
    tidy,
    write_figure,
)

_BANDS = 12
"""Predictive intervals are averaged over so many bands of the said number."""


def draw_predictions(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw said against true numbers, with the predictive interval where answers carry one.

    Args:
        results: What to draw, usually one variant on each split.
        path: Where the PNG goes.
    """
    figure, axes = lay_out(len(results), columns=2, width=6.2, height=5.4)
    for axis, result in zip(axes, results, strict=True):
        _draw_scatter(axis, result)
        axis.set_title(
            f"{result.split}: {result.variant}, {len(result.y_true)} test films", fontsize=10
        )
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_scatter(axis: Axes, result: SplitResult) -> None:
    said, true = result.y_said, result.y_true
    low, high = np.min([said, true]), np.max([said, true])
    pad = 0.04 * (high - low) or 0.5
    ends = (low - pad, high + pad)
    if result.answers.ndim == 2:
        _draw_band(axis, result.answers)
    axis.plot(ends, ends, color=INK, linewidth=0.9, label="said = true")
    many = len(true) > 500
    axis.scatter(
        said, true, s=9 if many else 18, alpha=0.35 if many else 0.6, color=ACCENT, linewidths=0
    )
    axis.set(xlim=ends, ylim=ends)
    unit = f" ({result.task.unit})" if result.task.unit else ""
    axis.set_xlabel(f"said{unit}", fontsize=9)
    axis.set_ylabel(f"true{unit}", fontsize=9)
    tidy(axis)
    axis.legend(loc="upper left", fontsize=8, frameon=False)


def _draw_band(axis: Axes, answers: np.ndarray) -> None:
    """Fill between the mean ends of the intervals, along the said number."""
    order = answers[:, 0].argsort()
    bands = np.array_split(answers[order], min(_BANDS, len(answers)))
    centres, lows, highs = np.array([band.mean(axis=0) for band in bands]).T
    axis.fill_between(
        centres, lows, highs, color=COLOURS[1], alpha=0.16, linewidth=0,
        label=f"{PREDICTIVE_LEVEL:.0%} predictive interval",
    )  # fmt: skip


def draw_residuals(result: SplitResult, groups: pd.DataFrame, path: Path) -> Path:
    """Draw said minus true by kind of movie: median, quartiles and the middle nine tenths.

    Args:
        result: Said numbers.
        groups: Indexed by tmdb_id, a column per grouping; all of the result's movies are there.
        path: Where the PNG goes.
    """
    aligned = groups.loc[result.tmdb_ids]
    misses = result.y_said - result.y_true
    figure, axes = lay_out(len(aligned.columns), columns=2, width=6.6, height=4.2)
    for axis, grouping in zip(axes, aligned.columns, strict=True):
        _draw_boxes(axis, misses, aligned[grouping].astype("category"))
        axis.set_title(f"{result.split}: {result.variant}, by {grouping}", fontsize=10)
        unit = f" ({result.task.unit})" if result.task.unit else ""
        axis.set_ylabel(f"said minus true{unit}", fontsize=8)
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_boxes(axis: Axes, misses: np.ndarray, column: pd.Series) -> None:
    codes = column.cat.codes.to_numpy()
    there = [code for code in range(len(column.cat.categories)) if (codes == code).any()]
    boxes = axis.boxplot(
        [misses[codes == code] for code in there],
        whis=(5, 95), showfliers=False, patch_artist=True, widths=0.6,
        medianprops={"color": INK, "linewidth": 1.4},
        whiskerprops={"color": SOFT}, capprops={"color": SOFT},
    )  # fmt: skip
    for box in boxes["boxes"]:
        box.set(facecolor="#cfdff1", edgecolor=ACCENT, linewidth=0.8)
    names = [f"{column.cat.categories[code]}\n{(codes == code).sum()} films" for code in there]
    tidy(axis)
    axis.axhline(0, color=COLOURS[1], linewidth=0.9)
    is_crowded = len(there) > 4
    axis.set_xticks(
        range(1, len(there) + 1), names, fontsize=8,
        rotation=35 if is_crowded else 0, ha="right" if is_crowded else "center",
    )  # fmt: skip
