"""Which trainings there are: tasks, splits and variants of every system, and where each lies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.models.estimators import estimators_of, variants_of
from pipeline.core.errors import ConfigurationError
from pipeline.core.systems import BY_DATE, SYSTEMS, System, Task
from resources.run_context import RunContext

FOLD = "fold-"
"""Begins the names of the parts of a cross-validation."""


@dataclass(frozen=True)
class Experiment:
    """One training: which system's task, on which split, by which variant."""

    system: System
    task: Task
    split: str
    variant: str

    def folder(self, run_context: RunContext) -> Path:
        """Return the folder of its model."""
        place = models_folder(run_context, self.system) / self.task.name / self.split
        return place / slug(self.variant)

    @property
    def names(self) -> tuple[str, str, str, str]:
        """What it is called, for `experiment_named`."""
        return self.system.name, self.task.name, self.split, self.variant

    def __reduce__(self) -> tuple:
        """Travel by name: in another process too, system and task are rows of the table."""
        return experiment_named, self.names

    def __str__(self) -> str:
        return ", ".join(self.names)


def experiment_named(system: str, task: str, split: str, variant: str) -> Experiment:
    """Return the experiment of these names; `KeyError` where no system or task is called so."""
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


def headline(system: System) -> str:
    """Name the split by which a system is judged."""
    return system.splits[0].name


def splits_of(system: System) -> list[str]:
    """Name a system's splits, the headline first."""
    folds = [f"{FOLD}{k + 1}" for k in range(system.folds)]
    return [*(split.name for split in system.splits), BY_DATE, *folds]


def experiments(system: System, preset: str, only: Sequence[str] = ()) -> Iterator[Experiment]:
    """Lay out a system's trainings.

    Every variant is trained on the headline split. The first two, the main one and what it is
    compared with, also on the other splits by share and by date; the main one alone on the folds.
    Tasks but the first are trained on the headline split alone.

    Args:
        system: The row of the table of systems.
        preset: Name of the preset; it decides which variants there are.
        only: Names of variants; empty for those of the preset.

    Raises:
        ConfigurationError: There is no such variant.
    """
    variants = _choose(system, preset, only)
    for task in system.tasks:
        for split in splits_of(system):
            chosen = _variants_on(system, split, variants)
            if task is not system.tasks[0] and split != headline(system):
                continue
            yield from (Experiment(system, task, split, variant) for variant in chosen)


def _choose(system: System, preset: str, only: Sequence[str]) -> Sequence[str]:
    if not only:
        return variants_of(system, preset)
    if unknown := [name for name in only if name not in estimators_of(system)]:
        raise ConfigurationError(
            f"{system.name} has no variant {unknown[0]!r}; "
            f"there is {', '.join(estimators_of(system))}"
        )
    return only


def _variants_on(system: System, split: str, variants: Sequence[str]) -> Sequence[str]:
    if split == headline(system):
        return variants
    if split.startswith(FOLD):
        return [name for name in variants if name == system.main_variant]
    return variants[:2]


def splits_in_use(system: System, task: Task) -> list[str]:
    """Name the splits on which a task is trained."""
    return splits_of(system) if task is system.tasks[0] else [headline(system)]
