"""All results of a system as one JSON value: what the files and the page are made from.

What belongs here: the shape of `evaluation_results.json`. What does not: writing it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.evaluation.intervals import LEVEL, RESAMPLES, Interval
from pipeline.evaluation.metrics import report_classes
from pipeline.evaluation.results import MAIN_METRIC, SplitResult, compare, score_result
from pipeline.evaluation.verdict import verdict

FORMAT = 1

_DIGITS = 9
"""Probabilities are written so exactly; the class said is written beside them."""


@dataclass(frozen=True)
class Subject:
    """What an evaluation is about, as its banner says.

    Attributes:
        system: Name of the system.
        class_names: Lowest first.
        source: Where the data come from ("built-in studio, generated, seed 7, size 96").
        weights: Which backbones made the embeddings, each with where its weights are from.
        main_variant: The variant whose confusion matrices are drawn.
        main_metric: The score that verdicts are about.
        seed: Of the bootstrap.
        notes: Further facts for the page: preset, data hash, reachable error.
    """

    system: str
    class_names: tuple[str, ...]
    source: str
    weights: str
    main_variant: str
    main_metric: str = MAIN_METRIC
    seed: int = 42
    notes: Mapping[str, str] = field(default_factory=dict)


def summarise(results: Sequence[SplitResult], subject: Subject) -> dict[str, Any]:
    """Score every result, compare every model with every baseline of its split.

    Args:
        results: Models, baselines and limits of all splits, in the order to be shown; those of
            one split answer about the same movies in the same order.
        subject: What it is about.

    Returns:
        A JSON value. Under `splits`, by split: rows, tmdb_ids, y_true and `results`, by variant:
        kind, scores (estimate, low, high), classes, probabilities, y_said, history, best_epoch,
        facts; for models also `versus` (by baseline) and `verdict`.

    Raises:
        ValueError: Two results of a split answered about different movies.
    """
    splits = list(dict.fromkeys(result.split for result in results))
    return {
        "format": FORMAT,
        **asdict(subject),
        "class_names": list(subject.class_names),
        "notes": dict(subject.notes),
        "resamples": RESAMPLES,
        "level": LEVEL,
        "splits": {
            split: _summarise_split([r for r in results if r.split == split], subject)
            for split in splits
        },
    }


def _summarise_split(results: Sequence[SplitResult], subject: Subject) -> dict[str, Any]:
    first = results[0]
    baselines = [result for result in results if result.kind == "baseline"]
    return {
        "rows": dict(first.rows),
        "tmdb_ids": [int(tmdb_id) for tmdb_id in first.tmdb_ids],
        "y_true": [int(label) for label in first.y_true],
        "results": {r.variant: _summarise_result(r, baselines, subject) for r in results},
    }


def _summarise_result(
    result: SplitResult, baselines: Sequence[SplitResult], subject: Subject
) -> dict[str, Any]:
    scores = score_result(result, seed=subject.seed)
    summary: dict[str, Any] = {
        "kind": result.kind,
        "scores": {name: asdict(score) for name, score in scores.items()},
        "classes": report_classes(result.count(), subject.class_names),
        "y_said": [int(said) for said in result.y_said],
        "probabilities": [[round(float(p), _DIGITS) for p in row] for row in result.probabilities],
        "history": [{k: float(v) for k, v in row.items()} for row in result.history],
        "best_epoch": int(result.best_epoch),
        "facts": dict(result.facts),
    }
    if result.kind != "model":
        return summary
    versus: dict[str, Interval] = {
        other.variant: compare(result, other, subject.main_metric, seed=subject.seed)
        for other in baselines
    }
    summary["versus"] = {name: asdict(gap) for name, gap in versus.items()}
    summary["verdict"] = verdict(
        result.variant, subject.main_metric, scores[subject.main_metric], versus,
        len(result.y_true),
    )  # fmt: skip
    return summary
