"""The parts of a plot and of a poster that can be hidden."""

import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

MOST_WORD_GROUPS = 24
"""A longer plot is hidden in groups of neighbouring words."""

POSTER_ROWS, POSTER_COLUMNS = 4, 3

_LONGEST_SIDE_PX = 672
"""Posters are hidden at this size: twice what the networks see, and quickly encoded."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Part:
    """A part of an input.

    Attributes:
        name: For people.
        place: Of words, the first and the last character plus one; of an area, left, top, right
            and bottom as shares of the sides; of a frame, its number.
    """

    name: str
    place: tuple[float, ...]


def group_words(text: str) -> list[Part]:
    """Divide a text into words, or groups of neighbouring words where there are many.

    Example:
        >>> [part.name for part in group_words("A thief  robs.")]
        ['A', 'thief', 'robs.']
    """
    words = list(_WORD.finditer(text))
    groups = np.array_split(np.arange(len(words)), min(len(words), MOST_WORD_GROUPS) or 1)
    spans = [(words[group[0]].start(), words[group[-1]].end()) for group in groups if group.size]
    return [Part(" ".join(text[start:end].split()), (start, end)) for start, end in spans]


def keep_words(text: str, parts: list[Part], kept: np.ndarray) -> str:
    """Return the text of some parts, in their order.

    Example:
        >>> keep_words("A thief robs.", group_words("A thief robs."), np.array([True, False, True]))
        'A robs.'
    """
    return " ".join(
        text[int(part.place[0]) : int(part.place[1])]
        for part, is_kept in zip(parts, kept, strict=True)
        if is_kept
    )


def divide_poster() -> list[Part]:
    """Divide a poster into areas, row by row."""
    return [
        Part(
            f"row {row + 1} of {POSTER_ROWS}, column {column + 1} of {POSTER_COLUMNS}",
            (
                column / POSTER_COLUMNS, row / POSTER_ROWS,
                (column + 1) / POSTER_COLUMNS, (row + 1) / POSTER_ROWS,
            ),
        )
        for row in range(POSTER_ROWS)
        for column in range(POSTER_COLUMNS)
    ]  # fmt: skip


def keep_areas(pixels: np.ndarray, parts: list[Part], kept: np.ndarray) -> np.ndarray:
    """Return a poster of which the other areas have its mean colour.

    Args:
        pixels: uint8 RGB, shape (height, width, 3).
        parts: As `divide_poster` returns them.
        kept: bool (parts,).
    """
    height, width = pixels.shape[:2]
    hidden, colour = pixels.copy(), pixels.reshape(-1, 3).mean(axis=0).astype(np.uint8)
    for part, is_kept in zip(parts, kept, strict=True):
        if not is_kept:
            left, top, right, bottom = part.place
            rows = slice(round(top * height), round(bottom * height))
            hidden[rows, round(left * width) : round(right * width)] = colour
    return hidden


def shrink(pixels: np.ndarray) -> np.ndarray:
    """Return a picture whose longer side is at most `_LONGEST_SIDE_PX`."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
    return np.asarray(picture)


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode a picture without loss."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()
