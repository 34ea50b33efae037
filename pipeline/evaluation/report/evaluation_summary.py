"""All results of a system as one JSON value: what the files and the page are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.intervals import LEVEL, RESAMPLES
from pipeline.evaluation.metrics.segment_errors import score_groups
from pipeline.evaluation.metrics.significance import Comparison, compare_all
from pipeline.evaluation.metrics.split_families import average, group_families, pool
from pipeline.evaluation.metrics.split_results import SplitResult, check_same_movies
from pipeline.evaluation.metrics.task_scores import METRIC_WORDS
from pipeline.evaluation.report.result_json import describe_result, plain
from pipeline.evaluation.report.verdict import verdict

FORMAT = 2

SEED = 42
"""Of the bootstrap where nothing else is asked for: the same films are drawn everywhere."""


@dataclass(frozen=True)
class Subject:
    """What an evaluation is about, as its banner says.

    Attributes:
        system: Name of the system.
        source: Where the data come from ("built-in studio, invented films (seed 7)").
        weights: Which backbones made the embeddings, each with where its weights are from.
        main_variant: The variant that stands for the system: its pictures are drawn.
        seed: Of the bootstrap.
        notes: Further facts for the page: preset, data hash, reachable error.
    """

    system: str
    source: str
    weights: str
    main_variant: str
    seed: int = SEED
    notes: Mapping[str, str] = field(default_factory=dict)


def summarise(
    results: Sequence[SplitResult], subject: Subject, groups: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Score every result, compare every model with the others of its split.

    Args:
        results: Models, baselines and limits of all tasks and splits, in the order to be shown;
            those of one task and split answer about the same movies in the same order.
        subject: What it is about.
        groups: Segments of movies (`pipeline.evaluation.metrics.segment_errors`), for errors of a
            predicted number.

    Returns:
        A JSON value. Under `tasks`, by task: what it is, `metrics`, `headline` and `splits`; of
        each split rows, tmdb_ids, y_true, franchises (drawn whole for intervals; null: movies one
        by one), `comparisons`, and `results` by variant: kind, scores (estimate, low, high),
        answers, history, best_epoch, facts, for models also `verdict`.
        `families` holds, per family of splits, the same for all their movies together (`pooled`;
        empty where test parts share movies) and `means` over the splits. What cannot be computed
        is null.

    Raises:
        ValueError: Two results of a split answered about different movies.
    """
    tasks = list(dict.fromkeys(result.task.name for result in results))
    return plain(
        {
            "format": FORMAT,
            **asdict(subject),
            "resamples": RESAMPLES,
            "level": LEVEL,
            "tasks": {
                task: _summarise_task(
                    [result for result in results if result.task.name == task], subject, groups
                )
                for task in tasks
            },
        }
    )


def find_headline(task_summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of the split that stands for a task: its rows, results and comparisons."""
    name = task_summary["headline"]
    pooled = task_summary["families"].get(name, {}).get("pooled")
    return pooled or task_summary["splits"][name]


def pool_families(results: Sequence[SplitResult]) -> dict[str, list[SplitResult]]:
    """Pool one task's numbered splits, by family."""
    families = group_families(list(dict.fromkeys(result.split for result in results)))
    return {
        family: pool([result for result in results if result.split in members], family)
        for family, members in families.items()
    }


def _summarise_task(
    results: Sequence[SplitResult], subject: Subject, groups: pd.DataFrame | None
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
        "groups": _summarise_groups(chosen, subject, groups),
    }


def _choose_headline(
    first: str, results: Sequence[SplitResult], pooled: Mapping[str, Sequence[SplitResult]]
) -> str:
    """Choose a family in which every model of the first split answered, else the first split."""
    models = {
        result.variant for result in results if (result.split, result.kind) == (first, "model")
    }
    for family, of_family in pooled.items():
        if of_family and models <= {result.variant for result in of_family}:
            return family
    return first


def _describe_task(task: Task) -> dict[str, Any]:
    about = asdict(task)
    return {name: about[name] for name in about if name != "name"} | {"kind": task.kind.value}


def _list_metrics(contents: Mapping[str, Any]) -> list[str]:
    there = {
        name
        for content in contents.values()
        for result in content["results"].values()
        for name in result["scores"]
    }
    return [name for name in METRIC_WORDS if name in there]


def _summarise_split(results: Sequence[SplitResult], subject: Subject) -> dict[str, Any]:
    check_same_movies(results)
    first = results[0]
    draws = {result.variant: result.draw(seed=subject.seed) for result in results}
    comparisons = compare_all(results, draws)
    described = {
        result.variant: describe_result(result, draws[result.variant]) for result in results
    }
    for result in results:
        if result.kind == "model":
            described[result.variant]["verdict"] = _say(result, draws, comparisons)
    return {
        "rows": dict(first.rows),
        "tmdb_ids": first.tmdb_ids,
        "y_true": first.y_true,
        "franchises": first.franchises,
        "comparisons": [
            asdict(c) | {"outcome": c.outcome, "is_significant": c.is_significant}
            for c in comparisons
        ],
        "results": described,
    }


def _say(result: SplitResult, draws: Mapping, comparisons: Sequence[Comparison]) -> str:
    metric = result.task.main_metric
    mine = [c for c in comparisons if c.model == result.variant]
    baselines = _baselines(comparisons, mine)
    score = draws[result.variant][metric].interval()
    n_movies = len(result.tmdb_ids)
    return verdict(result.variant, metric, score, baselines, n_movies, len(comparisons))


def _baselines(comparisons: Sequence[Comparison], mine: Sequence[Comparison]) -> list[Comparison]:
    models = {c.model for c in comparisons}
    return [c for c in mine if c.other not in models]


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
            "scores": average([_estimates(contents[split], variant) for split in members]),
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


def _summarise_groups(
    results: Sequence[SplitResult], subject: Subject, groups: pd.DataFrame | None
) -> dict[str, Any]:
    """Score the groups of the main variant and the baselines, where a number is said."""
    if groups is None or results[0].task.kind != TaskKind.REGRESSION:
        return {}
    shown = [r for r in results if r.kind == "baseline" or r.variant == subject.main_variant]
    return {result.variant: _describe_groups(result, groups, subject) for result in shown}


def _describe_groups(result: SplitResult, groups: pd.DataFrame, subject: Subject) -> list:
    rows = score_groups(result, groups, seed=subject.seed)
    return [
        {k: v if isinstance(v, str | int | np.integer) else asdict(v) for k, v in row.items()}
        for row in rows
    ]
