"""All trainings of a system, side by side in processes of their own where that is worth it.

Variants on one split may begin alike and then share their beginning through its checkpoints; so
they are trained in turn, in one process. Nothing that two splits' trainings write is the same file.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assets.models.experiment_data import Ground, open_ground
from assets.models.experiments import Trial
from assets.models.hyperparameters import Knobs, turned
from assets.models.training import train
from assets.orchestration.progress import Progress
from pipeline.core.systems import Preset, System
from resources.compute.workers import Call
from resources.run_context import Workplace, open_again
from resources.settings import SECRETS, Settings
from resources.sources.source import Source


def train_all(
    workplace: Workplace, ground: Ground, planned: Sequence[Trial], config: Knobs, told: Progress
) -> list[dict[str, Any]]:
    """Train all; give their facts in the order of the plan, whatever the order they end in."""
    groups, knobs = in_groups(planned), turned(config)
    if workplace.workers.count(len(groups)) == 1:
        function, where = train, (workplace, ground)
    else:
        function, where = _train_there, (_place_of(workplace),)
    calls = [
        [
            Call(f"training {trial}", function, (*where, trial, knobs, config.seed))
            for trial in group
        ]
        for group in groups
    ]
    made: dict[Trial, dict[str, Any]] = {}
    with closing(workplace.workers.run(calls)) as results:
        for g, c, facts in results:
            made[groups[g][c]] = facts
            told.step("trained")
    return [made[trial] for trial in planned]


def in_groups(planned: Sequence[Trial]) -> list[list[Trial]]:
    """Group a plan by task and split, the group with the most trainings first."""
    groups: dict[tuple[str, str], list[Trial]] = {}
    for trial in planned:
        groups.setdefault((trial.task.name, trial.split), []).append(trial)
    return sorted(groups.values(), key=len, reverse=True)


Place = tuple[Settings, Source, Preset]
"""What opens a run's workplace again; without keys, which no training needs."""


def _place_of(workplace: Workplace) -> Place:
    settings = replace(
        workplace.settings, store=str(workplace.store.root), **dict.fromkeys(SECRETS, "")
    )
    return settings, workplace.source, workplace.preset


def _train_there(
    place: Place, trial: Trial, knobs: Mapping[str, object], seed: int
) -> dict[str, Any]:
    """Train in this process, which was started for it."""
    workplace = _workplace(place)
    return train(workplace, _ground(place, trial.system), trial, knobs, seed)


@lru_cache(maxsize=1)
def _workplace(place: Place) -> Workplace:
    return open_again(*place)


@lru_cache(maxsize=1)
def _ground(place: Place, system: System) -> Ground:
    return open_ground(_workplace(place), system)
