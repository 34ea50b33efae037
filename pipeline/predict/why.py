"""What moved an answer, in values that people and programs read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.predict.part_effects import Effects
from pipeline.predict.parts import Part

if TYPE_CHECKING:
    from pipeline.predict.predictions import Prediction

INPUTS = "inputs"
PARTS = ("plot", "poster", "trailer")
"""Inputs that can be divided: into words, areas and frames."""

_DIGITS = 6


@dataclass(frozen=True)
class PartEffect:
    """What one part does to an answer.

    Attributes:
        part, place: See `pipeline.predict.parts.Part`.
        effect: The answer minus the answer without it, in the unit of `Why`; None where there is
            no answer without it.
    """

    part: str
    place: tuple[float, ...]
    effect: float | None


@dataclass(frozen=True)
class Why:
    """What moved an answer.

    Attributes:
        unit: Of the effects: that of the number, or "probability of <class>".
        parts: In their order in the input.
        agreement: Rank correlation of the effects with those among random halves of the parts;
            None where fewer than three parts have an effect.
        is_stable: Whether the order of the effects can be relied on.
        note: Why not; "" where it can.
    """

    unit: str
    parts: tuple[PartEffect, ...]
    agreement: float | None
    is_stable: bool
    note: str


def make_why(
    name: str, prediction: "Prediction", parts: Sequence[Part], effects: Effects
) -> dict[str, Why]:
    """Describe effects by the input's name; nothing where none of the parts has one."""
    values = np.round(effects.values, _DIGITS)
    if not np.nan_to_num(values).any():
        return {}
    listed = tuple(
        PartEffect(part.name, part.place, None if np.isnan(value) else float(value))
        for part, value in zip(parts, values, strict=True)
    )
    agreement = None if effects.agreement is None else round(effects.agreement, 3)
    note = "" if effects.is_stable else _describe_disagreement(agreement)
    return {name: Why(_unit_of(prediction), listed, agreement, effects.is_stable, note)}


def remark_on_parts(predictions: Sequence["Prediction"], wanted: Sequence[str]) -> tuple[str, ...]:
    """Name the wanted inputs of which no part moves any answer, in sentences for people."""
    return tuple(
        f"{name}: no part of it moves an answer; it is not given, or none of these models reads it."
        for name in dict.fromkeys(wanted)
        if not any(name in one.why for one in predictions)
    )


def _unit_of(prediction: "Prediction") -> str:
    answer = prediction.answer
    assert answer is not None  # there is nothing to explain without one
    return answer.number.unit if answer.number else f"probability of {answer.most_likely}"


def _describe_disagreement(agreement: float | None) -> str:
    return (
        "Do not rely on this order: hidden in random halves, the parts rank differently "
        f"(rank correlation {agreement:.2f})."
    )
