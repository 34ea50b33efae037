"""The few figures that stand for a system: its main model's score and the best baseline's."""

from collections.abc import Mapping
from typing import Any

from pipeline.evaluation.metrics.metric_names import is_error
from pipeline.evaluation.report.leaderboard_rows import find_main
from pipeline.evaluation.report.stored_results import find_headline


def headline_figures(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return the main variant's score on the first task's headline split, and what to compare.

    Returns:
        `score`, `score_low`, `score_high`, `best_baseline_score` and `test_movies`; what is
        undefined is left out.
    """
    task = next(iter(summary["tasks"].values()))
    content, metric = find_headline(task), task["main_metric"]
    main = content["results"].get(find_main(task, summary["main_variant"]))
    score = main["scores"][metric] if main else {}
    baselines = [
        estimate
        for result in content["results"].values()
        if result["kind"] == "baseline"
        and (estimate := result["scores"][metric]["estimate"]) is not None
    ]
    best = (min if is_error(metric) else max)(baselines, default=None)
    figures = {
        "score": score.get("estimate"),
        "score_low": score.get("low"),
        "score_high": score.get("high"),
        "best_baseline_score": best,
        "test_movies": len(content["tmdb_ids"]),
    }
    return {name: value for name, value in figures.items() if value is not None}
