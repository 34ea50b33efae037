"""Whether a new version of a system predicts from now on: the rule, and what it compares.

The first version is promoted. A later one is promoted by its evaluation, unless it is significantly
worse than the promoted one on the movies that both had in their test sets (paired bootstrap, Holm's
correction over the system's tasks). Where there is nothing to compare it is promoted by hand alone;
where the promoted one was trained on embeddings that the store no longer has, it is replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assets.models.model_versions import (
    Version,
    list_versions,
    promote,
    promoted_version,
    write_tests,
)
from assets.orchestration.asset_specs import FEATURE_SOURCES
from pipeline.evaluation.report.earlier_results import compare_versions, describe_changes
from pipeline.evaluation.report.evaluation_summary import SEED
from pipeline.models.systems.system import System
from resources.run_context import RunContext


@dataclass(frozen=True)
class Verdict:
    """What became of a version.

    Attributes:
        is_promoted: Whether it predicts now.
        is_worse: Whether it was refused as significantly worse.
        why: In a sentence or more.
    """

    is_promoted: bool
    is_worse: bool
    why: str


def keep_tests(run_context: RunContext, system: System, summary: Mapping[str, Any]) -> None:
    """Keep, beside the newest version, what the evaluation found of its models."""
    newest = next(iter(list_versions(run_context, system)), None)
    if newest is None:
        return
    tests = dict[str, Any]()
    for task in system.tasks:
        model = newest.facts["models"].get(task.name)
        of_task = summary["tasks"].get(task.name)
        content = of_task["splits"].get(model["split"]) if model and of_task else None
        if not content or model["variant"] not in content["results"]:
            continue
        results = {
            name: result if name == model["variant"] else {**result, "answers": []}
            for name, result in content["results"].items()
            if result["kind"] == "baseline" or name == model["variant"]
        }
        kept = ("tmdb_ids", "y_true", "franchises")
        tests[task.name] = {
            "split": model["split"],
            "variant": model["variant"],
            "unit": task.unit,
            "facts": content["results"][model["variant"]]["facts"],
            "content": {**{name: content[name] for name in kept}, "results": results},
        }
    write_tests(newest, tests)


def consider_newest(
    run_context: RunContext, system: System, notes: Mapping[str, str]
) -> Verdict | None:
    """Promote the newest version by the rule; None where there is none.

    Args:
        run_context: The store.
        system: Whose version.
        notes: The packed features': which embeddings there are.
    """
    newest = next(iter(list_versions(run_context, system)), None)
    promoted = promoted_version(run_context, system)
    if newest is None or promoted is None:
        return None
    if newest.number == promoted.number:
        return Verdict(True, False, f"Version {newest.number} is promoted already.")
    if not reads_same(promoted, notes):
        why = f"version {promoted.number} was trained on embeddings that the store no longer has"
        promote(run_context, system, newest.number, why)
        return Verdict(True, False, f"Version {newest.number} is promoted: {why}.")
    verdict = compare_with_promoted(system, newest, promoted)
    if verdict.is_promoted:
        promote(run_context, system, newest.number, verdict.why)
    return verdict


def compare_with_promoted(system: System, version: Version, promoted: Version) -> Verdict:
    """Decide whether a version may replace the promoted one."""
    names = f"Version {version.number}, beside the promoted {promoted.number}:"
    changes = compare_versions(version.tests, promoted.tests, system.tasks, seed=SEED)
    lines = "\n".join(describe_changes(changes))
    if any(change.is_worse for change in changes):
        return Verdict(False, True, f"{names} refused.\n{lines}")
    if all(change.reason for change in changes):
        found = lines or "it has not been evaluated."
        return Verdict(False, False, f"{names} nothing to compare, promote it by hand.\n{found}")
    return Verdict(True, False, f"{names} promoted.\n{lines}")


def reads_same(version: Version, notes: Mapping[str, str]) -> bool:
    """Whether a version was trained on embeddings of the weights that the packed features have."""
    names = {spec.name for spec, _ in FEATURE_SOURCES.values()}
    trained = version.facts["notes"]
    return all(trained.get(name) == notes.get(name) for name in names)
