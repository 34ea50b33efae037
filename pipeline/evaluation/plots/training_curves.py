"""Training curves: loss, scores and learning rate by epoch."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS
from pipeline.evaluation.metrics.split_families import group_families
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.figures import DPI, SOFT, declutter, pick_colours, write_figure
from pipeline.evaluation.wording import variant_title

MAX_COLUMNS = 4
"""Panels in a row: loss, the first two scores of a history, learning rate."""

LEARNING_RATE = "learning_rate"
_SETS = (("train_", ":"), ("val_", "-"))


def draw_training_curves(results: Sequence[SplitResult], path: Path) -> Path:
    """Draw training curves: a row per split, a colour per variant, training dotted.

    Of numbered splits (folds) only the first is drawn; results without a history are skipped.
    """
    trained = [result for result in results if result.history]
    splits = choose_splits([result.split for result in trained])
    variants = list(dict.fromkeys(result.variant for result in trained))
    colours = dict(zip(variants, pick_colours(len(variants)), strict=True))
    names = list_curves(trained) or ["no model was trained"]
    rows = max(1, len(splits))
    figure = Figure(figsize=(3.75 * len(names), 2.9 * rows + 0.5 + 0.26 * len(variants)), dpi=DPI)
    axes = figure.subplots(rows, len(names), squeeze=False)
    for row, split in zip(axes, splits, strict=False):
        for axis, name in zip(row, names, strict=True):
            _draw_panel(axis, name, [r for r in trained if r.split == split], colours)
            axis.set_title(f"{split}: {_title(name)}", fontsize=10)
    if not splits:
        axes[0][0].set_title(names[0], fontsize=10)
    figure.legend(handles=_legend(colours), loc="lower center", ncols=2, frameon=False, fontsize=9)
    foot = (0.35 + 0.2 * ((len(colours) + 3) // 2)) / figure.get_figheight()
    figure.tight_layout(rect=(0, foot, 1, 1))
    return write_figure(figure, path)


def choose_splits(splits: Sequence[str]) -> list[str]:
    """Return the splits without all but the first of each family.

    Example:
        >>> choose_splits(["80-10-10", "fold-1", "fold-2", "by-date"])
        ['80-10-10', 'fold-1', 'by-date']
    """
    named = list(dict.fromkeys(splits))
    later = {split for members in group_families(named).values() for split in members[1:]}
    return [split for split in named if split not in later]


def list_curves(results: Sequence[SplitResult]) -> list[str]:
    """List what histories hold: loss, scores, learning rate; at most `MAX_COLUMNS`."""
    keys = dict.fromkeys(key for result in results for row in result.history for key in row)
    scores = dict.fromkeys(
        key.removeprefix(prefix) for key in keys for prefix, _ in _SETS if key.startswith(prefix)
    )
    ordered = sorted(scores, key=lambda name: name != "loss")
    last = [LEARNING_RATE] if LEARNING_RATE in keys else []
    return [*ordered[: MAX_COLUMNS - len(last)], *last]


def _title(name: str) -> str:
    for full in (name, f"{name}_score", f"{name}_error"):
        if full in METRIC_WORDS:
            return METRIC_WORDS[full]
    return name.replace("_", " ")


def _draw_panel(
    axis: Axes, name: str, results: Sequence[SplitResult], colours: dict[str, str]
) -> None:
    lines = [(name, "-")] if name == LEARNING_RATE else [(p + name, line) for p, line in _SETS]
    for result in results:
        colour = colours[result.variant]
        for key, line in lines:
            drawn = [(row["epoch"], row[key]) for row in result.history if key in row]
            axis.plot(*zip(*drawn, strict=True) if drawn else ([], []), line, color=colour)
        if result.best_epoch:
            axis.axvline(result.best_epoch, color=colour, alpha=0.35, linewidth=0.8)
    declutter(axis)
    axis.set_xlabel("Epoch", fontsize=8)
    axis.locator_params(axis="x", integer=True)
    if name == LEARNING_RATE:
        axis.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
        axis.set_ylim(bottom=0)


def _legend(colours: dict[str, str]) -> list[Line2D]:
    return [
        *(
            Line2D([], [], color=colour, label=variant_title(variant))
            for variant, colour in colours.items()
        ),
        Line2D([], [], color=SOFT, linestyle=":", label="training set, with dropout"),
        Line2D(
            [],
            [],
            color=SOFT,
            label="validation set (thin vertical line: epoch kept)",
        ),
    ]
