"""The files of an evaluation: JSON, CSV, two pictures, and a page that holds all of it.

What belongs here: writing. What does not: scores (see `pipeline.evaluation.summary`) and drawing.

Source of the first four files' names: seed 001, "Output Files".
"""

import base64
import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from pipeline.evaluation.metrics import METRICS
from pipeline.evaluation.plots import draw_confusions, draw_training_curves
from pipeline.evaluation.results import SplitResult
from pipeline.evaluation.summary import Subject, summarise
from pipeline.evaluation.verdict import METRIC_WORDS

RESULTS_FILE = "evaluation_results.json"
SPLITS_FILE = "split_comparison.csv"
CONFUSION_FILE = "confusion_matrix.png"
CURVES_FILE = "training_curves.png"
REPORT_FILE = "report.html"

MAIN_COLUMNS = (
    "accuracy_score", "balanced_accuracy_score", "macro_f1_score", "weighted_f1_score",
    "within_one_accuracy_score", "quadratic_kappa_score",
)  # fmt: skip
"""Scores in the page's first tables; the others unfold."""

_TEMPLATE = Path(__file__).with_name("report.html")


def write_evaluation(
    folder: Path, results: Sequence[SplitResult], subject: Subject
) -> dict[str, Path]:
    """Write the five files of an evaluation.

    Args:
        folder: Where they go; made where it is not there.
        results: Models, baselines and limits of all splits, in the order to be shown.
        subject: What it is about, for the banner.

    Returns:
        The paths by file name.

    Raises:
        ValueError: Two results of a split answered about different movies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        name: folder / name
        for name in (RESULTS_FILE, SPLITS_FILE, CONFUSION_FILE, CURVES_FILE, REPORT_FILE)
    }
    summary = summarise(results, subject)
    text = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False)
    paths[RESULTS_FILE].write_text(text + "\n", encoding="utf-8")
    _write_comparison(paths[SPLITS_FILE], summary)
    main = [result for result in results if result.variant == subject.main_variant]
    draw_confusions(main, subject.class_names, paths[CONFUSION_FILE])
    draw_training_curves(results, paths[CURVES_FILE])
    page = render_report(
        summary,
        confusion_png=paths[CONFUSION_FILE].read_bytes(),
        curves_png=paths[CURVES_FILE].read_bytes(),
    )
    paths[REPORT_FILE].write_text(page, encoding="utf-8")
    return paths


def list_comparison(summary: Mapping[str, Any]) -> list[dict[str, object]]:
    """List every variant of every split with its scores: the rows of `split_comparison.csv`.

    Args:
        summary: From `summarise`, or read from `evaluation_results.json`.
    """
    return [
        {
            "split": split,
            "variant": variant,
            "kind": result["kind"],
            **{f"{part}_movies": count for part, count in content["rows"].items()},
            "best_epoch": result["best_epoch"] or "",
            **{
                name + suffix: result["scores"][name][value]
                for name in METRICS
                for suffix, value in (("", "estimate"), ("_low", "low"), ("_high", "high"))
            },
        }
        for split, content in summary["splits"].items()
        for variant, result in content["results"].items()
    ]


def _write_comparison(path: Path, summary: Mapping[str, Any]) -> None:
    rows = list_comparison(summary)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def render_report(summary: Mapping[str, Any], *, confusion_png: bytes, curves_png: bytes) -> str:
    """Render the page; it holds its pictures and asks for nothing else.

    Args:
        summary: From `summarise`, or read from `evaluation_results.json`.
        confusion_png: The picture of the confusion matrices.
        curves_png: The picture of the training curves.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    kinds = {
        variant: result["kind"]
        for content in summary["splits"].values()
        for variant, result in content["results"].items()
    }
    return template.render(
        **summary,
        kinds=kinds,
        words=METRIC_WORDS,
        main_columns=MAIN_COLUMNS,
        other_columns=[name for name in METRICS if name not in MAIN_COLUMNS],
        best={split: _best(content) for split, content in summary["splits"].items()},
        confusion=base64.b64encode(confusion_png).decode(),
        curves=base64.b64encode(curves_png).decode(),
    )


def _best(content: Mapping[str, Any]) -> dict[str, float]:
    """The highest estimate of each score, limits aside: the page sets it in bold."""
    judged = [result for result in content["results"].values() if result["kind"] != "limit"]
    return {name: max(r["scores"][name]["estimate"] for r in judged) for name in METRICS}
