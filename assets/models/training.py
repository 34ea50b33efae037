"""Training: a system's experiments, in processes side by side where that is worth it.

Variants on one split may begin alike and then share their beginning through its checkpoints; so
they are trained in turn, in one process. Nothing that two splits' experiments write is the same
file.
"""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from assets.models.child_data import Place, open_data, open_place, place_of
from assets.models.experiment_data import ExperimentData
from assets.models.experiments import FACTS_FILE, Experiment
from assets.models.hyperparameters import Hyperparameters
from assets.models.validation_score import score_validation
from assets.orchestration.asset_specs import FEATURE_SOURCES
from assets.orchestration.progress import Progress
from pipeline.core.versions import hash_bytes
from pipeline.evaluation.report.best_variant import VAL_SCORE
from pipeline.models.networks.pixel_trunks import Pretrained
from pipeline.models.training.estimator import (
    Estimator,
    PretrainedEstimator,
    RunConfig,
    list_hyperparameters,
)
from pipeline.models.training.fitting import as_json
from pipeline.models.training.model_registry import save_trained
from resources.compute.device import describe_environment, one_thread
from resources.compute.weights import find_parameters
from resources.compute.workers import Call
from resources.run_context import RunContext

SHORT_EPOCHS = 10
"""Epochs between two checkpoints in a demonstration: they take less time than writing one."""

PACE = "films_per_s"
"""A figure that differs from run to run, so it is no part of the content; the name is stored."""

Facts = dict[str, Any]
"""JSON values: what `facts.json` holds of a trained model."""


def train_all(
    run_context: RunContext,
    data: ExperimentData,
    planned: Sequence[Experiment],
    config: Hyperparameters,
    progress: Progress,
) -> list[Facts]:
    """Train all; return their facts in the order of the plan, whatever the order they end in."""
    groups, given = group_by_split(planned), config.overridden()
    if run_context.workers.count(len(groups)) == 1:
        function, where = train, (run_context, data)
    else:
        function, where = _train_in_process, (place_of(run_context),)
    calls = [
        [Call(f"training {one}", function, (*where, one, given, config.seed)) for one in group]
        for group in groups
    ]
    facts: dict[Experiment, Facts] = {}
    with closing(run_context.workers.run(calls)) as results:
        for g, c, of_one in results:
            facts[groups[g][c]] = of_one
            progress.step("trained")
    return [facts[experiment] for experiment in planned]


def group_by_split(planned: Sequence[Experiment]) -> list[list[Experiment]]:
    """Group a plan by task and split, the group with the most experiments first."""
    groups: dict[tuple[str, str], list[Experiment]] = {}
    for experiment in planned:
        groups.setdefault((experiment.task.name, experiment.split), []).append(experiment)
    return sorted(groups.values(), key=len, reverse=True)


def train(
    run_context: RunContext,
    data: ExperimentData,
    experiment: Experiment,
    given: Mapping[str, object],
    seed: int,
) -> Facts:
    """Train one variant on one split and save it with all that is needed to evaluate it again."""
    estimator = _estimator_of(experiment, run_context)
    target, split = data.target(experiment), data.split(experiment)
    began_s, earlier_s = time.monotonic(), list[float]()
    run = _run_config(run_context, experiment, estimator, given, seed)
    run = replace(run, on_resume=earlier_s.append)
    features = data.features_of(experiment)
    with one_thread():
        trained = estimator.train(features, target, split, run)
    names = zip(("system", "task", "split", "variant"), experiment.names, strict=True)
    facts = {
        **dict(names),
        "kind": trained.kind,
        "config": as_json(trained.config),
        "data_hash": trained.data_hash,
        "fingerprint": trained.fingerprint,
        "parameters": sum(p.numel() for p in trained.network.parameters()) or None,
        "history": [dict(row) for row in trained.fitted.history],
        "best_epoch": trained.fitted.best_epoch,
        VAL_SCORE: score_validation(trained, features, target, data.rows(experiment, "val")),
        "inputs": _inputs_of(estimator, data),
        "train_s": round(time.monotonic() - began_s + sum(earlier_s), 3),
        "split_hash": hash_bytes("\x1f".join(map(str, split)).encode()),
        "dates": _dates(data, experiment),
        "notes": dict(data.table.notes),
        "environment": describe_environment(),
    }
    folder = experiment.folder(run_context)
    save_trained(
        trained,
        folder / experiment.system.model_file,
        task=experiment.task,
        target_facts=target.facts,
        notes=data.table.notes,
    )
    (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def pretrain(
    run_context: RunContext,
    data: ExperimentData,
    experiment: Experiment,
    estimator: PretrainedEstimator,
    config: Hyperparameters,
) -> list[dict[str, str | int | float]]:
    """Pretrain one variant on one split; return a row of figures for each of its steps."""
    times_s = [time.monotonic()]  # at the beginning, and after each epoch
    run = _run_config(run_context, experiment, estimator, config.overridden(), config.seed)
    run = replace(run, on_epoch=lambda *_: times_s.append(time.monotonic()))
    target, split = data.target(experiment), data.split(experiment)
    fitted = estimator.pretrain(data.features, target, split, run)
    seen = (len(times_s) - 1) * len(data.rows(experiment, "train"))
    pace = round(seen / max(times_s[-1] - times_s[0], 1e-9), 1)
    return [
        {
            "split": experiment.split,
            "variant": experiment.variant,
            "step": name,
            "epochs": len(of_step.history),
            "val_loss": round(float(of_step.history[of_step.best_epoch - 1]["val_loss"]), 6),
            PACE: pace,
        }
        for name, of_step in fitted.items()
    ]


def _run_config(
    run_context: RunContext,
    experiment: Experiment,
    estimator: Estimator,
    given: Mapping[str, object],
    seed: int,
) -> RunConfig:
    """Return how one training runs: with the preset's hyperparameters, then those given, as far as
    the estimator has them.
    """
    known = list_hyperparameters(estimator.config)
    own: dict[str, object] = {}
    if run_context.preset.hyperparameters == "small":
        if "checkpoint_every_epochs" in known:
            own["checkpoint_every_epochs"] = SHORT_EPOCHS
        own |= estimator.small
    own |= {name: value for name, value in given.items() if name in known}
    return RunConfig(experiment.checkpoint_folder(run_context), seed, own)


def _estimator_of(experiment: Experiment, run_context: RunContext) -> Estimator:
    """Return an experiment's estimator, with the pretrained weights that it may begin with.

    A network of which no place has weights begins at random and is labelled so.
    """

    def load_weights(name: str) -> Pretrained | None:
        found = find_parameters(name, weights_folder=run_context.weights_folder)
        return Pretrained(*found) if found else None

    return experiment.system.estimators(load_weights)[experiment.variant]


def _inputs_of(estimator: Estimator, data: ExperimentData) -> list[str]:
    """Return what a variant's network reads, without the modalities that the table lacks."""
    lacking = {*FEATURE_SOURCES, "video", "audio"} - set(data.table.streams)
    return [name for name in dict.fromkeys(estimator.reads) if name not in lacking]


def _dates(data: ExperimentData, experiment: Experiment) -> dict[str, list[str]]:
    """Return the first and the last day of release in each set."""
    films, found = data.table.table, dict[str, list[str]]()
    for name in ("train", "val", "test"):
        known = films.loc[data.split(experiment) == name, "release_date"].dropna()
        if len(known):
            found[name] = [str(day.date()) for day in (known.min(), known.max())]
    return found


def _train_in_process(
    place: Place, experiment: Experiment, given: Mapping[str, object], seed: int
) -> Facts:
    """Train in this process, which was started for it."""
    run_context, data = open_place(place), open_data(place, experiment.system)
    return train(run_context, data, experiment, given, seed)
