"""The files of an evaluation: JSON, CSV, plots, and a page that holds all of them.

Source of the first two files' names: reference implementation 001, "Output Files".
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.task_plots import Plot, draw_task
from pipeline.evaluation.report.evaluation_summary import Subject, summarise
from pipeline.evaluation.report.report_page import render_report
from pipeline.evaluation.report.stored_results import REPORT_FILE, RESULTS_FILE, SPLITS_FILE


def write_evaluation(
    folder: Path,
    results: Sequence[SplitResult],
    subject: Subject,
    *,
    segments: pd.DataFrame | None = None,
    samples: Mapping[str, Sequence[Plot]] | None = None,
) -> dict[str, Path]:
    """Write the files of an evaluation.

    Args:
        folder: Where they go; created if missing.
        results: Models, baselines and limits of all tasks and splits, in the order to be shown.
        subject: What it is about, for the banner.
        segments: Segments of movies (`pipeline.evaluation.metrics.segment_errors`), for errors of a
            predicted number.
        samples: By task, further plots, already drawn (see
            `pipeline.evaluation.plots.sample_plots`).

    Returns:
        The paths by file name.

    Raises:
        ValueError: There is neither a result nor a reason why there is none, or two results of a
            split are about different movies.
    """
    if not results and not subject.missing:
        raise ValueError(
            f"an evaluation of {subject.system} requires at least one result, or the reason why "
            "nothing was trained"
        )
    folder.mkdir(parents=True, exist_ok=True)
    summary = summarise(results, subject, segments)
    text = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False)
    paths = {name: folder / name for name in (RESULTS_FILE, SPLITS_FILE, REPORT_FILE)}
    paths[RESULTS_FILE].write_text(text + "\n", encoding="utf-8")
    _write_comparison(paths[SPLITS_FILE], summary)
    tasks = list(summary["tasks"])
    plots = {
        task: [
            *draw_task(
                [r for r in results if r.task.name == task], subject.main_variant, folder,
                tasks=tasks, segments=segments,
            ),
            *(samples or {}).get(task, ()),
        ]
        for task in tasks
    }  # fmt: skip
    paths[REPORT_FILE].write_text(render_report(summary, plots), encoding="utf-8")
    return paths | {plot.path.name: plot.path for drawn in plots.values() for plot in drawn}


def list_comparison(summary: Mapping[str, Any]) -> list[dict[str, object]]:
    """List every variant of every task and split: the rows of `split_comparison.csv`.

    Families of splits have two more rows each: "<family>, pooled" with all their movies together,
    and "<family>, mean of <n>" with `<score>_sd`, the standard deviation over them.
    """
    return [
        {"task": name} | row
        for name, task in summary["tasks"].items()
        for row in [
            *_list_contents(task["splits"]),
            *_list_contents(
                {f"{f}, pooled": c["pooled"] for f, c in task["families"].items() if c["pooled"]}
            ),
            *_list_means(task["families"]),
        ]
    ]


def _list_contents(contents: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    for split, content in contents.items():
        for variant, result in content["results"].items():
            yield {
                "split": split,
                "variant": variant,
                "kind": result["kind"],
                **{f"{name}_movies": count for name, count in content["rows"].items()},
                "best_epoch": result["best_epoch"] or "",
                **{
                    name + suffix: "" if score[value] is None else score[value]
                    for name, score in result["scores"].items()
                    for suffix, value in (("", "estimate"), ("_low", "low"), ("_high", "high"))
                },
            }


def _list_means(families: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    for family, content in families.items():
        for variant, result in content["means"].items():
            yield {
                "split": f"{family}, mean of {len(content['splits'])}",
                "variant": variant,
                "kind": result["kind"],
                **{
                    name + suffix: "" if score[value] is None else score[value]
                    for name, score in result["scores"].items()
                    for suffix, value in (("", "mean"), ("_sd", "sd"))
                },
            }


def _write_comparison(path: Path, summary: Mapping[str, Any]) -> None:
    rows = list_comparison(summary)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
