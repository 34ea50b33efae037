"""Results that are written down by hand: scores, differences and their significance."""

from collections.abc import Mapping

UNKNOWN = {"estimate": None, "low": None, "high": None}


def interval(estimate: float | None, width: float = 0.1) -> dict:
    if estimate is None:
        return dict(UNKNOWN)
    return {"estimate": estimate, "low": estimate - width / 2, "high": estimate + width / 2}


def result(kind: str, metric: str, score: float | None, **facts) -> dict:
    return {
        "kind": kind, "scores": {metric: interval(score)}, "facts": facts, "history": [],
        "best_epoch": 0, "answers": [],
    }  # fmt: skip


def numbers(metric="rmse_error", **scores):
    """A model called main beside baselines."""
    kinds = {"main": "model", "other": "model", "ceiling": "limit"}
    named = {name.replace("_", " "): score for name, score in scores.items()}
    return {name: result(kinds.get(name, "baseline"), metric, s) for name, s in named.items()}


def compared(model: str, other: str, outcome: str, *, undone: bool = False) -> dict:
    """A difference; `undone`: Holm's correction leaves nothing of it."""
    gap = {"better": 0.1, "worse": -0.1, "open": 0.0}[outcome]
    return {
        "model": model, "other": other, "outcome": outcome,
        "difference": interval(gap), "relative": interval(gap), "p_value": 0.01,
        "p_holm": 0.4 if undone or outcome == "open" else 0.01, "mcnemar_p": None,
        "mcnemar_p_holm": None, "is_significant": outcome != "open" and not undone,
    }  # fmt: skip


def content(results: Mapping[str, dict], *comparisons: dict, movies: int = 250) -> dict:
    return {
        "rows": {"train": 700, "val": 50, "test": movies}, "tmdb_ids": list(range(movies)),
        "comparisons": list(comparisons), "results": dict(results),
    }  # fmt: skip


def task(metric: str, splits: Mapping[str, dict], pooled: dict | None = None) -> dict:
    """A task of these splits; `pooled` folds are the headline."""
    families = {"fold": {"splits": ["fold-1", "fold-2"], "pooled": pooled, "means": {}}}
    return {
        "kind": "regression", "main_metric": metric, "class_names": [], "unit": "",
        "headline": "fold" if pooled else next(iter(splits)), "splits": dict(splits),
        "families": families if pooled else {}, "groups": {}, "metrics": [metric],
    }  # fmt: skip


def summary(tasks: Mapping[str, dict], **more) -> dict:
    """The evaluation of a system whose main variant is called so; verdicts are written."""
    from pipeline.evaluation.report.verdict import write_verdict

    for one in tasks.values():
        pooled = [family["pooled"] for family in one["families"].values() if family["pooled"]]
        for table in [*one["splits"].values(), *pooled]:
            for name, entry in table["results"].items():
                if entry["kind"] == "model":
                    entry["verdict"] = write_verdict(name, table, one["main_metric"])
    return {
        "system": "system", "source": "TMDB", "weights": "text: minilm, weights: pretrained",
        "main_variant": "main", "level": 0.95, "resamples": 1000, "notes": {}, "seed": 42,
        "tasks": dict(tasks), **more,
    }  # fmt: skip
