"""The knobs of trainings, as Dagster shows them.

A knob that is left alone keeps the value that the variant was published with, or, on the small
preset, the one that makes a demonstration short; so every default here is None.
"""

from collections.abc import Mapping

import dagster as dg
from pydantic import Field

ALONE = "None: as the variant was published."


def _knob(description: str) -> object:
    return Field(None, description=f"{description} {ALONE}")


class Knobs(dg.Config):
    """Knobs that the trainings of every system have."""

    seed: int = Field(42, description="Of weights, dropout and the order of films.")
    variants: list[str] = Field(
        default_factory=list, description="Only these variants; empty: those of the preset."
    )
    learning_rate: float | None = _knob("Of the optimizer.")
    weight_decay: float | None = _knob("Of the optimizer.")
    max_epochs: int | None = _knob("Most passes over the training part.")
    patience: int | None = _knob("Epochs without a better validation loss until it stops.")
    batch_size: int | None = _knob("Films in one step.")
    checkpoint_every_steps: int | None = _knob("A kill costs at most so many steps; 0: an epoch.")


class BoxOfficeKnobs(Knobs):
    """Knobs of `box_office`'s trainings and of its encoder."""

    width: int | None = _knob("Of the encoder.")
    layers: int | None = _knob("Of the encoder.")
    heads: int | None = _knob("Of the encoder's attention.")
    feedforward: int | None = _knob("Width between the encoder's layers.")
    dropout: float | None = _knob("Inside the encoder and on tokens.")
    pretraining_epochs: int | None = _knob("Most passes of each step of pretraining.")


class RevenueKnobs(Knobs):
    """Knobs of `revenue`'s trainings."""

    dropout: float | None = _knob("After each hidden layer.")
    weigh_classes: bool | None = _knob("Whether rare classes count more.")
    extra_weight: float | None = _knob("How much each further head counts beside the class.")


class GenreKnobs(Knobs):
    """Knobs of `genre`'s trainings."""

    dropout: float | None = _knob("Inside the block.")
    window_clips: int | None = _knob("Clips in a row that an epoch sees of a longer trailer.")


class PosterKnobs(Knobs):
    """Knobs of `poster`'s trainings."""

    input_px: int | None = _knob("Side of the square that the network looks at.")
    width: int | None = _knob("Channels of the first stage; below 64 no pretrained weights fit.")
    weigh_classes: bool | None = _knob("Whether rare classes count more.")


class ScoreKnobs(Knobs):
    """Knobs of `score`'s trainings."""

    input_px: int | None = _knob("Side of a frame.")
    width: int | None = _knob("Channels of the first stage; below 64 no pretrained weights fit.")
    noise: float | None = _knob("Standard deviation of the noise on training frames.")
    loss: str | None = _knob('"mse" or "mae".')
    chooses_anew: bool | None = _knob("Whether each step chooses its frames anew.")
    shuffles_order: bool | None = _knob("Whether training frames stand in any order.")


def turned(config: Knobs) -> dict[str, object]:
    """Give the knobs that were turned."""
    return {
        name: value
        for name, value in config.model_dump().items()
        if value is not None and name not in ("seed", "variants")
    }


KNOBS: Mapping[str, type[Knobs]] = {
    "box_office": BoxOfficeKnobs,
    "revenue": RevenueKnobs,
    "genre": GenreKnobs,
    "poster": PosterKnobs,
    "score": ScoreKnobs,
}
"""By system."""
