"""Whether freshly computed scores are those that were kept, to the last digit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from pipeline.evaluation.report.result_json import plain


def compare_exactly(fresh: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """Compare two trees of figures; no tolerance, and nothing may be on one side alone.

    Args:
        fresh: Computed now: mappings, sequences, numbers, texts, arrays, or dataclasses such as
            `pipeline.evaluation.metrics.intervals.Interval`. A number that is none counts as null,
            as it
            is written to JSON.
        kept: The same, as read back from JSON.

    Returns:
        A line per difference, naming the place and both values; empty where all is equal.

    Example:
        >>> compare_exactly({"mae_error": {"estimate": 0.5}}, {"mae_error": {"estimate": 0.25}})
        ['mae_error, estimate: now 0.5, kept 0.25 (+0.25)']
        >>> compare_exactly({"a": float("nan")}, {"a": None})
        []
    """
    return list(_differ((), _open(fresh), _open(kept)))


def _open(value: Any) -> Any:
    """Turn dataclasses into mappings, all else into JSON values."""
    if isinstance(value, Mapping):
        return {str(key): _open(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    return plain(value)


def _differ(place: tuple[str, ...], fresh: Any, kept: Any) -> Iterator[str]:
    if isinstance(fresh, Mapping) and isinstance(kept, Mapping):
        yield from _differ_in_names(place, fresh, kept)
    elif isinstance(fresh, list) and isinstance(kept, list) and len(fresh) == len(kept):
        for k, (one, other) in enumerate(zip(fresh, kept, strict=True)):
            yield from _differ((*place, str(k)), one, other)
    elif not _is_same(fresh, kept):
        where = ", ".join(place) or "all"
        yield f"{where}: now {_say(fresh)}, kept {_say(kept)}{_gap(fresh, kept)}"


def _differ_in_names(
    place: tuple[str, ...], fresh: Mapping[str, Any], kept: Mapping[str, Any]
) -> Iterator[str]:
    for name in dict.fromkeys([*kept, *fresh]):
        if name not in fresh:
            yield f"{', '.join((*place, name))}: kept, but not computed now"
        elif name not in kept:
            yield f"{', '.join((*place, name))}: computed now, but not kept"
        else:
            yield from _differ((*place, name), fresh[name], kept[name])


def _is_same(fresh: Any, kept: Any) -> bool:
    if isinstance(fresh, bool) or isinstance(kept, bool):
        return fresh is kept
    return fresh == kept


def _say(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "some values" if isinstance(value, Mapping) else repr(value)


def _gap(fresh: Any, kept: Any) -> str:
    numbers = all(isinstance(v, int | float) and math.isfinite(v) for v in (fresh, kept))
    return f" ({fresh - kept:+.3g})" if numbers else ""
