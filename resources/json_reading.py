"""Reads a body that should be a JSON object from a host that may send anything.

What belongs here: text to values. What does not: what the values mean.
"""

import json

from pipeline.errors import FetchError
from pipeline.outcomes import Reason

MAX_JSON_DEPTH = 64
"""Objects and lists inside each other; TMDB's deepest answer has 6."""


def read_json(body: bytes, where: str) -> dict:
    """Read a JSON object.

    Args:
        body: UTF-8.
        where: What was asked for, for the message.

    Raises:
        FetchError: `WRONG_TYPE` where it is a page, `MALFORMED` where it is not JSON, not UTF-8,
            not an object, or nested too deeply.

    Example:
        >>> read_json(b'{"id": 597}', "/movie/597")
        {'id': 597}
    """
    if body.lstrip()[:1] == b"<":
        raise FetchError(Reason.WRONG_TYPE, f"JSON was wanted and a page came at {where}")
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise FetchError(Reason.MALFORMED, f"not UTF-8 at byte {error.start} at {where}") from None
    except RecursionError:
        raise FetchError(Reason.MALFORMED, f"JSON nested too deeply at {where}") from None
    except ValueError:  # not JSON, or a number of thousands of digits
        raise FetchError(
            Reason.MALFORMED, f"JSON was wanted and {len(body)} other bytes came at {where}"
        ) from None
    if not isinstance(value, dict):
        raise FetchError(Reason.MALFORMED, f"a JSON object was wanted at {where}")
    _check_depth(value, where)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_depth(value: dict, where: str) -> None:
    """Walk level by level, so that the check itself needs no recursion."""
    level = [value]
    for _ in range(MAX_JSON_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise FetchError(Reason.MALFORMED, f"JSON nested more than {MAX_JSON_DEPTH} deep at {where}")
