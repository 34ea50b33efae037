"""All results of a system as one JSON value, from which files and pages are rendered.

The keys of format 2 are kept, older than the words of the code: `answers` are predictions, `y_true`
the actual values, `y_said` the predicted class, `groups` the segments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.intervals import LEVEL, RESAMPLES
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS
from pipeline.evaluation.metrics.segment_errors import score_segments
from pipeline.evaluation.metrics.significance import compare_all
from pipeline.evaluation.metrics.split_families import (
    average_classes,
    average_scores,
    group_families,
    pool_families,
)
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
        missing: Why nothing was trained, by task.
        left_out: Variants that were not trained: task, split, variant and reason of each.
        notices: Notices that the films' sources demand: name, text and page of each; see
            `pipeline.core.terms.list_notices`.
    """

    system: str
    source: str
    weights: str
    main_variant: str
    seed: int = SEED
    notes: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    left_out: Sequence[Mapping[str, str]] = ()
    notices: Sequence[Mapping[str, str]] = ()


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
        (estimate, low, high), answers, history, best_epoch, facts, for models also `verdict`, and
        `before_release` for the main variant of a system that reads records.
        `families` holds, per family of splits, the same for all their movies together (`pooled`;
        empty where test sets share movies) and `means` over the splits, of classes also of each
        class. `missing` says by task why nothing was trained, `left_out` why single variants were
        not. What is undefined is null.

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
    first = [result for result in results if result.split == splits[0]]
    headline = _choose_headline(first, subject.main_variant, pooled)
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
    first: Sequence[SplitResult], main_variant: str, pooled: Mapping[str, Sequence[SplitResult]]
) -> str:
    """Choose the family of splits that stands for the task, else its first split.

    Pooled folds test on every movie once; the first split is one draw of a tenth of them. Other
    variants are trained on the first split alone, so the main one alone is required of the folds,
    or any model where the first split lacks the main one as well.
    """
    models = {family: _list_models(results) for family, results in pooled.items()}
    wanted = {main_variant} if main_variant in _list_models(first) else set[str]()
    chosen = [family for family, names in models.items() if names and wanted <= names]
    return next(iter(chosen), first[0].split)


def _list_models(results: Sequence[SplitResult]) -> set[str]:
    return {result.variant for result in results if result.kind == "model"}


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
        result.variant: describe_result(result, draws[result.variant], seed=subject.seed)
        for result in results
    }
    content = {
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
    for result in results:
        if result.kind == "model":
            verdict = write_verdict(result.variant, content, result.task.main_metric)
            described[result.variant]["verdict"] = verdict
    return content


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
            "classes": _average_classes([contents[split]["results"][variant] for split in members]),
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


def _average_classes(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Average the scores of each class; none where no class is predicted."""
    if not all("classes" in result for result in results):
        return []
    return average_classes([result["classes"] for result in results])


def _summarise_segments(
    results: Sequence[SplitResult], subject: Subject, segments: pd.DataFrame | None
) -> dict[str, Any]:
    """Compute the errors by segment of the main variant and the baselines of a regression."""
    if segments is None or results[0].task.kind != TaskKind.REGRESSION:
        return {}
    shown = [r for r in results if r.kind == "baseline" or r.variant == subject.main_variant]
    return {r.variant: score_segments(r, segments, seed=subject.seed) for r in shown}
