"""Figures as people read them: on pages, cards and in a terminal."""


def format_figure(value: float | None, digits: int = 3) -> str:
    """Write a figure; a dash where there is none.

    Example:
        >>> format_figure(0.12345), format_figure(None)
        ('0.123', '–')
    """
    return "–" if value is None else f"{value + 0.0:.{digits}f}".replace("-", "−")


def format_signed(value: float | None, digits: int = 3) -> str:
    """Write a difference with its sign."""
    return "–" if value is None else f"{value + 0.0:+.{digits}f}".replace("-", "−")


def format_p(value: float | None) -> str:
    """Write a p-value.

    Example:
        >>> format_p(0.0314), format_p(1e-9), format_p(None)
        ('0.031', '< 0.001', '–')
    """
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def format_count(value: float | None) -> str:
    """Write a large count with commas; a dash where there is none.

    Example:
        >>> format_count(12345678), format_count(None)
        ('12,345,678', '–')
    """
    return "–" if value is None else f"{value:,.0f}"


def format_duration(seconds: float | None) -> str:
    """Write a duration in the unit that fits.

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
