"""All results of a system as one JSON value, from which files and pages are rendered.

The keys of format 2 are kept, older than the words of the code: `answers` are predictions, `y_true`
the actual values, `y_said` the predicted class, `groups` the segments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.intervals import LEVEL, RESAMPLES, Draws
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS
from pipeline.evaluation.metrics.segment_errors import score_segments
from pipeline.evaluation.metrics.significance import Comparison, compare_all
from pipeline.evaluation.metrics.split_families import average_scores, group_families, pool_families
from pipeline.evaluation.metrics.split_results import SplitResult, check_same_movies
from pipeline.evaluation.report.result_json import as_json_mapping, describe_result
from pipeline.evaluation.report.verdict import write_verdict

FORMAT = 2

SEED = 42
"""Default of the bootstrap: the same movies are drawn everywhere."""


@dataclass(frozen=True)
class Subject:
    """What an evaluation is about, shown in its banner.

    Attributes:
        system: Name of the system.
        source: Where the data come from ("built-in studio, invented films (seed 7)").
        weights: Backbones of the embeddings, each with the source of its weights.
        main_variant: The variant that represents the system: its plots are drawn.
        seed: Of the bootstrap.
        notes: Further facts for the banner: preset, data hash, number of films.
    """

    system: str
    source: str
    weights: str
    main_variant: str
    seed: int = SEED
    notes: Mapping[str, str] = field(default_factory=dict)


def summarise(
    results: Sequence[SplitResult], subject: Subject, segments: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Compute scores of every result, and compare every model with the others of its split.

    Args:
        results: Models, baselines and limits of all tasks and splits, in the order to be shown;
            those of one task and split are about the same movies in the same order.
        subject: What it is about.
        segments: Segments of movies (`pipeline.evaluation.metrics.segment_errors`), for errors of a
            predicted number.

    Returns:
        A JSON value. Under `tasks`, by task: its description, `metrics`, `headline` and `splits`;
        of each split rows (movies per set), tmdb_ids, y_true, franchises (drawn whole for
        intervals; null: movies one by one), `comparisons`, and `results` by variant: kind, scores
        (estimate, low, high), answers, history, best_epoch, facts, for models also `verdict`.
        `families` holds, per family of splits, the same for all their movies together (`pooled`;
        empty where test sets share movies) and `means` over the splits. What is undefined is null.

    Raises:
        ValueError: Two results of a split are about different movies.
    """
    tasks = list(dict.fromkeys(result.task.name for result in results))
    return as_json_mapping(
        {
            "format": FORMAT,
            **asdict(subject),
            "resamples": RESAMPLES,
            "level": LEVEL,
            "tasks": {
                task: _summarise_task(
                    [result for result in results if result.task.name == task], subject, segments
                )
                for task in tasks
            },
        }
    )


def _summarise_task(
    results: Sequence[SplitResult], subject: Subject, segments: pd.DataFrame | None
) -> dict[str, Any]:
    task = results[0].task
    splits = list(dict.fromkeys(result.split for result in results))
    contents = {
        split: _summarise_split([r for r in results if r.split == split], subject)
        for split in splits
    }
    pooled = pool_families(results)
    families = {
        family: _summarise_family(contents, members, pooled[family], subject)
        for family, members in group_families(splits).items()
    }
    headline = _choose_headline(splits[0], results, pooled)
    chosen = pooled.get(headline) or [r for r in results if r.split == headline]
    return {
        **_describe_task(task),
        "metrics": _list_metrics(contents),
        "headline": headline,
        "splits": contents,
        "families": families,
        "groups": _summarise_segments(chosen, subject, segments),
    }


def _choose_headline(
    first: str, results: Sequence[SplitResult], pooled: Mapping[str, Sequence[SplitResult]]
) -> str:
    """Choose a family that has every model of the first split, else the first split."""
    models = {
        result.variant for result in results if (result.split, result.kind) == (first, "model")
    }
    for family, of_family in pooled.items():
        if of_family and models <= {result.variant for result in of_family}:
            return family
    return first


def _describe_task(task: Task) -> dict[str, Any]:
    return {name: value for name, value in task.as_json().items() if name != "name"}


def _list_metrics(contents: Mapping[str, Any]) -> list[str]:
    present = {
        name
        for content in contents.values()
        for result in content["results"].values()
        for name in result["scores"]
    }
    return [name for name in METRIC_WORDS if name in present]


def _summarise_split(results: Sequence[SplitResult], subject: Subject) -> dict[str, Any]:
    check_same_movies(results)
    first = results[0]
    draws = {result.variant: result.bootstrap(seed=subject.seed) for result in results}
    comparisons = compare_all(results, draws)
    described = {
        result.variant: describe_result(result, draws[result.variant]) for result in results
    }
    for result in results:
        if result.kind == "model":
            described[result.variant]["verdict"] = _verdict_of(result, draws, comparisons)
    return {
        "rows": dict(first.set_sizes),
        "tmdb_ids": first.tmdb_ids,
        "y_true": first.target,
        "franchises": first.franchises,
        "comparisons": [
            asdict(c) | {"outcome": c.outcome, "is_significant": c.is_significant}
            for c in comparisons
        ],
        "results": described,
    }


def _verdict_of(
    result: SplitResult,
    draws: Mapping[str, Mapping[str, Draws]],
    comparisons: Sequence[Comparison],
) -> str:
    metric = result.task.main_metric
    models = {c.model for c in comparisons}
    baselines = [c for c in comparisons if c.model == result.variant and c.other not in models]
    score = draws[result.variant][metric].interval()
    n_movies = len(result.tmdb_ids)
    return write_verdict(result.variant, metric, score, baselines, n_movies, len(comparisons))


def _summarise_family(
    contents: Mapping[str, Any],
    members: Sequence[str],
    pooled: Sequence[SplitResult],
    subject: Subject,
) -> dict[str, Any]:
    variants = contents[members[0]]["results"]
    everywhere = [
        variant
        for variant in variants
        if all(variant in contents[split]["results"] for split in members)
    ]
    means = {
        variant: {
            "kind": variants[variant]["kind"],
            "scores": average_scores([_estimates(contents[split], variant) for split in members]),
        }
        for variant in everywhere
    }
    return {
        "splits": list(members),
        "means": means,
        "pooled": _summarise_split(pooled, subject) if pooled else {},
    }


def _estimates(content: Mapping[str, Any], variant: str) -> dict[str, float]:
    scores = content["results"][variant]["scores"]
    return {name: score["estimate"] for name, score in scores.items()}


def _summarise_segments(
    results: Sequence[SplitResult], subject: Subject, segments: pd.DataFrame | None
) -> dict[str, Any]:
    """Compute the errors by segment of the main variant and the baselines of a regression."""
    if segments is None or results[0].task.kind != TaskKind.REGRESSION:
        return {}
    shown = [r for r in results if r.kind == "baseline" or r.variant == subject.main_variant]
    return {r.variant: score_segments(r, segments, seed=subject.seed) for r in shown}
