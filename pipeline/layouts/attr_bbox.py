"""Parse and format the objects of a poster in reference implementation 000's text format.

An object has four lines: attributes and its name, one confidence per attribute, the object's
confidence, and its box `[x1, y1, x2, y2]` in pixels of a 400x600 poster.

Source: reference implementation 000, "Poster High-level features".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.core.errors import DumpError

LINES_PER_REGION = 4

_NUMBER = r"-?[0-9]{1,12}(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,3})?"
_NUMBERS = re.compile(rf"{_NUMBER}(?:,{_NUMBER})*")
_BOX = re.compile(rf"\[({_NUMBER}), ({_NUMBER}), ({_NUMBER}), ({_NUMBER})\]")
_NAME = re.compile(r"[^\x00-\x1f\x7f,]+")


class WrittenFloat(float):
    """A number that is formatted as it was parsed: `0.10` stays `0.10`.

    Example:
        >>> WrittenFloat("0.10") == 0.1, str(WrittenFloat("0.10"))
        (True, '0.10')
    """

    text: str

    def __new__(cls, text: str) -> "WrittenFloat":
        """Parse the number, and keep its text."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@dataclass(frozen=True)
class Region:
    """One object on a poster.

    Attributes:
        name: Name of its class.
        confidence: Confidence of the detection, in [0, 1].
        box_px: x1, y1, x2, y2 in pixels of a 400x600 poster.
        attributes: Its attributes, with a confidence in [0, 1] each.
    """

    name: str
    confidence: float
    box_px: tuple[float, float, float, float]
    attributes: tuple[tuple[str, float], ...] = ()


def parse_attr_bbox(text: str) -> list[Region]:
    r"""Parse the regions of one poster.

    Raises:
        DumpError: A line is malformed; the message contains its number and the problem.

    Example:
        >>> text = "gold,earring\n0.1127\n0.9832\n[231.6, 123.3, 244.4, 164.3]\n"
        >>> region = parse_attr_bbox(text)[0]
        >>> region.name, region.attributes, region.box_px[0]
        ('earring', (('gold', 0.1127),), 231.6)
        >>> format_attr_bbox([region]) == text
        True
    """
    if not text:
        return []
    if not text.endswith("\n"):
        raise DumpError(f"line {text.count(chr(10)) + 1} has no line end: the file is truncated")
    lines = text[:-1].split("\n")
    if len(lines) % LINES_PER_REGION:
        raise DumpError(f"{len(lines)} lines are no multiple of {LINES_PER_REGION}")
    return [
        _region(lines[start : start + LINES_PER_REGION], start + 1)
        for start in range(0, len(lines), LINES_PER_REGION)
    ]


def format_attr_bbox(regions: Iterable[Region]) -> str:
    """Format regions as `parse_attr_bbox` parses them.

    Raises:
        ValueError: A name holds a comma or a line's end.
    """
    return "".join(_format(region) for region in regions)


def _format(region: Region) -> str:
    names = [name for name, _ in region.attributes] + [region.name]
    if not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(f"names of a region must hold neither commas nor line ends: {names}")
    confidences = ",".join(str(confidence) for _, confidence in region.attributes)
    box = ", ".join(str(side) for side in region.box_px)
    return f"{','.join(names)}\n{confidences}\n{region.confidence!s}\n[{box}]\n"


def _region(lines: list[str], first: int) -> Region:
    *attributes, name = lines[0].split(",")
    for text in (*attributes, name):
        if not _NAME.fullmatch(text):
            raise DumpError(f"line {first}: an empty or unprintable name in {lines[0][:60]!r}")
    confidences = _confidences(lines[1], first + 1)
    if len(confidences) != len(attributes):
        raise DumpError(
            f"line {first + 1}: {len(confidences)} confidences for {len(attributes)} attributes"
        )
    certainty = _confidences(lines[2], first + 2)
    if len(certainty) != 1:
        raise DumpError(f"line {first + 2}: expected one confidence, got {lines[2][:60]!r}")
    pairs = tuple(zip(attributes, confidences, strict=True))
    return Region(name, certainty[0], _box(lines[3], first + 3), pairs)


def _confidences(line: str, number: int) -> list[WrittenFloat]:
    if not line:
        return []
    if not _NUMBERS.fullmatch(line):
        raise DumpError(f"line {number}: expected confidences, got {line[:60]!r}")
    found = [WrittenFloat(text) for text in line.split(",")]
    if not all(0 <= confidence <= 1 for confidence in found):
        raise DumpError(f"line {number}: a confidence outside 0 to 1 in {line[:60]!r}")
    return found


def _box(line: str, number: int) -> tuple[float, float, float, float]:
    found = _BOX.fullmatch(line)
    if not found:
        raise DumpError(f"line {number}: expected [x1, y1, x2, y2], got {line[:60]!r}")
    x1, y1, x2, y2 = (WrittenFloat(text) for text in found.groups())
    if not (float("-inf") < x1 <= x2 < float("inf") and float("-inf") < y1 <= y2 < float("inf")):
        raise DumpError(f"line {number}: the box {line[:60]} is empty")
    return (x1, y1, x2, y2)
