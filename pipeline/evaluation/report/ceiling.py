"""The noise ceiling in words: a score of one draw of noise, with an interval, and no hard limit."""

from collections.abc import Mapping
from typing import Any

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.report.stored_results import is_known, score_of
from pipeline.evaluation.wording import format_figure, variant_title


def find_ceiling(content: Mapping[str, Any]) -> str:
    """Return the name of the noise ceiling among a split's results; "" where there is none."""
    limits = (name for name, result in content["results"].items() if result["kind"] == "limit")
    return next(limits, "")


def describe_ceiling(content: Mapping[str, Any], metric: str) -> str:
    """Describe the noise ceiling of a split and what lies beyond it; "" where there is none.

    It is the score, on these test movies, of the function that generated them. The noise of these
    movies was drawn once, so it has an interval as every score has, and another prediction may lie
    beyond it by chance.
    """
    name = find_ceiling(content)
    if not name or not is_known(score_of(content["results"][name], metric)):
        return ""
    score = content["results"][name]["scores"][metric]
    low, high = format_figure(score["low"]), format_figure(score["high"])
    words = (
        f"Noise ceiling of one draw: {METRIC_WORDS[metric]} {format_figure(score['estimate'])} "
        f"({low} to {high}), what the function that generated these films scores "
        "without knowing their noise."
    )
    return " ".join([words, *_describe_beyond(content["results"], score, metric)])


def _describe_beyond(
    results: Mapping[str, Any], ceiling: Mapping[str, float], metric: str
) -> list[str]:
    """Describe what lies beyond the ceiling, and what lies beyond its interval as well."""
    end = "low" if is_error(metric) else "high"
    beyond = {
        name: score
        for name, result in results.items()
        if result["kind"] != "limit"
        and is_known(score := score_of(result, metric))
        and _is_beyond(score, ceiling["estimate"], metric)
    }
    far = [name for name, score in beyond.items() if _is_beyond(score, ceiling[end], metric)]
    near = [name for name in beyond if name not in far]
    sentences = []
    if near:
        sentences.append(
            f"Beyond it, within its interval: {_list(near, beyond)}; on one draw that is chance."
        )
    if far:
        sentences.append(
            f"Beyond its interval as well: {_list(far, beyond)}; chance seldom does that, so look "
            "for a leak."
        )
    return sentences


def _is_beyond(score: float | None, limit: float, metric: str) -> bool:
    return score is not None and (score < limit if is_error(metric) else score > limit)


def _list(names: list[str], scores: Mapping[str, float | None]) -> str:
    return ", ".join(f"{variant_title(name)} ({format_figure(scores[name])})" for name in names)
