"""What all plots share: colours, panels, titles, and files equal for equal results.

Only matplotlib's object interface is used: no window system, no global figure.
"""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.wording import variant_title

DPI = 110

INK, SOFT, ACCENT = "#1c2330", "#5b6575", "#1f5fa8"

COLOURS = (
    "#1f5fa8", "#c4501b", "#2f7d4f", "#7a4ea3", "#8a6d1d", "#4d4d4d", "#c23b75", "#2a9aa8",
    "#9aa52a", "#a86a2a",
)  # fmt: skip


def pick_colours(count: int) -> list[str]:
    """Return `count` colours; they repeat after ten."""
    return [COLOURS[k % len(COLOURS)] for k in range(count)]


def title_of(result: SplitResult) -> str:
    """Return the title of a result's panel."""
    return f"{result.split}: {variant_title(result.variant)}, {len(result.target)} test films"


def label_of(name: str, result: SplitResult) -> str:
    """Return an axis label with the unit of the result's task."""
    return f"{name} ({result.task.unit})" if result.task.unit else name


def make_panels(
    panels: int, *, width: float, height: float, columns: int = 2
) -> tuple[Figure, list[Axes]]:
    """Make a figure of panels in rows; surplus places stay empty.

    Args:
        panels: How many; at least one place is made.
        width: Of one panel, in inches.
        height: The same.
        columns: Most panels in a row.
    """
    across = min(columns, max(1, panels))
    down = -(-panels // across) or 1
    figure = Figure(figsize=(width * across, height * down), dpi=DPI)
    axes = list(figure.subplots(down, across, squeeze=False).ravel())
    for axis in axes[panels:]:
        axis.set_axis_off()
    return figure, axes[:panels]


def declutter(axis: Axes) -> None:
    """Keep only the lines that help reading."""
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.25, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a PNG file; equal figures give equal files."""
    FigureCanvasAgg(figure)
    # without the version in it, equal results give equal files
    figure.savefig(path, format="png", metadata={"Software": None})
    return path
