"""The leaderboard's files: a page, and its rows as Parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation.metrics.metric_names import is_error
from pipeline.evaluation.report.leaderboard_rows import (
    find_main,
    list_leaderboard,
)
from pipeline.evaluation.report.report_page import has_random_weights, load_template
from pipeline.evaluation.report.stored_results import find_headline
from pipeline.evaluation.wording import OUTCOME_WORDS

PARQUET_FILE = "leaderboard.parquet"
PAGE_FILE = "leaderboard.html"


def write_leaderboard(
    folder: Path, summaries: Sequence[Mapping[str, Any]], *, links: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """Write the leaderboard.

    Args:
        folder: Where the files go; created if missing.
        summaries: `evaluation_results.json` of each system, in the order to be shown.
        links: By system, the path of its report relative to `folder`.

    Returns:
        The paths by file name.

    Raises:
        ValueError: There is no evaluation.
    """
    if not summaries:
        raise ValueError("a leaderboard requires at least one system's evaluation")
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / name for name in (PARQUET_FILE, PAGE_FILE)}
    frame_leaderboard(list_leaderboard(summaries)).to_parquet(paths[PARQUET_FILE], index=False)
    paths[PAGE_FILE].write_text(render_leaderboard(summaries, links=links), encoding="utf-8")
    return paths


def render_leaderboard(
    summaries: Sequence[Mapping[str, Any]], *, links: Mapping[str, str] | None = None
) -> str:
    """Render the page; it loads nothing else."""
    systems = [_system_context(summary, (links or {})) for summary in summaries]
    return load_template("leaderboard.html").render(
        systems=systems, outcome_words=OUTCOME_WORDS, level=summaries[0]["level"]
    )


def _system_context(summary: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    rows = list_leaderboard([summary])
    tasks = [
        _task_context(summary, name, task, [row for row in rows if row["task"] == name])
        for name, task in summary["tasks"].items()
    ]
    return {
        "name": summary["system"],
        "source": summary["source"],
        "weights": summary["weights"],
        "is_random": has_random_weights(summary),
        "link": links.get(summary["system"], ""),
        "tasks": tasks,
    }


def _task_context(
    summary: Mapping[str, Any],
    name: str,
    task: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    main = find_main(task, summary["main_variant"])
    content = find_headline(task)
    family = task["families"].get(task["headline"])
    split = f"{task['headline']}, all {len(family['splits'])} pooled" if family else ""
    placed = place_intervals(rows)
    return {
        "name": name,
        "title": name.replace("_", " "),
        "metric": task["main_metric"],
        "split": split or f"split {task['headline']}",
        "test_movies": len(content["tmdb_ids"]),
        "train_movies": content["rows"].get("train"),
        "rows": [{**row, **place} for row, place in zip(rows, placed, strict=True)],
        "main": next((row for row in rows if row["variant"] == main), None),
        "best_baseline": next((row for row in rows if row["kind"] == "baseline"), None),
        "limit": next((row for row in rows if row["kind"] == "limit"), None),
        "verdict": content["results"][main]["verdict"] if main else "",
        "compared": len(content["comparisons"]),
        "is_error": is_error(task["main_metric"]),
    }


def place_intervals(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, float | None]]:
    """Compute the places of estimates and intervals on a common axis, in percent of its width.

    Example:
        >>> place_intervals([{"estimate": 0.5, "low": 0.0, "high": 1.0}])
        [{'at': 50.0, 'from': 2.0, 'to': 98.0}]
    """
    known = [row for row in rows if row["estimate"] is not None]
    least = min((row["low"] for row in known), default=0.0)
    span = max((row["high"] for row in known), default=1.0) - least or 1.0
    named = {"at": "estimate", "from": "low", "to": "high"}
    return [
        {
            place: None if row[value] is None else round(2 + 96 * (row[value] - least) / span, 2)
            for place, value in named.items()
        }
        for row in rows
    ]


def frame_leaderboard(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Convert rows into a table for Parquet; unknown numbers are NaN."""
    frame = pd.DataFrame(list(rows))
    for name in ("estimate", "low", "high", "train_s", "train_movies", "parameters"):
        frame[name] = frame[name].astype("float64")
    return frame
