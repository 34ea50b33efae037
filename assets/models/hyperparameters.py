"""Hyperparameters, as Dagster's launch form shows them.

The form shows what holds for a system's main variant. A field that is left as shown leaves every
variant its own value: the published one or, on the small preset, the one that makes a
demonstration short. Loading the definitions must not import torch, so the figures stand in
`hyperparameters.json`, which `tests/unit/models/test_hyperparameters.py` writes and checks.
"""

import json
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from pydantic import Field, create_model

from pipeline.models.systems.system import Hyperparameter, System
from resources.settings import choose_preset, read_environment

FIGURES_FILE = Path(__file__).with_suffix(".json")

COMMON = (
    Hyperparameter("learning_rate", float, "Of the optimizer.", least=1e-8, most=10),
    Hyperparameter("weight_decay", float, "Of the optimizer.", least=0, most=10),
    Hyperparameter("max_epochs", int, "Most passes over the training set.", least=1, most=100_000),
    Hyperparameter(
        "patience", int, "Epochs without a better validation loss until it stops.", least=0
    ),
    Hyperparameter("batch_size", int, "Movies in one step.", least=1, most=65_536),
    Hyperparameter(
        "checkpoint_every_steps", int, "A kill costs at most so many steps; 0: an epoch.", least=0
    ),
)
"""Hyperparameters of every system."""


class Hyperparameters(dg.Config):
    """The launch form of every system's experiments."""

    seed: int = Field(42, ge=0, lt=2**32, description="Of weights, dropout and order of movies.")
    variants: list[str] = Field([], description="Only these variants; empty: those of the preset.")

    def chosen_variants(self) -> list[str]:
        """Return the variants that were chosen; none where the form was left as shown."""
        names = [one.value if isinstance(one, Enum) else one for one in self.variants]
        return [] if names == type(self).model_fields["variants"].default else names

    def overridden(self) -> dict[str, object]:
        """Return the hyperparameters that differ from the form as it is shown."""
        fields, given = type(self).model_fields, self.model_dump(exclude={"seed", "variants"})
        return {name: value for name, value in given.items() if value != fields[name].default}


def config_of(system: System) -> type[Hyperparameters]:
    """Return the launch form of a system's experiments: the fields of every system and its own."""
    figures, preset = read_figures().get(system.name, {}), _preset_in_force()
    shown: Mapping[str, Any] = figures.get(preset, {})
    fields = {one.name: _field(one, shown.get(one.name)) for one in _all_of(system)}
    name = "".join(word.title() for word in system.name.split("_"))
    if variants := figures.get("variants"):
        in_preset = list(system.small_variants) if preset == "small" else []
        fields["variants"] = _variants_field(variants, in_preset or variants)
    return create_model(f"{name}Hyperparameters", __base__=Hyperparameters, **fields)


@cache
def read_figures() -> Mapping[str, Mapping[str, Any]]:
    """Read, by system, its variants and what holds for each preset; none of a new system."""
    return json.loads(FIGURES_FILE.read_text(encoding="utf-8"))


def list_figures(system: System) -> dict[str, Any]:
    """List what `hyperparameters.json` holds of a system; it imports torch."""
    from pipeline.models.training.estimator import Estimator

    estimators: Mapping[str, Estimator] = system.estimators()
    figures: dict[str, Any] = {"variants": list(estimators)}
    for preset in ("published", "small"):
        found = {
            one.name: _value_in_force(list(estimators.values()), one.name, preset)
            for one in _all_of(system)
        }
        figures[preset] = {name: value for name, value in found.items() if value is not None}
    return figures


def _value_in_force(estimators: list[Any], name: str, preset: str) -> object:
    """Return the value of the first variant that has the hyperparameter; the main one is first."""
    for estimator in estimators:
        schedule = getattr(estimator.config, "schedule", None)
        for place in (estimator.config, schedule):
            if hasattr(place, name):
                published = getattr(place, name)
                return estimator.small.get(name, published) if preset == "small" else published
    return None


def _all_of(system: System) -> list[Hyperparameter]:
    return [*COMMON, *system.hyperparameters]


def _preset_in_force() -> str:
    return choose_preset(read_environment().preset).hyperparameters


def _field(one: Hyperparameter, shown: object) -> Any:
    """Return a field and its type; unknown figures, of a new system, are shown as nothing."""
    kind: Any = Literal[one.choices] if one.choices and shown is not None else one.type
    as_shown = "As shown: every variant's own value."
    field = Field(shown, ge=one.least, le=one.most, description=f"{one.description} {as_shown}")
    return (kind if shown is not None else kind | None, field)


def _variants_field(known: list[str], in_preset: list[str]) -> Any:
    """Return the field of the variants; Dagster's message names the enum, so it lists them."""
    listed = "\n".join(f"- {name}" for name in known)
    enum: Any = Enum(f"one of\n{listed}\n", {name: name for name in known}, type=str)
    described = f"Only these variants; as shown: those of the preset.\n\n{listed}"
    return list[enum], Field(in_preset, description=described)
