"""The model card: what a trained network is, how good it is, and what it is not for; Markdown."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pipeline.core.inputs_as_of import UNKNOWN_PAST
from pipeline.core.split_names import BY_DATE
from pipeline.evaluation.metrics.segment_errors import WIDTH
from pipeline.evaluation.metrics.split_families import name_family
from pipeline.evaluation.report.report_page import (
    has_random_weights,
    list_summary_notices,
    load_template,
)
from pipeline.evaluation.report.stored_results import find_headline, headline_title
from pipeline.evaluation.report.verdict import FEW_MOVIES, find_verdict
from pipeline.evaluation.wording import format_figure, variant_title

CARD_FILE = "MODEL_CARD.md"

_OUTPUTS = {
    "classes": "one of {n} classes",
    "labels": "any of {n} labels",
    "regression": "a number",
}


_DISJOINT = {
    "official": "as published, disjoint by film only",
    BY_DATE: "oldest films first; a sequel may follow its predecessors",
}
"""What keeps the sets of a family of splits apart; of all others franchises stay whole."""


def render_card(facts: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Render the card of one trained model.

    Args:
        facts: `facts.json` of the model: system, task, split, variant, kind; where known also
            config, inputs (names of modalities or fields), dates ({set: [first, last]}, ISO),
            parameters, train_s, best_epoch, history, notes (preset, weights of each modality),
            environment, data_hash, split_hash, fingerprint.
        summary: `evaluation_results.json` of its system.

    Returns:
        Markdown, ending with a line feed.

    Raises:
        KeyError: The evaluation holds no result of this model.
    """
    task = summary["tasks"][facts["task"]]
    content = task["splits"][facts["split"]]
    result = content["results"][facts["variant"]]
    epochs, best_epoch = len(facts.get("history", ())), facts.get("best_epoch")
    card = load_template("model_card.md.jinja").render(
        facts=facts,
        summary=summary,
        task=task,
        content=content,
        result=result,
        before_release=result.get("before_release"),
        unknown_past=UNKNOWN_PAST,
        intervals=[
            row for row in task["groups"].get(facts["variant"], ()) if row.get(WIDTH) is not None
        ],
        headline=_describe_headline(task, facts["variant"]),
        output=_OUTPUTS[task["kind"]].format(n=len(task["class_names"])),
        disjoint=_DISJOINT.get(name_family(facts["split"]), "disjoint by film and by franchise"),
        compared={
            name: other
            for name, other in content["results"].items()
            if other["kind"] != "model" or name == facts["variant"]
        },
        interval=_format_interval,
        notices=list_summary_notices([summary]),
        limits=list_limits(facts, summary, task, content, result),
        misuses=list_misuses(facts, summary),
        epochs=f"{epochs}, weights of epoch {best_epoch} kept" if best_epoch else epochs or "none",
        config=json.dumps(facts.get("config"), indent=1, ensure_ascii=False, sort_keys=True),
    )
    return card.rstrip() + "\n"


def _describe_headline(task: Mapping[str, Any], variant: str) -> dict[str, str] | None:
    """Return the verdict on all folds pooled; None where the variant was not trained on them."""
    if task["headline"] in task["splits"]:
        return None
    pooled = find_headline(task)["results"].get(variant)
    if pooled is None:
        return None
    return {"title": headline_title(task), "verdict": pooled["verdict"]}


def _format_interval(score: Mapping[str, float | None] | None) -> str:
    if score is None or score["estimate"] is None:
        return "–"
    estimate, low, high = (format_figure(score[k]) for k in ("estimate", "low", "high"))
    return f"{estimate} ({low} to {high})"


MISUSES = (
    "Green-lighting, casting, hiring or paying: no decision about a person may rest on it. Where "
    "names or earlier box office of people are inputs, it reproduces who was given chances before.",
    "Films unlike the training films: of other countries, decades, lengths or budgets.",
    "Causal claims: it learned correlations, not what makes a film successful.",
    "Single films without the interval: expect errors of the size above.",
)
"""On every card."""

_SIMULATOR_MISUSE = (
    "Real films. It was trained on synthetic films of the built-in simulator; its scores show that "
    "the pipeline works and say nothing about real films."
)
_TASK_MISUSES = {
    "log10_revenue": "Revenue forecasts for investors without the predictive interval.",
    "revenue_class": "Revenue forecasts for investors: classes are bands of its training films.",
    "profit": "Calling a film profitable: the cinemas' share and advertising are unknown.",
    "score": "Rating a film's quality: it predicts the votes of one site's users from a trailer.",
}

_AGAINST = {
    "worse": "The {name} is better than this model on these films.",
    "open": "There is no significant difference from the {name} on these films.",
}


def is_simulated(source: str) -> bool:
    """Return whether a source's label is that of the built-in simulator.

    Example:
        >>> is_simulated("built-in studio, invented films (seed 7)"), is_simulated("TMDB")
        (True, False)
    """
    return bool(re.search(r"studio|simulat", source)) and bool(
        re.search(r"invented|generated|synthetic", source)
    )


def list_misuses(facts: Mapping[str, Any], summary: Mapping[str, Any]) -> list[str]:
    """List what a model must not be used for."""
    simulated = [_SIMULATOR_MISUSE] if is_simulated(summary["source"]) else []
    task = [_TASK_MISUSES[facts["task"]]] if facts["task"] in _TASK_MISUSES else []
    return [*simulated, *MISUSES, *task]


def list_limits(
    facts: Mapping[str, Any],
    summary: Mapping[str, Any],
    task: Mapping[str, Any],
    content: Mapping[str, Any],
    result: Mapping[str, Any],
) -> list[str]:
    """List the limits that follow from a model's evaluation."""
    n_movies = len(content["tmdb_ids"])
    limits = []
    if has_random_weights(summary):
        limits.append("Some backbones have random weights: their embeddings carry little content.")
    verdict = find_verdict(facts["variant"], content, task["main_metric"])
    if verdict.is_chance and n_movies < FEW_MOVIES:
        limits.append(f"{n_movies} test films are few: differences on them are mostly chance.")
    limits += [
        _AGAINST[outcome].format(name=variant_title(name))
        for name, outcome in verdict.outcomes.items()
        if outcome != "better"
    ]
    years = (
        ": with a split by release date only the years differ."
        if facts["split"] == "by-date"
        else ", so future films may be harder; see the split by release date."
    )
    return [
        *limits,
        *_describe_coverage(task, result),
        f"Test films come from the same source and years as the training films{years}",
        "Figures are entered by TMDB's users; missing ones are masked, wrong ones go unnoticed.",
    ]


def _describe_coverage(task: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    if task["kind"] != "regression":
        return []
    coverage = result["scores"].get("interval_coverage_score")
    if coverage is None:
        return ["It has no predictive interval."]
    level = result["numbers"]["interval_level"]
    return [
        f"Its {level:.0%} predictive intervals hold {coverage['estimate']:.0%} of the test films."
    ]
