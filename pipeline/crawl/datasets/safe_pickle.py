"""Read the pickle in a `.npy` file without calling anything that it names.

A pickle is a program. It may build dicts, lists, tuples, texts and numbers here, and use the names
that NumPy needs for a 0-d array of objects; these become markers, and nothing is imported or
called. All other names are rejected. The standard library's interpreter in Python is used, not the
one in C: the latter reserves as much memory as a file requests.
"""

import io
import math
import pickle
import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pipeline.core.errors import DumpError

MAX_DEPTH = 64
"""Deepest nesting of dicts and lists; TMDB's deepest response has 6 levels."""

MAX_VALUES = 2_000_000
MAX_CHARS = 64_000_000
"""Largest size of a copied value: a few bytes can refer to one list a million times."""

MAX_INT = 2**63 - 1
_SHOWN = 120


class UnsafePickleError(DumpError):
    """A pickle requests more than data."""


class DamagedPickleError(DumpError):
    """A pickle cannot be read, or is not a dict of data."""


class _Marker:
    """Represents a name of NumPy that is never imported."""

    def __init__(self, name: str):
        self.name = name


_RECONSTRUCT, _NDARRAY = _Marker("numpy's _reconstruct"), _Marker("numpy.ndarray")
_DTYPE, _ENCODE = _Marker("numpy.dtype"), _Marker("_codecs.encode")
_OBJECT_TYPE = _Marker("the type of objects")

_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _DTYPE,
    ("_codecs", "encode"): _ENCODE,  # how protocol 2 writes bytes
}

_DATA = (
    "PROTO", "STOP", "FRAME", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2",
    "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES",
    "SHORT_BINBYTES", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND",
    "APPENDS", "EMPTY_DICT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET", "GLOBAL",
    "STACK_GLOBAL",
)  # fmt: skip
"""Opcodes that the standard interpreter executes; protocol 0 is in no `.npy` file."""

_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError, AttributeError, TypeError,
    UnicodeError, OverflowError, struct.error,
)  # fmt: skip
"""Errors that the standard interpreter raises for programs that no pickler writes."""


@dataclass
class _Array:
    """A 0-d array of objects, with its value once it was built."""

    value: object = None
    is_built: bool = False


def load_plain(data: bytes) -> dict[str, Any]:
    """Load the dict that a pickle of a 0-d object array holds.

    Returns:
        Dicts with text keys, lists, texts, whole and finite numbers, booleans and None, copied
        without sharing; tuples become lists.

    Raises:
        UnsafePickleError: It requests anything but data; the message contains its name.
        DamagedPickleError: It cannot be read, is too large, or holds something else.
    """
    try:
        found = _Interpreter(io.BytesIO(data)).load()
    except (RecursionError, MemoryError) as error:
        raise DamagedPickleError(
            f"the pickle exhausts the machine ({type(error).__name__})"
        ) from None
    except _DAMAGE as error:
        raise DamagedPickleError(f"the pickle is damaged: {str(error)[:_SHOWN]}") from None
    if not isinstance(found, _Array) or not isinstance(found.value, dict):
        raise DamagedPickleError("the pickle holds no 0-d array of a dict")
    return _BoundedCopy().copy(found.value, 0)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:_SHOWN]


# The interpreter in Python has no public name; the one in C cannot be restricted.
class _Interpreter(pickle._Unpickler):  # pyright: ignore[reportPrivateUsage]: see above
    """The standard interpreter, restricted to data."""

    stack: list[Any]
    pop_mark: Callable[[], list[Any]]
    readline: Callable[[], bytes]
    dispatch: ClassVar[dict[int, Callable[..., None]]]

    def find_class(self, module: str, name: str) -> _Marker:
        """Return the marker of a name that NumPy writes; reject any other."""
        if (module, name) not in _NAMES:
            raise UnsafePickleError(f"the pickle requests {_printable(f'{module}.{name}')}")
        return _NAMES[module, name]

    def execute_reduce(self) -> None:
        """Apply a reduction of NumPy or `bytes`, without calling anything."""
        arguments, called = self.stack.pop(), self.stack[-1]
        if not isinstance(called, _Marker) or type(arguments) is not tuple:
            raise UnsafePickleError(f"the pickle requests to call a {type(called).__name__}")
        if called is _ENCODE and _is_latin(arguments):
            self.stack[-1] = arguments[0].encode("latin-1")
        elif called is _RECONSTRUCT and len(arguments) == 3 and arguments[0] is _NDARRAY:
            self.stack[-1] = _Array()
        elif called is _DTYPE and arguments[:1] in (("O8",), ("O4",), ("O",)):
            self.stack[-1] = _OBJECT_TYPE
        else:
            raise UnsafePickleError(f"the pickle calls {called.name} as np.save does not")

    def execute_build(self) -> None:
        """Fill the array; the type of objects has no state."""
        state, built = self.stack.pop(), self.stack[-1]
        if built is _OBJECT_TYPE:
            return
        if not isinstance(built, _Array) or built.is_built:
            raise UnsafePickleError(f"the pickle requests to fill a {type(built).__name__}")
        if type(state) is not tuple or len(state) != 5 or state[2] is not _OBJECT_TYPE:
            raise UnsafePickleError("the pickle fills an array as np.save does not")
        if state[1] != () or type(state[4]) is not list or len(state[4]) != 1:
            raise DamagedPickleError("the array is not 0-d: expected one dict")
        built.value, built.is_built = state[4][0], True

    def execute_setitem(self) -> None:
        """Set one key; see `_set`."""
        value, key = self.stack.pop(), self.stack.pop()
        _set(self.stack[-1], [key, value])

    def execute_setitems(self) -> None:
        """Set several keys; see `_set`."""
        items = self.pop_mark()
        _set(self.stack[-1], items)

    def execute_inst(self) -> None:
        """Reject the oldest opcode that creates an object, by the name of its class."""
        module, name = (self.readline()[:-1].decode("ascii", "replace") for _ in range(2))
        self.find_class(module, name)
        raise UnsafePickleError("the pickle requests to make an object (INST)")


def _is_latin(arguments: tuple) -> bool:
    return len(arguments) == 2 and type(arguments[0]) is str and arguments[1] == "latin1"


def _set(target: object, items: list) -> None:
    """Set keys, which must be texts: the hash of a deeply nested tuple ends the process."""
    keys = items[::2]
    if type(target) is not dict or len(items) % 2 or any(type(key) is not str for key in keys):
        raise DamagedPickleError("expected keys of a dict, got something else")
    target.update(zip(keys, items[1::2], strict=True))


def _reject(code: int, name: str) -> Callable[[_Interpreter], None]:
    def reject(_: _Interpreter) -> None:
        if not name:
            raise DamagedPickleError(f"the pickle is damaged: byte {code:#04x} is no opcode")
        raise UnsafePickleError(f"the pickle uses {name}, which no dict of data needs")

    return reject


def _opcodes() -> dict[int, Callable[..., None]]:
    names = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}
    table = {code: _reject(code, names.get(code, "")) for code in range(256)}
    codes = {name: code for code, name in names.items()}
    standard = _Interpreter.dispatch  # of the base class as yet
    table |= {codes[name]: standard[codes[name]] for name in _DATA}
    return table | {
        codes["REDUCE"]: _Interpreter.execute_reduce,
        codes["BUILD"]: _Interpreter.execute_build,
        codes["SETITEM"]: _Interpreter.execute_setitem,
        codes["SETITEMS"]: _Interpreter.execute_setitems,
        codes["INST"]: _Interpreter.execute_inst,
    }


_Interpreter.dispatch = _opcodes()


class _BoundedCopy:
    """Copies a value up to a size limit: shared and cyclic values count at every reference."""

    def __init__(self) -> None:
        self._values, self._chars = 0, 0

    def copy(self, value: Any, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES or depth > MAX_DEPTH:
            raise DamagedPickleError(
                f"more than {MAX_VALUES} values, or {MAX_DEPTH} levels of them"
            )
        if type(value) is dict:
            return {self._text(key): self.copy(v, depth + 1) for key, v in value.items()}
        if type(value) in (list, tuple):
            return [self.copy(item, depth + 1) for item in value]
        return self._text(value) if type(value) is str else _check(value)

    def _text(self, text: str) -> str:
        self._chars += len(text)
        if self._chars > MAX_CHARS:
            raise DamagedPickleError(f"more than {MAX_CHARS} letters")
        return text.encode("utf-8", "replace").decode("utf-8")


def _check(value: object) -> object:
    if value is None or type(value) is bool:
        return value
    if type(value) is int and abs(value) <= MAX_INT:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None  # a table's mark of an empty cell
    shown = value.name if isinstance(value, _Marker) else type(value).__name__
    raise DamagedPickleError(f"a value that is no data: {shown}")
