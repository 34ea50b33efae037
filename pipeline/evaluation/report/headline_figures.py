"""The few figures that stand for a system: its main model's score and the best baseline's."""

from collections.abc import Mapping
from typing import Any

from pipeline.evaluation.report.stored_results import find_headline, find_main
from pipeline.evaluation.report.verdict import find_verdict


def headline_figures(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return the main variant's score on the first task's headline split, and what to compare.

    Returns:
        `score`, `score_low`, `score_high`, `best_baseline_score` and `test_movies`; what is
        undefined is left out, all of it where nothing was trained.
    """
    task = next(iter(summary["tasks"].values()), None)
    if task is None:
        return {}
    content, metric = find_headline(task), task["main_metric"]
    main = find_main(task, summary["main_variant"])
    score = content["results"][main]["scores"][metric] if main else {}
    figures = {
        "score": score.get("estimate"),
        "score_low": score.get("low"),
        "score_high": score.get("high"),
        "best_baseline_score": find_verdict(main, content, metric).best_score,
        "test_movies": len(content["tmdb_ids"]),
    }
    return {name: value for name, value in figures.items() if value is not None}
