"""What two versions answered side by side, kept line by line, and their comparison.

Under `registry/<system>/side_by_side/` a file holds the requests that the promoted version and a
challenger both answered, whoever's answer was returned. What was given is not kept: only the film
of the store, a hash of the request, and the answers.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assets.models.experiment_data import ExperimentData, open_experiment_data
from assets.models.model_versions import Version, find_version
from pipeline.core.errors import SplitError
from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.report.earlier_results import Change, compare_versions
from pipeline.evaluation.report.evaluation_summary import SEED
from pipeline.models.systems.system import System
from pipeline.predict.trial import actual_values, describe_agreement
from resources.run_context import RunContext

MAX_BYTES = 50 * 2**20
"""Size from which a file is put aside; one older file is kept beside it."""


@dataclass(frozen=True)
class Asked:
    """One request that two versions answered.

    Attributes:
        at_s: When, in seconds since the epoch.
        request: Hash of what was given.
        tmdb_id: The film of the store; 0 for one that was described.
        answered: The version whose answer was returned.
        answers: By version's number and task, the digits; see `digits_of`.
        was_known: By task, whether the store knew the actual value already.
    """

    at_s: int
    request: str
    tmdb_id: int
    answered: int
    answers: Mapping[str, Mapping[str, Sequence[float]]]
    was_known: Mapping[str, bool]


def record_path(run_context: RunContext, system: System, first: int, second: int) -> Path:
    """Return the file of a pair of versions."""
    folder = run_context.store.folder("registry", system.name, "side_by_side")
    low, high = sorted((first, second))
    return folder / f"{low}-{high}.jsonl"


def add_record(path: Path, asked: Asked) -> None:
    """Append a request; a kill may leave half a line, which reading skips."""
    if path.exists() and path.stat().st_size > MAX_BYTES:
        path.replace(path.with_suffix(".older.jsonl"))
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(asked)) + "\n")


def read_records(path: Path) -> Iterator[Asked]:
    """Yield the requests of a pair of versions, the oldest first."""
    for one in (path.with_suffix(".older.jsonl"), path):
        if not one.exists():
            continue
        with one.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    yield Asked(**json.loads(line))
                except (ValueError, TypeError):
                    continue  # the end of a killed process


def compare(run_context: RunContext, system: System, first: int, second: int) -> dict[str, Any]:
    """Compare two versions of a system; JSON values.

    Returns:
        `on_test`: per task the difference, second minus first, on the films that both had in their
        test sets. `asked`: requests that both answered, how many each one's answer was returned
        for, how far they agree. `since_known`: the difference on films whose actual value was not
        known when they were asked about and is by now; neither version can have been fitted to
        them.

    Raises:
        ConfigurationError: There is no such version.
    """
    versions = [find_version(run_context, system, number) for number in (first, second)]
    records = list(read_records(record_path(run_context, system, first, second)))
    changes = compare_versions(versions[1].tests, versions[0].tests, system.tasks, seed=SEED)
    return {
        "system": system.name,
        "versions": [first, second],
        "on_test": [_describe(change) for change in changes],
        "asked": _describe_asked(system, versions, records),
        "since_known": [
            _describe(change) for change in _compare_known(run_context, system, versions, records)
        ],
    }


def _describe(change: Change) -> dict[str, Any]:
    """Return JSON values: NaN becomes null."""
    interval = change.difference
    numbers = {
        "first": change.before, "second": change.now, "difference": interval.estimate,
        "low": interval.low, "high": interval.high, "p_holm": change.p_holm,
    }  # fmt: skip
    return {
        "task": change.task,
        "metric": change.metric,
        **{name: None if np.isnan(value) else float(value) for name, value in numbers.items()},
        "reason": change.reason or None,
    }


def _describe_asked(
    system: System, versions: Sequence[Version], records: Sequence[Asked]
) -> dict[str, Any]:
    names = [str(version.number) for version in versions]
    agreement = dict[str, Any]()
    for task in system.tasks:
        pairs = [
            (one.answers[names[0]][task.name], one.answers[names[1]][task.name])
            for one in records
            if all(task.name in one.answers[name] for name in names)
        ]
        if pairs:
            agreement[task.name] = describe_agreement(task, pairs)
    return {
        "requests": len(records),
        "answered": {name: sum(one.answered == int(name) for one in records) for name in names},
        "agreement": agreement,
    }


def _compare_known(
    run_context: RunContext, system: System, versions: Sequence[Version], records: Sequence[Asked]
) -> list[Change]:
    """Compare both on films whose actual value became known; the first answer of each counts."""
    tests: list[dict[str, Any]] = [{}, {}]
    for task in system.tasks:
        found = {
            one.tmdb_id: one
            for one in reversed(records)
            if one.tmdb_id and one.was_known.get(task.name) is False
        }
        if not found:
            continue
        data = open_experiment_data(run_context, system, task)
        for place, version in enumerate(versions):
            content = _as_tests(system, task, version, data, found)
            if content:
                tests[place][task.name] = content
    return compare_versions(tests[1], tests[0], system.tasks, seed=SEED)


def _as_tests(
    system: System, task: Task, version: Version, data: ExperimentData, found: Mapping[int, Asked]
) -> dict[str, Any] | None:
    """Return recorded answers as `tests.json` holds a test set's; None where there is none."""
    experiment, own = version.experiment(system, task), version.tests.get(task.name)
    if experiment is None or own is None:
        return None
    facts = own["facts"]
    try:
        target = data.target(experiment)
    except SplitError:
        return None
    values, known = actual_values(target, data.table.table["revenue_usd"].to_numpy(), facts)
    table, number = data.table.table, str(version.number)
    rows = [
        (row, found[tmdb_id])
        for row, tmdb_id in enumerate(table["tmdb_id"].tolist())
        if known[row] and tmdb_id in found and task.name in found[tmdb_id].answers.get(number, {})
    ]
    if not rows:
        return None
    answers = [one.answers[number][task.name] for _, one in rows]
    if task.kind is TaskKind.REGRESSION and len(answers[0]) == 1:
        answers = [one[0] for one in answers]
    return {
        "split": experiment.split,
        "variant": experiment.variant,
        "unit": task.unit,
        "facts": facts,
        "content": {
            "tmdb_ids": [one.tmdb_id for _, one in rows],
            "y_true": [values[row].tolist() for row, _ in rows],
            "franchises": [str(table["franchise"].iloc[row]) for row, _ in rows],
            "results": {experiment.variant: {"answers": answers}},
        },
    }
