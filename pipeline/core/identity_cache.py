"""Remember what was computed of an object that never changes, by which object it is.

A movie's record is too large to be hashed at every call; the same objects are asked for again and
again, by every split, fold and member of a blend.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")
Rest = ParamSpec("Rest")


class _Same:
    """Equal to another one of the same object; holds it, so that no other takes its place."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


def remember_by_identity(
    most: int,
) -> Callable[
    [Callable[Concatenate[Value, Rest], Result]], Callable[Concatenate[Value, Rest], Result]
]:
    """Decorate a function of an object that never changes; its result must not be changed either.

    Args:
        most: How many results are kept, the latest ones.

    Example:
        >>> @remember_by_identity(most=10)
        ... def length(words: tuple[str, ...]) -> int:
        ...     print("counting")
        ...     return len(words)
        >>> words = ("a", "b")
        >>> length(words), length(words)
        counting
        (2, 2)
    """

    def decorate(
        function: Callable[Concatenate[Value, Rest], Result],
    ) -> Callable[Concatenate[Value, Rest], Result]:
        @lru_cache(maxsize=most)
        def remembered(same: _Same, *rest: Any, **named: Any) -> Result:
            return function(same.value, *rest, **named)

        @wraps(function)
        def call(value: Value, *rest: Rest.args, **named: Rest.kwargs) -> Result:
            return remembered(_Same(value), *rest, **named)

        return call

    return decorate
