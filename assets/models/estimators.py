"""Which estimators a system has, with the weights they may begin with."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import import_module
from typing import Any

from assets.orchestration.asset_specs import FEATURE_SOURCES
from pipeline.core.systems import System
from resources.run_context import RunContext

LOOKING = ("poster", "score")
"""Systems whose networks look at pixels and may begin with pretrained weights."""

DEMONSTRATION = "small"
"""The preset on which estimators take the hyperparameters that make them short."""

SHORT_EPOCHS = 10
"""Epochs between two checkpoints in a demonstration: they take less time than writing one."""


def estimators_of(system: System, run_context: RunContext | None = None) -> Mapping[str, Any]:
    """Return a system's estimators by variant, the main one first.

    Args:
        system: The row of the table of systems.
        run_context: Where weights are looked for; None where nothing will be trained.
    """
    module = import_module(f"pipeline.models.systems.{system.name}")
    if system.name in LOOKING:
        load = partial(_load_weights, run_context) if run_context else None
        return module.estimators(load)
    return module.ESTIMATORS


def variants_of(system: System, preset: str) -> tuple[str, ...]:
    """Name the variants that are trained unless others are asked for, the main one first."""
    module = import_module(f"pipeline.models.systems.{system.name}")
    return tuple(module.variants(preset) if system.name in LOOKING else module.ESTIMATORS)


def has_streams(estimator: Any, table: Any) -> bool:
    """Whether the table has at least one of the streams that an estimator reads."""
    streams = getattr(estimator.config, "streams", ())
    return not streams or any(name in table.streams for name in streams)


def inputs_of(estimator: Any, table: Any) -> list[str]:
    """Name what a variant's network reads; streams that the table lacks are left out."""
    members = getattr(estimator.config, "members", ())
    configs = [estimator.estimators[name].config for name in members] or [estimator.config]
    lacking = {*FEATURE_SOURCES, "video", "audio"} - set(table.streams)
    names = dict.fromkeys(name for config in configs for name in config.reads)
    return [name for name in names if name not in lacking]


def hyperparameters_for(
    estimator: Any, preset: str, given: Mapping[str, object]
) -> dict[str, object]:
    """Return what is turned for one estimator: the preset's hyperparameters, then the user's that
    it has.
    """
    small = dict(getattr(estimator, "small", {})) if preset == DEMONSTRATION else {}
    known = hyperparameter_names(estimator)
    if preset == DEMONSTRATION and "checkpoint_every_epochs" in known:
        small = {"checkpoint_every_epochs": SHORT_EPOCHS, **small}
    return small | {name: value for name, value in given.items() if name in known}


def hyperparameter_names(estimator: Any) -> set[str]:
    """Name the hyperparameters of an estimator's config and of its schedule."""
    config = estimator.config
    schedule = getattr(config, "schedule", None)
    inner = {field.name for field in fields(schedule)} if is_dataclass(schedule) else set()
    return {field.name for field in fields(config)} | inner


def _load_weights(run_context: RunContext, name: str):
    """Return pretrained parameters of a network by its name, or None where no place has them.

    Such a network begins at random, is labelled so, and learns here all that it knows.
    """
    from pipeline.models.networks.pixel_trunks import Pretrained
    from resources.compute.weights import find_parameters

    found = find_parameters(name, weights_folder=run_context.weights_folder)
    return Pretrained(*found) if found else None
