"""A value that must be there, for tests of what may be None."""

from typing import TypeVar

_T = TypeVar("_T")


def present(value: _T | None) -> _T:
    """Return a value that is not None; a test fails where it is."""
    assert value is not None
    return value
