"""Which recipes a system has, with the weights they may begin with."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import import_module
from typing import Any

from assets.splits.feature_sources import SOURCES
from pipeline.core.systems import System
from resources.run_context import Workplace

LOOKING = ("poster", "score")
"""Systems whose networks look at pixels and may begin with pretrained weights."""

DEMONSTRATION = "small"
"""The preset on which recipes take the knobs that make them short."""

SHORT_EPOCHS = 10
"""Epochs between two checkpoints in a demonstration: they take less time than writing one."""


def recipes_of(system: System, workplace: Workplace | None = None) -> Mapping[str, Any]:
    """Give a system's recipes by variant, the main one first.

    Args:
        system: The row of the table of systems.
        workplace: Where weights are looked for; None where nothing will be trained.
    """
    module = import_module(f"pipeline.models.systems.{system.name}")
    if system.name in LOOKING:
        load = partial(_load_weights, workplace) if workplace else None
        return module.recipes(load)
    return module.RECIPES


def variants_of(system: System, preset: str) -> tuple[str, ...]:
    """Name the variants that are trained unless others are asked for, the main one first."""
    module = import_module(f"pipeline.models.systems.{system.name}")
    return tuple(module.variants(preset) if system.name in LOOKING else module.RECIPES)


def has_streams(recipe: Any, table: Any) -> bool:
    """Whether the table has at least one of the streams that a recipe reads."""
    streams = getattr(recipe.config, "streams", ())
    return not streams or any(name in table.streams for name in streams)


def inputs_of(recipe: Any, table: Any) -> list[str]:
    """Name what a variant's network reads; streams that the table lacks are left out."""
    members = getattr(recipe.config, "members", ())
    configs = [recipe.recipes[name].config for name in members] or [recipe.config]
    lacking = {*SOURCES, "video", "audio"} - set(table.streams)
    names = dict.fromkeys(name for config in configs for name in config.reads)
    return [name for name in names if name not in lacking]


def knobs_for(recipe: Any, preset: str, given: Mapping[str, object]) -> dict[str, object]:
    """Give what is turned for one recipe: the preset's knobs, then the user's that it has."""
    small = dict(getattr(recipe, "small", {})) if preset == DEMONSTRATION else {}
    known = knob_names(recipe)
    if preset == DEMONSTRATION and "checkpoint_every_epochs" in known:
        small = {"checkpoint_every_epochs": SHORT_EPOCHS, **small}
    return small | {name: value for name, value in given.items() if name in known}


def knob_names(recipe: Any) -> set[str]:
    """Name the knobs of a recipe's config and of its schedule."""
    config = recipe.config
    schedule = getattr(config, "schedule", None)
    inner = {field.name for field in fields(schedule)} if is_dataclass(schedule) else set()
    return {field.name for field in fields(config)} | inner


def _load_weights(workplace: Workplace, name: str):
    """Give pretrained parameters of a network by its name, or None where no place has them.

    Such a network begins at random, is labelled so, and learns here all that it knows.
    """
    from pipeline.models.networks.pixel_trunks import Pretrained
    from resources.compute.weights import find_parameters

    found = find_parameters(name, weights_folder=workplace.weights_folder)
    return Pretrained(*found) if found else None
