"""Which models are trained: tasks, splits and variants of every system, and where they lie."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import ConfigurationError, TrainingError
from pipeline.core.tasks import Task
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext

EXPERIMENTS_FILE = "trials.json"  # the name is stored
LEFT_OUT_FILE = "left_out.json"
FACTS_FILE = "facts.json"

_LISTED = 20
"""Models that a message names."""


@dataclass(frozen=True)
class Experiment:
    """One model to train: which system's task, on which split, by which variant."""

    system: System
    task: Task
    split: str
    variant: str

    def folder(self, run_context: RunContext) -> Path:
        """Return the folder of its model."""
        place = models_folder(run_context, self.system) / self.task.name / self.split
        return place / slug(self.variant)

    def checkpoint_folder(self, run_context: RunContext) -> Path:
        """Return the folder of its split's checkpoints.

        Their names are fingerprints, so that variants that begin alike share their beginning.
        """
        return self.folder(run_context).parent / "training"

    @property
    def names(self) -> tuple[str, str, str, str]:
        """Names of system, task, split and variant, for `experiment_named`."""
        return self.system.name, self.task.name, self.split, self.variant

    def __reduce__(self) -> tuple:
        """Travel by name: in another process too, system and task are rows of the registry."""
        return experiment_named, self.names

    def __str__(self) -> str:
        return ", ".join(self.names)


def experiment_named(system: str, task: str, split: str, variant: str) -> Experiment:
    """Return the experiment of these names; `KeyError` where there is no such system or task."""
    row = {row.name: row for row in SYSTEMS}[system]
    return Experiment(row, {task.name: task for task in row.tasks}[task], split, variant)


def slug(variant: str) -> str:
    """Turn a variant's name into one of a folder.

    Example:
        >>> slug("bag of tricks + mish, 64 px")
        'bag-of-tricks-mish-64-px'
    """
    return "-".join("".join(c if c.isalnum() else " " for c in variant).split())


def models_folder(run_context: RunContext, system: System) -> Path:
    """Return the folder of a system's models."""
    return run_context.store.folder("models") / system.name


def experiments(system: System, preset: str, only: Sequence[str] = ()) -> Iterator[Experiment]:
    """List a system's experiments; see `System.split_names` and `System.variants_on`.

    On a short preset what stands beside the main variant is trained on the headline split of the
    first task alone.

    Args:
        system: Whose.
        preset: Name of the preset; it decides which variants there are.
        only: Names of variants; empty for those of the preset.

    Raises:
        ConfigurationError: There is no such variant.
    """
    known = tuple(system.estimators()) if only else ()
    if unknown := [name for name in only if name not in known]:
        raise ConfigurationError(
            f"{system.name} has no variant {unknown[0]!r}. Choose some of these:\n"
            + "\n".join(f"- {name}" for name in known)
        )
    variants = only or system.variants(preset)
    is_short = not only and system.is_short(preset)
    for task in system.tasks:
        for split in system.split_names(task):
            is_first = task is system.tasks[0] and split == system.headline
            for variant in system.variants_on(split, variants):
                if is_first or not is_short or variant == system.main_variant:
                    yield Experiment(system, task, split, variant)


def write_experiments(
    run_context: RunContext,
    system: System,
    done: Sequence[Experiment],
    lacks: Mapping[Experiment, str],
) -> None:
    """Write which models were trained, and why the others were not."""
    left_out = [
        {"task": one.task.name, "split": one.split, "variant": one.variant, "reason": reason}
        for one, reason in lacks.items()
    ]
    for name, content in (
        (EXPERIMENTS_FILE, [list(one.names[1:]) for one in done]),
        (LEFT_OUT_FILE, left_out),
    ):
        path = run_context.store.path("models", system.name, name)
        run_context.store.write(path, json.dumps(content).encode())


def read_experiments(run_context: RunContext, system: System) -> list[Experiment]:
    """Read which models were trained, as the model asset left them."""
    path = run_context.store.path("models", system.name, EXPERIMENTS_FILE)
    if not path.exists():
        raise TrainingError(f"No model of {system.name} was trained: materialize it first.")
    return [experiment_named(system.name, *names) for names in run_context.store.read_json(path)]


def read_left_out(run_context: RunContext, system: System) -> list[dict[str, str]]:
    """Read which models were not trained: task, split, variant and reason of each."""
    path = run_context.store.path("models", system.name, LEFT_OUT_FILE)
    return list(run_context.store.read_json(path)) if path.exists() else []


def read_facts(folder: Path) -> dict[str, Any]:
    """Read `facts.json` from a model's folder.

    Raises:
        TrainingError: There is none; the message names those below, where there are some.
    """
    path = folder / FACTS_FILE
    if not path.is_file():
        below = sorted(str(found.parent) for found in folder.rglob(FACTS_FILE))
        if not below:
            raise TrainingError(
                f"There is no model in {folder}: it has no {FACTS_FILE}. `uv run marquee build` "
                "trains what is stale."
            )
        more = f"\n… and {len(below) - _LISTED} more" if len(below) > _LISTED else ""
        raise TrainingError(
            f"{folder} is not a model's folder. Models below it:\n"
            + "\n".join(below[:_LISTED]) + more
        )  # fmt: skip
    return json.loads(path.read_text(encoding="utf-8"))
