"""The hyperparameters of trainings, as Dagster shows them.

A hyperparameter that is left alone keeps the value that the variant was published with, or, on the
small
preset, the one that makes a demonstration short; so every default here is None.
"""

from collections.abc import Mapping

import dagster as dg
from pydantic import Field

ALONE = "None: as the variant was published."


def _hyperparameter(description: str) -> object:
    return Field(None, description=f"{description} {ALONE}")


class Hyperparameters(dg.Config):
    """Hyperparameters that the trainings of every system have."""

    seed: int = Field(42, description="Of weights, dropout and the order of films.")
    variants: list[str] = Field(
        default_factory=list, description="Only these variants; empty: those of the preset."
    )
    learning_rate: float | None = _hyperparameter("Of the optimizer.")
    weight_decay: float | None = _hyperparameter("Of the optimizer.")
    max_epochs: int | None = _hyperparameter("Most passes over the training part.")
    patience: int | None = _hyperparameter(
        "Epochs without a better validation loss until it stops."
    )
    batch_size: int | None = _hyperparameter("Films in one step.")
    checkpoint_every_steps: int | None = _hyperparameter(
        "A kill costs at most so many steps; 0: an epoch."
    )


class BoxOfficeHyperparameters(Hyperparameters):
    """Hyperparameters of `box_office`'s trainings and of its encoder."""

    width: int | None = _hyperparameter("Of the encoder.")
    layers: int | None = _hyperparameter("Of the encoder.")
    heads: int | None = _hyperparameter("Of the encoder's attention.")
    feedforward: int | None = _hyperparameter("Width between the encoder's layers.")
    dropout: float | None = _hyperparameter("Inside the encoder and on tokens.")
    pretraining_epochs: int | None = _hyperparameter("Most passes of each step of pretraining.")


class RevenueHyperparameters(Hyperparameters):
    """Hyperparameters of `revenue`'s trainings."""

    dropout: float | None = _hyperparameter("After each hidden layer.")
    weigh_classes: bool | None = _hyperparameter("Whether rare classes count more.")
    extra_weight: float | None = _hyperparameter(
        "How much each further head counts beside the class."
    )


class GenreHyperparameters(Hyperparameters):
    """Hyperparameters of `genre`'s trainings."""

    dropout: float | None = _hyperparameter("Inside the block.")
    window_clips: int | None = _hyperparameter(
        "Clips in a row that an epoch sees of a longer trailer."
    )


class PosterHyperparameters(Hyperparameters):
    """Hyperparameters of `poster`'s trainings."""

    input_px: int | None = _hyperparameter("Side of the square that the network looks at.")
    width: int | None = _hyperparameter(
        "Channels of the first stage; below 64 no pretrained weights fit."
    )
    weigh_classes: bool | None = _hyperparameter("Whether rare classes count more.")


class ScoreHyperparameters(Hyperparameters):
    """Hyperparameters of `score`'s trainings."""

    input_px: int | None = _hyperparameter("Side of a frame.")
    width: int | None = _hyperparameter(
        "Channels of the first stage; below 64 no pretrained weights fit."
    )
    noise: float | None = _hyperparameter("Standard deviation of the noise on training frames.")
    loss: str | None = _hyperparameter('"mse" or "mae".')
    chooses_anew: bool | None = _hyperparameter("Whether each step chooses its frames anew.")
    shuffles_order: bool | None = _hyperparameter("Whether training frames stand in any order.")


def turned(config: Hyperparameters) -> dict[str, object]:
    """Return the hyperparameters that were turned."""
    return {
        name: value
        for name, value in config.model_dump().items()
        if value is not None and name not in ("seed", "variants")
    }


HYPERPARAMETERS: Mapping[str, type[Hyperparameters]] = {
    "box_office": BoxOfficeHyperparameters,
    "revenue": RevenueHyperparameters,
    "genre": GenreHyperparameters,
    "poster": PosterHyperparameters,
    "score": ScoreHyperparameters,
}
"""By system."""
