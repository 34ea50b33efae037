"""The model card: what a trained network is, how good it is, and what it is not for, as
Markdown.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.evaluation.metrics.split_families import name_family
from pipeline.evaluation.metrics.task_scores import METRIC_WORDS, is_error
from pipeline.evaluation.report.formats import format_count, format_duration, format_figure
from pipeline.evaluation.report.model_card_limits import list_limits, list_misuses

CARD_FILE = "MODEL_CARD.md"

_KIND_WORDS = {
    "classes": "one of {n} classes",
    "labels": "any of {n} labels",
    "regression": "a number",
}


def render_card(facts: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Render the card of one trained model.

    Args:
        facts: What the model's folder says: system, task, split, variant, kind; where known also
            config, inputs (names of streams or fields), dates ({part: [first, last]}, ISO),
            parameters, train_s, best_epoch, history, notes (preset, weights of each modality),
            environment, data_hash, split_hash, fingerprint.
        summary: What `evaluation_results.json` of its system holds.

    Returns:
        Markdown, ending with a line feed.

    Raises:
        KeyError: The evaluation holds no result of this model.
    """
    task = summary["tasks"][facts["task"]]
    content = task["splits"][facts["split"]]
    result = content["results"][facts["variant"]]
    sections = (
        ("What it is", _say_what(facts, task)),
        ("What it was trained on", _say_data(facts, summary, content)),
        ("How good it is", _say_scores(facts, summary, task, content, result)),
        ("Limits", _bullets(list_limits(facts, summary, task, content, result))),
        ("What it must not be used for", _bullets(list_misuses(facts, summary))),
        ("How it was trained", _say_training(facts)),
        ("Environment", _say_environment(facts)),
    )
    lines = [f"# {facts['system']}: {facts['task']}, {facts['variant']}", ""]
    for title, body in sections:
        lines += [f"## {title}", "", *body, ""]
    return "\n".join(lines).rstrip() + "\n"


def _say_what(facts: Mapping[str, Any], task: Mapping[str, Any]) -> Iterator[str]:
    names = task["class_names"]
    what = _KIND_WORDS[task["kind"]].format(n=len(names))
    unit = f", in {task['unit']}" if task["unit"] else ""
    yield (
        f"A network that says {what}{unit} for a film from what is known before its release: "
        f"variant `{facts['variant']}` of the system `{facts['system']}`."
    )
    if names:
        order = ", lowest first" if task["is_ordered"] else ""
        yield from ("", f"What it may say{order}: {', '.join(names)}.")
    inputs = facts.get("inputs", ())
    yield from (
        "",
        f"Inputs: {', '.join(inputs) or 'not noted'}.",
    )
    parameters = format_count(facts.get("parameters"))
    yield from ("", f"Kind of network: `{facts['kind']}`; parameters: {parameters}.")


def _say_data(
    facts: Mapping[str, Any], summary: Mapping[str, Any], content: Mapping[str, Any]
) -> Iterator[str]:
    yield from _table(["", ""], [["source", summary["source"]], ["embeddings", summary["weights"]]])
    yield ""
    is_official = name_family(facts["split"]) == "official"
    how = "as published, by film alone" if is_official else "disjoint by film and by franchise"
    yield f"Split `{facts['split']}`, {how}:"
    yield ""
    dates = facts.get("dates", {})
    rows = [
        [part, format_count(count), " to ".join(dates.get(part, ())) or "not noted"]
        for part, count in content["rows"].items()
    ]
    yield from _table(["part", "films", "released"], rows)


def _say_scores(
    facts: Mapping[str, Any],
    summary: Mapping[str, Any],
    task: Mapping[str, Any],
    content: Mapping[str, Any],
    result: Mapping[str, Any],
) -> Iterator[str]:
    yield f"**{result['verdict']}**"
    yield ""
    others = {
        name: other
        for name, other in content["results"].items()
        if other["kind"] != "model" or name == facts["variant"]
    }
    metrics = [name for name in task["metrics"] if name in result["scores"]]
    rows = [
        [_direction(metric), *(_score(other, metric) for other in others.values())]
        for metric in metrics
    ]
    heads = [f"{name} ({other['kind']})" for name, other in others.items()]
    yield from _table(["score", *heads], rows)
    yield ""
    yield (
        f"In brackets: {100 * summary['level']:.0f} % intervals from {summary['resamples']} "
        f"bootstrap draws of the {len(content['tmdb_ids'])} test films, whole franchises at a "
        "time. Each baseline answered about the same films."
    )


def _direction(metric: str) -> str:
    return METRIC_WORDS[metric] + (", lower is better" if is_error(metric) else "")


def _score(result: Mapping[str, Any], metric: str) -> str:
    score = result["scores"].get(metric, {"estimate": None})
    if score["estimate"] is None:
        return "–"
    ends = f"{format_figure(score['low'])} to {format_figure(score['high'])}"
    return f"{format_figure(score['estimate'])} ({ends})"


def _say_training(facts: Mapping[str, Any]) -> Iterator[str]:
    epochs = len(facts.get("history", ()))
    kept = facts.get("best_epoch")
    rows = [
        ["training time", format_duration(facts.get("train_s"))],
        ["epochs", f"{epochs}, weights of epoch {kept} kept" if kept else str(epochs or "none")],
        *([name.replace("_", " "), f"`{facts[name]}`"] for name in _HASHES if name in facts),
    ]
    yield from _table(["", ""], rows)
    if facts.get("config"):
        config = json.dumps(facts["config"], indent=1, ensure_ascii=False, sort_keys=True)
        yield from ("", "Configuration as used:", "", "```json", config, "```")


_HASHES = ("data_hash", "split_hash", "fingerprint")


def _say_environment(facts: Mapping[str, Any]) -> Iterator[str]:
    environment = facts.get("environment", {})
    if not environment:
        yield "Not noted."
        return
    yield from _table(["", "version"], [[name, str(v)] for name, v in environment.items()])
    yield from ("", "`marquee evaluate <this folder>` computes these scores again.")


def _bullets(sentences: Sequence[str]) -> list[str]:
    return [f"- {sentence}" for sentence in sentences]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (heads, ["---"] * len(heads), *rows):
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
