"""The leaderboard's files: a page, its rows as Parquet, and a picture of all systems."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation.metrics.metric_names import is_error
from pipeline.evaluation.plots.overview_plot import draw_overview
from pipeline.evaluation.report.best_variant import find_best_variant
from pipeline.evaluation.report.ceiling import describe_ceiling
from pipeline.evaluation.report.leaderboard_rows import (
    CUT_COLUMNS,
    MISSING,
    list_leaderboard,
    list_tables,
)
from pipeline.evaluation.report.report_page import (
    has_random_weights,
    list_summary_notices,
    load_template,
)
from pipeline.evaluation.report.stored_results import (
    find_headline,
    find_main,
    find_outcomes,
    headline_title,
    score_of,
)
from pipeline.evaluation.report.verdict import find_verdict
from pipeline.evaluation.wording import OUTCOME_WORDS

PARQUET_FILE = "leaderboard.parquet"
PAGE_FILE = "leaderboard.html"
PICTURE_FILE = "leaderboard.png"


_NUMBERS = (
    "estimate", "low", "high", *CUT_COLUMNS.values(), "val_score", "best_baseline_score", "train_s",
    "train_movies", "test_movies", "parameters",
)  # fmt: skip


def write_leaderboard(
    folder: Path,
    summaries: Sequence[Mapping[str, Any]],
    *,
    links: Mapping[str, str] | None = None,
    notices: Sequence[Mapping[str, str]] = (),
) -> dict[str, Path]:
    """Write the leaderboard.

    Args:
        folder: Where the files go; created if missing.
        summaries: `evaluation_results.json` of each system, in the order to be shown.
        links: By system, the path of its report relative to `folder`.
        notices: Notices that the films' sources demand, beside those of the evaluations.

    Returns:
        The paths by file name.

    Raises:
        ValueError: There is no evaluation.
    """
    if not summaries:
        raise ValueError("a leaderboard requires at least one system's evaluation")
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / name for name in (PARQUET_FILE, PICTURE_FILE, PAGE_FILE)}
    rows = list_leaderboard(summaries)
    frame_leaderboard(rows).to_parquet(paths[PARQUET_FILE], index=False)
    picture = draw_overview(rows, paths[PICTURE_FILE]).read_bytes()
    page = render_leaderboard(summaries, links=links, notices=notices, picture=picture)
    paths[PAGE_FILE].write_text(page, encoding="utf-8")
    return paths


def render_leaderboard(
    summaries: Sequence[Mapping[str, Any]],
    *,
    links: Mapping[str, str] | None = None,
    picture: bytes = b"",
    notices: Sequence[Mapping[str, str]] = (),
) -> str:
    """Render the page; it loads nothing else. `picture`: a PNG file that it shows; b"" for none."""
    systems = [_system_context(summary, (links or {})) for summary in summaries]
    return load_template("leaderboard.html").render(
        systems=systems,
        outcome_words=OUTCOME_WORDS,
        level=summaries[0]["level"],
        picture=base64.b64encode(picture).decode(),
        notices=list_summary_notices([*summaries, {"notices": notices}]),
    )


def _system_context(summary: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    rows = list_leaderboard([summary])
    return {
        "name": summary["system"],
        "source": summary["source"],
        "weights": summary["weights"],
        "is_random": has_random_weights(summary),
        "link": links.get(summary["system"], ""),
        "missing": [row for row in rows if row["kind"] == MISSING],
        "tasks": [
            _task_context(summary, name, task, [row for row in rows if row["task"] == name])
            for name, task in summary["tasks"].items()
        ],
    }


def _task_context(
    summary: Mapping[str, Any],
    name: str,
    task: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    metric, headline = task["main_metric"], find_headline(task)
    main = find_main(task, summary["main_variant"])
    shown = [row for row in rows if row["is_headline"]]
    return {
        "name": name,
        "title": name.replace("_", " "),
        "metric": metric,
        "is_error": is_error(metric),
        "main": next((row for row in shown if row["is_main"]), None),
        "strongest": find_verdict(main, headline, metric),
        "limit": next((row for row in shown if row["kind"] == "limit"), None),
        "best": _best_context(task, main),
        "test_movies": len(headline["tmdb_ids"]),
        "tables": [
            _table_context(task, split, content, [row for row in rows if row["split"] == split])
            for split, content in list_tables(task).items()
        ],
        "left_out": [one for one in summary.get("left_out", ()) if one["task"] == name],
    }


def _table_context(
    task: Mapping[str, Any],
    split: str,
    content: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    metric, main = task["main_metric"], next((row for row in rows if row["is_main"]), None)
    is_headline = split == task["headline"]
    return {
        "title": headline_title(task) if is_headline else f"all variants, split {split}",
        "is_headline": is_headline,
        "test_movies": len(content["tmdb_ids"]),
        "train_movies": content["rows"].get("train"),
        "rows": [{**row, **place} for row, place in zip(rows, place_intervals(rows), strict=True)],
        "verdict": content["results"][main["variant"]]["verdict"] if main else "",
        "ceiling": describe_ceiling(content, metric),
        "compared": len(content["comparisons"]),
    }


def _best_context(task: Mapping[str, Any], main: str) -> dict[str, Any] | None:
    """Describe the variant that the validation set prefers, beside the main one.

    Both are on the first split, on which all variants were trained.
    """
    best, metric = find_best_variant(task), task["main_metric"]
    if best is None:
        return None
    content = task["splits"][best.split]
    results = content["results"]
    return {
        **asdict(best),
        "is_main": best.variant == main,
        "estimate": score_of(results[best.variant], metric),
        "test_movies": len(content["tmdb_ids"]),
        "main_estimate": score_of(results[main], metric) if main in results else None,
        "outcome": find_outcomes(best.variant, content["comparisons"]).get(main, ""),
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
    for name in _NUMBERS:
        frame[name] = frame[name].astype("float64")
    return frame
