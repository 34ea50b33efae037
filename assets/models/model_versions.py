"""The registry: every training of a system as a version, and which of them is promoted.

Under `registry/<system>/` lies a folder per version, `<number>/`, with the models that predict (of
each task the main variant on the first split) and `version.json`; the evaluation adds
`tests.json`. `promoted.json` names the promoted version and those before it. A folder appears by
one rename, so that a kill leaves none half written.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.models.experiments import FACTS_FILE, Experiment, experiment_named, read_facts
from pipeline.core.errors import ConfigurationError
from pipeline.core.tasks import Task
from pipeline.core.versions import combine
from pipeline.models.systems.system import System
from resources.run_context import RunContext

VERSION_FILE, TESTS_FILE, PROMOTED_FILE = "version.json", "tests.json", "promoted.json"

KEPT_VERSIONS = 10
"""The newest so many stay, and with them the promoted one and the one before it."""


@dataclass(frozen=True)
class Version:
    """One training of a system.

    Attributes:
        number: From 1 on.
        folder: Where its models lie.
        facts: JSON values: created_s, data_hash, code_version, content_hash, preset, notes (the
            weights of the embeddings), and per task split, variant, fingerprint, val_score and
            train_s under `models`.
    """

    number: int
    folder: Path
    facts: Mapping[str, Any]

    def experiment(self, system: System, task: Task) -> Experiment | None:
        """Return which model predicts a task; None where none was trained."""
        found = self.facts["models"].get(task.name)
        if found is None:
            return None
        return experiment_named(system.name, task.name, found["split"], found["variant"])

    def model_folder(self, task: Task) -> Path:
        """Return the folder of the model of a task."""
        return self.folder / task.name

    @property
    def tests(self) -> Mapping[str, Any]:
        """What its evaluation stored, by task; empty before the evaluation."""
        path = self.folder / TESTS_FILE
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def choose_served(system: System, trained: Sequence[Experiment]) -> dict[str, Experiment]:
    """Choose the model that predicts each task: the main variant on the first split, else the
    first that was trained there.
    """
    chosen = dict[str, Experiment]()
    for task in system.tasks:
        wanted = (task.name, system.headline)
        of_task = [one for one in trained if (one.task.name, one.split) == wanted]
        main = [one for one in of_task if one.variant == system.main_variant]
        if of_task:
            chosen[task.name] = (main or of_task)[0]
    return chosen


def register_version(
    run_context: RunContext, system: System, trained: Sequence[Experiment]
) -> Version | None:
    """Keep the models that predict as a new version; the first one is promoted.

    Where nothing differs from the latest version, that one is returned.

    Returns:
        None where no model was trained on the first split of any task.
    """
    chosen = choose_served(system, trained)
    if not chosen:
        return None
    facts = {name: read_facts(one.folder(run_context)) for name, one in chosen.items()}
    fingerprints = [f"{name} {of_one['fingerprint']}" for name, of_one in facts.items()]
    content_hash = combine([system.code_versions.model, *fingerprints])
    latest = next(iter(list_versions(run_context, system)), None)
    if latest is None or latest.facts["content_hash"] != content_hash:
        described = _describe(run_context, system, facts, content_hash)
        latest = _copy(run_context, system, chosen, described, (latest.number if latest else 0) + 1)
        _prune(run_context, system)
    if promoted_number(run_context, system) is None:
        promote(run_context, system, latest.number, "the first version")
    return latest


def list_versions(run_context: RunContext, system: System) -> list[Version]:
    """List the versions of a system, the newest first."""
    found = [
        Version(int(path.parent.name), path.parent, json.loads(path.read_text(encoding="utf-8")))
        for path in _folder(run_context, system).glob(f"[0-9]*/{VERSION_FILE}")
    ]
    return sorted(found, key=lambda version: -version.number)


def find_version(run_context: RunContext, system: System, number: int) -> Version:
    """Return a version.

    Raises:
        ConfigurationError: There is no such version.
    """
    versions = list_versions(run_context, system)
    for version in versions:
        if version.number == number:
            return version
    known = ", ".join(str(version.number) for version in reversed(versions)) or "none"
    raise ConfigurationError(f"{system.name} has no version {number}; there are: {known}.")


def promoted_version(run_context: RunContext, system: System) -> Version | None:
    """Return the version that predicts; None where none was trained."""
    number = promoted_number(run_context, system)
    return None if number is None else find_version(run_context, system, number)


def promoted_number(run_context: RunContext, system: System) -> int | None:
    """Return the number of the promoted version."""
    history = read_history(run_context, system)
    return history[-1]["version"] if history else None


def read_history(run_context: RunContext, system: System) -> list[dict[str, Any]]:
    """Read which versions were promoted, the latest last: version, at_s and why."""
    path = _folder(run_context, system) / PROMOTED_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def promote(run_context: RunContext, system: System, number: int, why: str) -> None:
    """Make a version the one that predicts.

    Raises:
        ConfigurationError: There is no such version.
    """
    find_version(run_context, system, number)
    history = read_history(run_context, system)
    if history and history[-1]["version"] == number:
        return
    entry = {"version": number, "at_s": round(run_context.clock()), "why": why}
    _write_history(run_context, system, [*history, entry])


def roll_back(run_context: RunContext, system: System) -> int:
    """Make the version that predicted before the promoted one predict again; return its number.

    Raises:
        ConfigurationError: There was none before.
    """
    history = read_history(run_context, system)
    if len(history) < 2:
        raise ConfigurationError(
            f"{system.name} has no earlier promoted version to return to; "
            f"`uv run marquee models list --system {system.name}` lists all."
        )
    find_version(run_context, system, history[-2]["version"])
    _write_history(run_context, system, history[:-1])
    return history[-2]["version"]


def write_tests(version: Version, tests: Mapping[str, Any]) -> None:
    """Keep what the evaluation of a version stored, by task."""
    _write(version.folder / TESTS_FILE, tests)


def _folder(run_context: RunContext, system: System) -> Path:
    return run_context.store.folder("registry", system.name)


def _describe(
    run_context: RunContext, system: System, facts: Mapping[str, Mapping[str, Any]], content: str
) -> dict[str, Any]:
    first = next(iter(facts.values()))
    names = ("split", "variant", "fingerprint", "val_score", "train_s", "inputs")
    return {
        "system": system.name,
        "created_s": round(run_context.clock()),
        "data_hash": first["data_hash"],
        "code_version": system.code_versions.model,
        "content_hash": content,
        "preset": run_context.preset.name,
        "notes": first["notes"],
        "environment": first["environment"],
        "models": {
            task: {name: of_one.get(name) for name in names} for task, of_one in facts.items()
        },
    }


def _copy(
    run_context: RunContext,
    system: System,
    chosen: Mapping[str, Experiment],
    described: Mapping[str, Any],
    number: int,
) -> Version:
    place = _folder(run_context, system)
    unfinished = place / f".{number}"
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
    for task, experiment in chosen.items():
        model = experiment.folder(run_context)
        (unfinished / task).mkdir(parents=True)
        for name in (system.model_file, FACTS_FILE):
            shutil.copyfile(model / name, unfinished / task / name)
    _write(unfinished / VERSION_FILE, described)
    folder = unfinished.rename(place / str(number))
    return Version(number, folder, described)


def _prune(run_context: RunContext, system: System) -> None:
    versions = list_versions(run_context, system)
    used = {entry["version"] for entry in read_history(run_context, system)[-2:]}
    for version in versions[KEPT_VERSIONS:]:
        if version.number not in used:
            shutil.rmtree(version.folder)


def _write_history(
    run_context: RunContext, system: System, history: Sequence[Mapping[str, Any]]
) -> None:
    _write(_folder(run_context, system) / PROMOTED_FILE, history)
    run_context.store.push()


def _write(path: Path, content: object) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def describe_versions(run_context: RunContext, system: System) -> list[dict[str, Any]]:
    """Describe the versions of a system, the newest first; JSON values."""
    promoted = promoted_number(run_context, system)
    return [
        {
            "system": system.name,
            "version": version.number,
            "is_promoted": version.number == promoted,
            "created": datetime.fromtimestamp(version.facts["created_s"], UTC).isoformat(),
            "data_hash": version.facts["data_hash"],
            "code_version": version.facts["code_version"],
            "preset": version.facts["preset"],
            "scores": _list_scores(system, version.tests),
        }
        for version in list_versions(run_context, system)
    ]


def _list_scores(system: System, tests: Mapping[str, Any]) -> dict[str, Any]:
    """Return the main score of each task on its test set: metric, estimate, low, high."""
    scores = dict[str, Any]()
    for task in system.tasks:
        if task.name in tests:
            content, variant = tests[task.name]["content"], tests[task.name]["variant"]
            score = content["results"][variant]["scores"][task.main_metric]
            scores[task.name] = {
                "variant": variant, "split": tests[task.name]["split"],
                "metric": task.main_metric, **score,
            }  # fmt: skip
    return scores
