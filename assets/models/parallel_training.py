"""All trainings of a system, side by side in processes of their own where that is worth it.

Variants on one split may begin alike and then share their beginning through its checkpoints; so
they are trained in turn, in one process. Nothing that two splits' trainings write is the same file.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

from assets.models.experiment_data import ExperimentData, open_experiment_data
from assets.models.experiments import Experiment
from assets.models.hyperparameters import Hyperparameters, turned
from assets.models.training import train
from assets.orchestration.progress import Progress
from pipeline.core.systems import Preset, System
from resources.compute.workers import Call
from resources.run_context import RunContext, open_again
from resources.settings import SECRETS, Settings
from resources.sources.source import Source


def train_all(
    run_context: RunContext,
    experiment_data: ExperimentData,
    planned: Sequence[Experiment],
    config: Hyperparameters,
    told: Progress,
) -> list[dict[str, Any]]:
    """Train all; give their facts in the order of the plan, whatever the order they end in."""
    groups, hyperparameters = in_groups(planned), turned(config)
    if run_context.workers.count(len(groups)) == 1:
        function, where = train, (run_context, experiment_data)
    else:
        function, where = _train_there, (_place_of(run_context),)
    calls = [
        [
            Call(
                f"training {experiment}",
                function,
                (*where, experiment, hyperparameters, config.seed),
            )
            for experiment in group
        ]
        for group in groups
    ]
    made: dict[Experiment, dict[str, Any]] = {}
    with closing(run_context.workers.run(calls)) as results:
        for g, c, facts in results:
            made[groups[g][c]] = facts
            told.step("trained")
    return [made[experiment] for experiment in planned]


def in_groups(planned: Sequence[Experiment]) -> list[list[Experiment]]:
    """Group a plan by task and split, the group with the most trainings first."""
    groups: dict[tuple[str, str], list[Experiment]] = {}
    for experiment in planned:
        groups.setdefault((experiment.task.name, experiment.split), []).append(experiment)
    return sorted(groups.values(), key=len, reverse=True)


Place = tuple[Settings, Source, Preset]
"""What opens a run's context again; without keys, which no training needs."""


def _place_of(run_context: RunContext) -> Place:
    changes = {"store": str(run_context.store.root), **dict.fromkeys(SECRETS, "")}
    settings = run_context.settings.model_copy(update=changes)
    return settings, run_context.source, run_context.preset


def _train_there(
    place: Place, experiment: Experiment, hyperparameters: Mapping[str, object], seed: int
) -> dict[str, Any]:
    """Train in this process, which was started for it."""
    run_context = _run_context(place)
    return train(
        run_context, _experiment_data(place, experiment.system), experiment, hyperparameters, seed
    )


@lru_cache(maxsize=1)
def _run_context(place: Place) -> RunContext:
    return open_again(*place)


@lru_cache(maxsize=1)
def _experiment_data(place: Place, system: System) -> ExperimentData:
    return open_experiment_data(_run_context(place), system)
