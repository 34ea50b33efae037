"""Hyperparameters, as Dagster shows them.

A field that is left alone keeps the value that the variant was published with, or, on the small
preset, the one that makes a demonstration short; so every default here is None.
"""

from typing import Any

import dagster as dg
from pydantic import Field, create_model

from pipeline.models.systems.system import System

ALONE = "None: as the variant was published."


def _hyperparameter(description: str) -> Any:
    return Field(None, description=f"{description} {ALONE}")


class Hyperparameters(dg.Config):
    """Hyperparameters of every system."""

    seed: int = Field(42, description="Of weights, dropout and the order of movies.")
    variants: list[str] = Field(
        default_factory=list, description="Only these variants; empty: those of the preset."
    )
    learning_rate: float | None = _hyperparameter("Of the optimizer.")
    weight_decay: float | None = _hyperparameter("Of the optimizer.")
    max_epochs: int | None = _hyperparameter("Most passes over the training set.")
    patience: int | None = _hyperparameter(
        "Epochs without a better validation loss until it stops."
    )
    batch_size: int | None = _hyperparameter("Movies in one step.")
    checkpoint_every_steps: int | None = _hyperparameter(
        "A kill costs at most so many steps; 0: an epoch."
    )

    def overridden(self) -> dict[str, object]:
        """Return the hyperparameters that were set."""
        given = self.model_dump(exclude_none=True)
        return {name: given[name] for name in given if name not in ("seed", "variants")}


def config_of(system: System) -> type[Hyperparameters]:
    """Return the launch config of a system's experiments: those of every system and its own."""
    own: dict[str, Any] = {
        one.name: (one.type | None, _hyperparameter(one.description))
        for one in system.hyperparameters
    }
    name = "".join(word.title() for word in system.name.split("_"))
    return create_model(f"{name}Hyperparameters", __base__=Hyperparameters, **own)
