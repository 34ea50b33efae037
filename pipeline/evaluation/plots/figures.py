"""What all pictures share: colours, axes without clutter, a grid of panels, files that repeat.

Only matplotlib's object interface is used, so no window system and no global state are touched.
"""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 110

INK, SOFT, ACCENT = "#1c2330", "#5b6575", "#1f5fa8"

COLOURS = (
    "#1f5fa8", "#c4501b", "#2f7d4f", "#7a4ea3", "#8a6d1d", "#4d4d4d", "#c23b75", "#2a9aa8",
    "#9aa52a", "#a86a2a",
)  # fmt: skip


def pick_colours(count: int) -> list[str]:
    """Return so many colours; they come again after ten."""
    return [COLOURS[k % len(COLOURS)] for k in range(count)]


def lay_out(panels: int, *, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Make a figure of panels in rows; surplus places stay empty.

    Args:
        panels: How many; at least one place is made.
        columns: Most panels beside each other.
        width: Of one panel, in inches.
        height: The same.
    """
    across = min(columns, max(1, panels))
    down = -(-panels // across) or 1
    figure = Figure(figsize=(width * across, height * down), dpi=DPI)
    axes = list(figure.subplots(down, across, squeeze=False).ravel())
    for axis in axes[panels:]:
        axis.set_axis_off()
    return figure, axes[:panels]


def tidy(axis: Axes) -> None:
    """Leave the lines that help reading."""
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.25, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a PNG; equal figures give equal files."""
    FigureCanvasAgg(figure)
    # without the version in it, equal results give equal files
    figure.savefig(path, format="png", metadata={"Software": None})
    return path
