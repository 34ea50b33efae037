"""Differences between recomputed and stored scores, to the last digit."""

import math
from collections.abc import Iterator, Mapping

from pipeline.evaluation.report.result_json import JsonValue, as_json


def list_differences(recomputed: object, stored: object) -> list[str]:
    """Compare two trees of scores without any tolerance.

    Args:
        recomputed: Mappings, sequences, numbers, texts, arrays, or dataclasses such as
            `pipeline.evaluation.metrics.intervals.Interval`; NaN counts as null, as in JSON.
        stored: The same, as read from JSON.

    Returns:
        A line per difference, with its place and both values; empty where all are equal.

    Example:
        >>> list_differences({"mae_error": {"estimate": 0.5}}, {"mae_error": {"estimate": 0.25}})
        ['mae_error, estimate: recomputed 0.5, stored 0.25 (+0.25)']
        >>> list_differences({"a": float("nan")}, {"a": None})
        []
    """
    now, before = dict(_flatten("", as_json(recomputed))), dict(_flatten("", as_json(stored)))
    lines: list[str] = []
    for place in dict.fromkeys([*before, *now]):
        if place not in now:
            lines.append(f"{place}: stored, but not recomputed")
        elif place not in before:
            lines.append(f"{place}: recomputed, but not stored")
        elif not _is_same(now[place], before[place]):
            gap = _gap(now[place], before[place])
            lines.append(f"{place}: recomputed {now[place]!r}, stored {before[place]!r}{gap}")
    return lines


def _flatten(place: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    items = enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, Mapping):
        items = value.items()
    elif not isinstance(value, list):
        yield place, value
    for key, item in items:
        yield from _flatten(f"{place}, {key}" if place else str(key), item)


def _is_same(one: JsonValue, other: JsonValue) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _gap(one: JsonValue, other: JsonValue) -> str:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return f" ({one - other:+.3g})" if math.isfinite(one - other) else ""
    return ""
