"""Plots of predicted numbers: actual against predicted, and residuals by segment of movies."""

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
    declutter,
    label_of,
    make_panels,
    title_of,
    write_figure,
)
from pipeline.evaluation.wording import variant_title

_BANDS = 12
"""Predictive intervals are averaged over this many bands of the predicted number."""


def draw_predictions(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw actual against predicted numbers, with the predictive interval where there is one."""
    figure, axes = make_panels(len(results), width=6.2, height=5.4)
    for axis, result in zip(axes, results, strict=True):
        _draw_scatter(axis, result)
        axis.set_title(title_of(result), fontsize=10)
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_scatter(axis: Axes, result: SplitResult) -> None:
    preds, target = result.predicted, result.target
    low, high = np.min([preds, target]), np.max([preds, target])
    pad = 0.04 * (high - low) or 0.5
    ends = (low - pad, high + pad)
    if result.preds.ndim == 2:
        _draw_band(axis, result.preds)
    axis.plot(ends, ends, color=INK, linewidth=0.9, label="predicted = actual")
    size, alpha = (9, 0.35) if len(target) > 500 else (18, 0.6)
    axis.scatter(preds, target, s=size, alpha=alpha, color=ACCENT, linewidths=0)
    axis.set(xlim=ends, ylim=ends)
    axis.set_xlabel(label_of("Predicted", result), fontsize=9)
    axis.set_ylabel(label_of("Actual", result), fontsize=9)
    declutter(axis)
    axis.legend(loc="upper left", fontsize=8, frameon=False)


def _draw_band(axis: Axes, preds: np.ndarray) -> None:
    """Fill between the mean ends of the intervals, along the predicted number."""
    order = preds[:, 0].argsort()
    bands = np.array_split(preds[order], min(_BANDS, len(preds)))
    centres, lows, highs = np.array([band.mean(axis=0) for band in bands]).T
    axis.fill_between(
        centres, lows, highs, color=COLOURS[1], alpha=0.16, linewidth=0,
        label=f"{PREDICTIVE_LEVEL:.0%} predictive interval",
    )  # fmt: skip


def draw_residuals(result: SplitResult, segments: pd.DataFrame, path: Path) -> Path:
    """Draw residuals by segment: median, quartiles and the middle nine tenths.

    Segments are indexed by tmdb_id, a column per grouping, and hold all movies of the result.
    """
    aligned = segments.loc[result.tmdb_ids]
    residuals = result.predicted - result.target
    figure, axes = make_panels(len(aligned.columns), width=6.6, height=4.2)
    for axis, grouping in zip(axes, aligned.columns, strict=True):
        _draw_boxes(axis, residuals, aligned[grouping].astype("category"))
        axis.set_title(
            f"{result.split}: {variant_title(result.variant)}, by {grouping}", fontsize=10
        )
        axis.set_ylabel(label_of("Predicted minus actual", result), fontsize=8)
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_boxes(axis: Axes, residuals: np.ndarray, column: pd.Series) -> None:
    codes = column.cat.codes.to_numpy()
    present = [code for code in range(len(column.cat.categories)) if (codes == code).any()]
    boxes = axis.boxplot(
        [residuals[codes == code] for code in present],
        whis=(5, 95), showfliers=False, patch_artist=True, widths=0.6,
        medianprops={"color": INK, "linewidth": 1.4},
        whiskerprops={"color": SOFT}, capprops={"color": SOFT},
    )  # fmt: skip
    for box in boxes["boxes"]:
        box.set(facecolor="#cfdff1", edgecolor=ACCENT, linewidth=0.8)
    names = [f"{column.cat.categories[code]}\n{(codes == code).sum()} films" for code in present]
    declutter(axis)
    axis.axhline(0, color=COLOURS[1], linewidth=0.9)
    is_crowded = len(present) > 4
    axis.set_xticks(
        range(1, len(present) + 1), names, fontsize=8,
        rotation=35 if is_crowded else 0, ha="right" if is_crowded else "center",
    )  # fmt: skip
