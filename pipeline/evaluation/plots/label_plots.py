"""Pictures of said labels: precision-recall curves, and every label's area beside baselines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from pipeline.evaluation.metrics.label_metrics import score_each_label
from pipeline.evaluation.metrics.ranking import cut_ranking, precision_recall_area
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.figures import INK, lay_out, pick_colours, tidy, write_figure


def draw_precision_recall(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw each label's precision-recall curve, and that of all pairs, a panel per result.

    Args:
        results: What to draw, usually one variant on each split.
        path: Where the PNG goes.
    """
    figure, axes = lay_out(len(results), columns=2, width=7.6, height=5.2)
    for axis, result in zip(axes, results, strict=True):
        names = result.task.class_names
        for k, colour in enumerate(pick_colours(len(names))):
            if result.y_true[:, k].any():
                _draw_curve(axis, result.y_true[:, k], result.answers[:, k], names[k], color=colour)
        if result.y_true.any():
            _draw_curve(
                axis, result.y_true.ravel(), result.answers.ravel(), "all pairs",
                color=INK, linewidth=2.2,
            )  # fmt: skip
        axis.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
        axis.set_title(
            f"{result.split}: {result.variant}, {len(result.y_true)} test films", fontsize=10
        )
        tidy(axis)
        axis.legend(
            title="label (area)", title_fontsize=8, fontsize=8, frameon=False,
            loc="upper left", bbox_to_anchor=(1.0, 1.0),
        )  # fmt: skip
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_curve(
    axis: Axes, is_positive: np.ndarray, scores: np.ndarray, name: str, **style: object
) -> None:
    cuts = cut_ranking(scores, is_positive, np.ones((1, len(scores))))
    precision, recall = cuts.hits[0] / cuts.seen[0], cuts.hits[0] / cuts.hits[0, -1]
    area = precision_recall_area(cuts)[0]
    axis.plot([0, *recall], [1, *precision], label=f"{name} ({area:.2f})", **style)


def draw_labels(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw every label's area under the precision-recall curve as bars, a colour per variant.

    Args:
        results: Variants and baselines of one split.
        path: Where the PNG goes.
    """
    figure, [axis] = lay_out(1, columns=1, width=13, height=4.2 + 0.12 * len(results))
    bars = len(results)
    for k, (result, colour) in enumerate(zip(results, pick_colours(bars), strict=True)):
        everyone = np.ones((1, len(result.tmdb_ids)))
        areas = score_each_label(result.y_true, result.answers, everyone)[0][0]
        places = np.arange(len(areas)) + (k - (bars - 1) / 2) * 0.8 / bars
        axis.bar(places, np.nan_to_num(areas), 0.8 / bars, color=colour, label=result.variant)
    if results:
        first = results[0]
        counts = first.y_true.sum(axis=0)
        names = first.task.class_names
        axis.set_xticks(
            range(len(names)),
            [f"{name}\n{n:.0f} films" for name, n in zip(names, counts, strict=True)],
        )
        axis.set_title(f"{first.split}: area under the precision-recall curve", fontsize=10)
    axis.set_ylim(0, 1)
    tidy(axis)
    axis.grid(visible=False, axis="x")
    figure.legend(loc="lower center", ncols=4, fontsize=9, frameon=False)
    figure.tight_layout(rect=(0, (0.15 + 0.22 * -(-bars // 4)) / figure.get_figheight(), 1, 1))
    return write_figure(figure, path)
