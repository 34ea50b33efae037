"""Parse lists in one cell: as JSON, or as Python prints them."""

import ast
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from pipeline.crawl.datasets.cell_parsers import CellError
from pipeline.crawl.datasets.dump_rows import RejectionReason

JsonObjects = list[dict[str, Any]]
Parsed = TypeVar("Parsed", list[Any], dict[str, Any])

MAX_CELL_CHARS = 2_000_000
"""Longest list that is parsed; the longest of a real dump has 63,000 characters."""

MAX_DEPTH = 4
"""Deepest nesting of lists and objects; TMDB's has two levels."""

_PYTHON_EXPECTED = "a list of texts and numbers as Python prints it"

# Possessive, and an open text runs to the end: no input makes these take more than linear time.
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
# What `repr` writes and nothing else: no names, calls, operators, prefixes, triple quotes.
_ESCAPE = r"\\(?:[\\'\"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_TEXT = rf"'(?:[^'\\\n\r]|{_ESCAPE})*+'|\"(?:[^\"\\\n\r]|{_ESCAPE})*+\""
_PYTHON_TEXT = re.compile(_TEXT)
_NAN = re.compile(rf"({_TEXT})|\bnan\b")
_PYTHON = re.compile(
    rf"(?:(?:{_TEXT})(?!['\"])|\s|[\[\]{{}}:,]|\b(?:True|False|None|nan)\b"
    r"|-?\b[0-9]{1,18}(?:\.[0-9]{1,18})?\b)*+"
)


class ListError(CellError):
    """A cell is no list of objects at all; where a whole column has none, it is another dump's."""


def parse_json_list(text: str) -> JsonObjects | None:
    """Parse a JSON list of objects; None where it is empty.

    Raises:
        CellError: It is no such list, or nested too deeply.

    Example:
        >>> parse_json_list('[{"id": 18, "name": "Drama"}]')
        [{'id': 18, 'name': 'Drama'}]
    """
    return _parse(text, _parse_json, list) or None


def parse_python_list(text: str) -> JsonObjects | None:
    r"""Parse a list of dictionaries as Python prints it; None where it is empty. Nothing is run.

    Raises:
        CellError: It is no such list, or nested too deeply.

    Example:
        >>> parse_python_list("[{'id': 18, 'name': \"Rosemary's\"}]")
        [{'id': 18, 'name': "Rosemary's"}]
    """
    return _parse(text, _parse_python, list) or None


def parse_python_mapping(text: str) -> dict[str, Any] | None:
    """Parse one dictionary as Python prints it; None where it is empty. Nothing is run.

    Raises:
        CellError: It is none, or nested too deeply.
    """
    return _parse(text, _parse_python, dict) or None


def _parse(text: str, parse: Callable[[str], object], expected: type[Parsed]) -> Parsed | None:
    if not text:
        return None
    if len(text) > MAX_CELL_CHARS:
        raise CellError(f"at most {MAX_CELL_CHARS} characters", text, RejectionReason.UNSAFE)
    value = parse(text)
    items = value if isinstance(value, list) else [value]
    if not isinstance(value, expected) or not all(map(_is_object, items)):
        raise ListError("a list of objects" if expected is list else "an object", text)
    return _replace_surrogates(value) if "\\ud" in text.lower() else value


def _parse_json(text: str) -> object:
    _check_depth(text, _JSON_TEXT.sub("", text))
    try:
        return json.loads(text, parse_constant=read_json_constant, parse_float=_parse_float)
    except ValueError as error:
        raise _format_error("JSON", text) from error


def _parse_python(text: str) -> object:
    if not _PYTHON.fullmatch(text):
        raise _format_error(_PYTHON_EXPECTED, text)
    _check_depth(text, _PYTHON_TEXT.sub("", text))
    try:
        return ast.literal_eval(_NAN.sub(lambda found: found[1] or "None", text))
    except (ValueError, SyntaxError, TypeError) as error:
        raise _format_error(_PYTHON_EXPECTED, text) from error


def _format_error(expected: str, text: str) -> CellError:
    is_list = text.startswith(("[", "{"))
    return CellError(expected, text) if is_list else ListError(expected, text)


def _check_depth(text: str, without_texts: str) -> None:
    """Count brackets before any recursive parser runs."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", without_texts):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise CellError(f"a list at most {MAX_DEPTH} deep", text, RejectionReason.UNSAFE)


def _is_object(value: object) -> bool:
    """Return whether it is an object as in JSON: Python also has sets, and keys of other types."""
    return isinstance(value, dict) and all(
        isinstance(key, str) and _is_plain(item) for key, item in value.items()
    )


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return _is_object(value) if isinstance(value, dict) else not isinstance(value, set)


def read_json_constant(_name: str) -> None:
    """Return None for NaN and Infinity, which programs write into JSON for an unknown number."""


def _parse_float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is no finite number")
    return number


def _replace_surrogates(value: Any) -> Any:
    """Replace lone surrogates, which cannot be encoded as UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    return value
