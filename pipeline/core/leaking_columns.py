"""Check that no input column is known only after release."""

import re
from collections.abc import Iterable

from pipeline.core.errors import LeakError

_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LEAK = re.compile(
    r"popularity|revenue|gross|box_?office|(?<![a-z])vot(e|er|ing)s?(?![a-z])"
    r"|(?<![a-z])(rating|score|opening|earning|profit|award|oscar|review|admission|roi|metascore)s?"
    r"(?![a-z])"
)
"""What is known only after release, in names written with underscores.

Source: rules for all five systems, rule 3 (`popularity`, votes, ratings and gross).
"""


def check_no_leak(columns: Iterable[str]) -> None:
    """Raise an error where a column is known only after release.

    Args:
        columns: Names of input columns or modalities, in any spelling (`vote_average`,
            `voteAverage`, `Box Office`).

    Raises:
        LeakError: At least one name is of popularity, votes, ratings or revenue.

    Example:
        >>> check_no_leak(["log10_budget", "certification_pg_13", "keyword:operating room"])
        >>> check_no_leak(["runtime_min", "Gross Worldwide"])
        Traceback (most recent call last):
        ...
        pipeline.core.errors.LeakError: inputs must be known before release, but these are not: \
'Gross Worldwide'; take them out of the inputs
    """
    leaks = [name for name in columns if _LEAK.search(_plain(name))]
    if leaks:
        listed = ", ".join(repr(name) for name in leaks)
        raise LeakError(
            f"inputs must be known before release, but these are not: {listed}; "
            "take them out of the inputs"
        )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", _WORD_BREAK.sub("_", name).lower())
