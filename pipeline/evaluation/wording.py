"""How reports, cards and the terminal write figures, and name what results are stored under."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.evaluation.metrics.metric_names import COVERED, LEAST_MOVIES

OUTCOME_WORDS = {
    "better": "beats",
    "worse": "loses to",
    "open": "no significant difference",
    "": "–",
}
"""The stored outcomes of comparisons; an empty one: there is nothing to compare with."""

KIND_WORDS = {"model": "model", "baseline": "baseline", "limit": "Bayes-optimal reference"}
"""The stored kinds of results."""

_VARIANT_WORDS = {
    "prior draw": "stratified random baseline",
    "reachable limit": "noise ceiling of one draw",
    "seed streams": "original modalities",
    "all streams": "all modalities",
}
"""Names that models, baselines and evaluations are stored under, where the field has others."""


def variant_title(variant: str) -> str:
    """Return the name of a variant in reports.

    Example:
        >>> variant_title("prior draw"), variant_title("boosting on metadata")
        ('stratified random baseline', 'gradient boosting on metadata')
    """
    if variant.startswith("boosting"):
        return f"gradient {variant}"
    return _VARIANT_WORDS.get(variant, variant)


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural.

    Example:
        >>> count_of(1, "test film"), count_of(95, "test film")
        ('1 test film', '95 test films')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def describe_coverage_by_segment(rows: Sequence[Mapping[str, Any]]) -> str:
    """Describe in how many segments the intervals cover what they shall, and name the others.

    Args:
        rows: As `pipeline.evaluation.metrics.segment_errors.score_segments` returns them, as JSON.
    """
    large = [row for row in rows if row["movies"] >= LEAST_MOVIES]
    off = [row for row in large if row["is_off"]]
    low, high = (f"{round(100 * share)} %" for share in COVERED)
    named = ", ".join(
        f"{row['grouping']} {row['group']} "
        f"({format_figure(row['interval_coverage_score']['estimate'])})"
        for row in off
    )
    outside = f" Outside: {named}." if off else ""
    return (
        f"In {len(large) - len(off)} of {len(large)} segments of at least {LEAST_MOVIES} films "
        f"they cover {low} to {high}.{outside}"
    )


def format_figure(value: float | None, digits: int = 3) -> str:
    """Format a figure; a dash where there is none.

    Example:
        >>> format_figure(0.12345), format_figure(-0.00001), format_figure(None)
        ('0.123', '0.000', '–')
    """
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def format_signed(value: float | None, digits: int = 3) -> str:
    """Format a difference with its sign."""
    return "–" if value is None else f"{value + 0.0:+.{digits}f}".replace("-", "−")


def format_p(value: float | None) -> str:
    """Format a p-value.

    Example:
        >>> format_p(0.0314), format_p(1e-9), format_p(None)
        ('0.031', '< 0.001', '–')
    """
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def format_count(value: float | None) -> str:
    """Format a large count with commas; a dash where there is none.

    Example:
        >>> format_count(12345678), format_count(None)
        ('12,345,678', '–')
    """
    return "–" if value is None else f"{value:,.0f}"


def format_duration(seconds: float | None) -> str:
    """Format a duration in a fitting unit.

    Example:
        >>> [format_duration(s) for s in (0.25, 100, 600, 9000, None)]
        ['0.2 s', '100 s', '10 min', '2.5 h', '–']
    """
    if seconds is None:
        return "–"
    for limit, size, unit in ((10, 1, "s"), (120, 1, "s"), (6000, 60, "min")):
        if seconds < limit:
            digits = 1 if limit == 10 else 0
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds / 3600:.1f} h"
