"""One picture of all systems: each main model beside its baselines and the noise ceiling."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.plots.figures import ACCENT, COLOURS, DPI, SOFT, declutter, write_figure
from pipeline.evaluation.wording import OUTCOME_WORDS, count_of, variant_title

STRONGEST = COLOURS[1]


def draw_overview(rows: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """Draw a panel per system: scores of its first task with 95 % intervals.

    Args:
        rows: Of `list_leaderboard`.
        path: The PNG file.

    Returns:
        The path; without any model an empty figure that says so.
    """
    panels = _list_panels(rows)
    figure = Figure(figsize=(10.5, 0.5 + 1.15 * max(1, len(panels))), dpi=DPI)
    axes = figure.subplots(max(1, len(panels)), 1, squeeze=False)[:, 0]
    for axis, panel in zip(axes, panels, strict=False):
        _draw_panel(axis, panel)
    if not panels:
        axes[0].set_axis_off()
        axes[0].set_title("No model was trained", fontsize=10)
    figure.tight_layout()
    return write_figure(figure, path)


def _list_panels(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return the headline rows of each system's first task that has a model."""
    panels: dict[str, list[Mapping[str, Any]]] = {}
    tasks: dict[str, str] = {}
    for row in rows:
        if row["is_headline"] and row["is_main"] and row["estimate"] is not None:
            tasks.setdefault(row["system"], row["task"])
    for row in rows:
        if row["is_headline"] and tasks.get(row["system"]) == row["task"]:
            panels.setdefault(row["system"], []).append(row)
    return list(panels.values())


def _draw_panel(axis: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    main = next(row for row in rows if row["is_main"])
    others = [row for row in rows if row["kind"] == "baseline" and row["estimate"] is not None]
    strongest = next((row for row in others if row["variant"] == main["best_baseline"]), None)
    lines = [(main, 1.0, ACCENT)] + ([(strongest, 0.0, STRONGEST)] if strongest else [])
    for row, height, colour in lines:
        low, high = (
            row[end] if row[end] is not None else row["estimate"] for end in ("low", "high")
        )
        axis.plot([low, high], [height, height], color=colour, linewidth=3, alpha=0.45)
        axis.plot(row["estimate"], height, "o", color=colour, markersize=8)
        text = f"{variant_title(row['variant'])}  {row['estimate']:.3f}"
        axis.annotate(text, (row["estimate"], height), (0, 7), textcoords="offset points",
                      ha="center", fontsize=8, color=colour)  # fmt: skip
    rest = [row["estimate"] for row in others if row is not strongest]
    axis.plot(rest, [0.0] * len(rest), "|", color=SOFT, markersize=11)
    for row in rows:
        if row["kind"] == "limit" and row["estimate"] is not None:
            axis.axvline(row["estimate"], color=SOFT, linestyle=":", linewidth=1.2)
    _label(axis, main)


def _label(axis: Axes, main: Mapping[str, Any]) -> None:
    direction = "lower is better" if is_error(main["metric"]) else "higher is better"
    movies = count_of(main["test_movies"], "test film")
    verdict = OUTCOME_WORDS.get(main["verdict"], "")
    if main["best_baseline"]:
        verdict += {"beats": " its strongest baseline", "loses to": " a baseline"}.get(verdict, "")
    axis.set_title(
        f"{main['system']}, {METRIC_WORDS[main['metric']]} ({direction}), {movies}: {verdict}",
        fontsize=9, loc="left",
    )  # fmt: skip
    axis.set_ylim(-0.6, 1.9)
    axis.set_yticks([])
    axis.margins(x=0.12)
    if is_error(main["metric"]):
        axis.invert_xaxis()
    declutter(axis)
    axis.spines[["left"]].set_visible(False)
