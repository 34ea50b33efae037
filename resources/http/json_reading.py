"""Parse a body that should be a JSON object, from a host that may send anything."""

import json
import math
import re
from typing import NoReturn

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason

MAX_JSON_DEPTH = 64
"""Objects and lists inside each other; TMDB's deepest response has 6."""

MAX_DIGITS = 19
"""Digits of a whole number: 64 bits. No id, date or amount of money is longer."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(body: bytes, where: str) -> dict:
    """Read a JSON object that can be written again: finite numbers, and text that is UTF-8.

    Half of a surrogate pair becomes "?", as in `pipeline.crawl.json_values`: a broken emoji loses
    no movie. Of a name that comes twice the last one counts.

    Args:
        body: UTF-8.
        where: What was requested, for the message.

    Raises:
        FetchError: `WRONG_TYPE` where it is a page, `MALFORMED` where it is not JSON, not UTF-8,
            not an object, nested too deeply, or holds a number beyond all bounds.

    Example:
        >>> read_json(b'{"id": 597}', "/movie/597")
        {'id': 597}
    """
    if body.lstrip()[:1] == b"<":
        raise FetchError(Reason.WRONG_TYPE, f"expected JSON, got a page at {where}")
    try:
        value = _load(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FetchError(Reason.MALFORMED, f"not UTF-8 at byte {error.start} at {where}") from None
    except RecursionError:
        raise FetchError(Reason.MALFORMED, f"JSON nested too deeply at {where}") from None
    except ValueError:  # not JSON, or a number that no reader shares with us
        raise FetchError(
            Reason.MALFORMED, f"expected JSON, got {len(body)} other bytes at {where}"
        ) from None
    if not isinstance(value, dict):
        raise FetchError(Reason.MALFORMED, f"expected a JSON object at {where}")
    _check_depth(value, where)
    if _SURROGATE.search(body):
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value


def _load(text: str) -> object:
    return json.loads(
        text, parse_constant=_reject_number, parse_float=_read_float, parse_int=_read_int
    )


def _read_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _reject_number(text)


def _read_int(text: str) -> int:
    return int(text) if len(text.lstrip("-")) <= MAX_DIGITS else _reject_number(text)


def _reject_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is not a number that JSON readers share")


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
