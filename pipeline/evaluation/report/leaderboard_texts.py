"""The leaderboard in a terminal of 80 columns: all of it, and one line per task."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.core.record_cuts import BEFORE_RELEASE
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.report.leaderboard_rows import CUT_COLUMNS, MISSING
from pipeline.evaluation.wording import OUTCOME_WORDS, count_of, format_figure, variant_title

TERMINAL_COLUMNS = ("variant", "score", "interval", "verdict")
TERMINAL_LEGEND = (
    "* main variant, + best on the validation set. verdict: against the table's strongest baseline "
    "on the same test movies, or the one named, after Holm's correction. as before release: the "
    "same films with directors, five actors and no tagline. interval: 95 %, "
    "franchises drawn whole; the noise ceiling's is of one draw of noise too."
)
GLANCE_COLUMNS = ("system, task", "score", "strongest baseline", "verdict")
"""Of the table with one line per task."""


def tabulate_leaderboard(
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Format rows as texts for tables in a terminal of 80 columns.

    Returns:
        For each table its title, and its rows in the order of `TERMINAL_COLUMNS`; a task for which
        nothing was trained has a title that says why and no rows.
    """
    tables: dict[str, list[tuple[str, ...]]] = {}
    strongest = {(*_place(row), row["best_baseline"]) for row in rows}
    for row in rows:
        if row["kind"] == MISSING:
            tables[f"{row['system']}, {row['task']}: not trained; {row['reason']}"] = []
            continue
        direction = "lower" if is_error(row["metric"]) else "higher"
        title = (
            f"{row['system']}, {row['task']}: {METRIC_WORDS[row['metric']]} ({direction} is "
            f"better), {row['split']}, {count_of(row['test_movies'], 'test film')}"
        )
        is_strongest = (*_place(row), row["variant"]) in strongest
        verdict = "strongest baseline" if is_strongest else describe_verdict(row)
        texts = (_name(row), *_format_score(row), verdict)
        tables.setdefault(title, []).append(texts)
        if row["cut_estimate"] is not None:
            cut = {name: row[column] for name, column in CUT_COLUMNS.items()}
            tables[title].append((f"  {BEFORE_RELEASE}", *_format_score(cut), ""))
    return list(tables.items())


def tabulate_at_a_glance(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Format the main variant of each task as one line, in the order of `GLANCE_COLUMNS`.

    A task for which nothing was trained says why in the last column.
    """
    lines = []
    for row in rows:
        name = f"{row['system']}, {row['task'].replace('_', ' ')}"
        if row["kind"] == MISSING:
            lines.append((name, "–", "–", f"not trained: {row['reason']}"))
        elif row["is_main"] and row["is_headline"]:
            score, interval = _format_score(row)
            score = f"{METRIC_WORDS[row['metric']]} {score}\n{interval}"
            baseline = variant_title(row["best_baseline"]) or "–"
            best = f"{format_figure(row['best_baseline_score'])}\n{baseline}"
            movies = count_of(row["test_movies"], "test film")
            lines.append(
                (f"{name}\n{row['variant']}", score, best, f"{describe_verdict(row)}\n{movies}")
            )
    return lines


def describe_verdict(row: Mapping[str, Any]) -> str:
    """Return a model's verdict in a few words; "" of other rows.

    The baseline is named where it is not the strongest one.
    """
    if row["kind"] != "model":
        return ""
    words = OUTCOME_WORDS[row["verdict"]]
    named = row["versus"] != row["best_baseline"]
    return f"{words} {variant_title(row['versus'])}" if named else words


def _place(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["system"], row["task"], row["split"]


def _name(row: Mapping[str, Any]) -> str:
    marks = ("*" if row["is_main"] else "") + ("+" if row["is_best"] else "")
    return f"{variant_title(row['variant'])} {marks}".rstrip()


def _format_score(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["estimate"] is None:
        return "–", ""
    low, high = format_figure(row["low"]), format_figure(row["high"])
    return format_figure(row["estimate"]), f"{low} to {high}"
