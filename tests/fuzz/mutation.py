"""Spoils an input: bytes, pieces between delimiters, or the values of a JSON document."""

import copy
import json
import random
from collections.abc import Callable, Sequence

MAX_BYTES = 96 * 1024

_ODD_NUMBERS = (b"0", b"-1", b"1e400", b"9" * 30, b"9" * 5000, b"0.1", b"NaN", b"\xd9\xa3", b"1_0")
_ODD_BYTES = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\xbd", b"\r", b"\n", b'"', b"'", b",", b"<", b">",
    b"\\u", b"\\ud83d", b"{", b"[", b"#", b"%", b"\xe2\x80\xae", b"\xc2\xa0", b"\x1b[2J", b"../",
    b"[" * 200, b"9" * 20, b"A" * 4096,
)  # fmt: skip
_ODD_VALUES = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**40, 0.5, 1e308, -0.0, "", " ", "0", "x" * 5000,
    "\ud83d", "\x00", "../../etc/passwd", "tt0000001", "2020-02-30", "0000-00-00", [], {}, [None],
    [[]], {"": ""}, [{}], {"results": []}, "http://[::1", "١٢٣", "1e999",
)  # fmt: skip
_DELIMITERS = (b",", b"\n", b"<", b'"', b" ", b":", b"'", b"\t", b"=")


def mutate(
    draw: random.Random, data: bytes, others: Sequence[bytes], tokens: Sequence[bytes] = ()
) -> bytes:
    """Spoil an input in one to six ways.

    Args:
        draw: Where chance comes from.
        data: The input.
        others: Inputs to take pieces from.
        tokens: Words that mean something to the parser.
    """
    if data[:1] in (b"{", b"[") and draw.random() < 0.7:
        return _mutate_json(draw, data)
    ways = _ways(tokens)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        data = draw.choice(ways)(draw, data, draw.choice(others))
    return data[:MAX_BYTES]


def _ways(tokens: Sequence[bytes]) -> list[Callable[[random.Random, bytes, bytes], bytes]]:
    def insert_token(draw: random.Random, data: bytes, _other: bytes) -> bytes:
        at = draw.randint(0, len(data))
        return data[:at] + draw.choice((*tokens, *_ODD_BYTES)) + data[at:]

    return [_flip, _set_bytes, _delete, _repeat, _splice, _cut, _swap_pieces, _spoil_piece,
            _spoil_number, insert_token, insert_token]  # fmt: skip


def _span(draw: random.Random, data: bytes, most: int = 64) -> tuple[int, int]:
    start = draw.randint(0, len(data))
    return start, min(len(data), start + draw.randint(1, most))


def _flip(draw: random.Random, data: bytes, _other: bytes) -> bytes:
    if not data:
        return data
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _set_bytes(draw: random.Random, data: bytes, _other: bytes) -> bytes:
    """Overwrite with a number at its limits: sizes and offsets of containers."""
    start, _ = _span(draw, data)
    width = draw.choice((1, 2, 4, 8))
    value = draw.choice((0, 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), draw.getrandbits(8)))
    return (
        data[:start] + value.to_bytes(width, draw.choice(("big", "little"))) + data[start + width :]
    )


def _delete(draw: random.Random, data: bytes, _other: bytes) -> bytes:
    start, end = _span(draw, data, most=draw.choice((4, 64, 4096)))
    return data[:start] + data[end:]


def _repeat(draw: random.Random, data: bytes, _other: bytes) -> bytes:
    start, end = _span(draw, data, most=draw.choice((4, 64, 512)))
    return data[:end] + data[start:end] * draw.choice((1, 2, 40)) + data[end:]


def _splice(draw: random.Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(draw, other, most=draw.choice((8, 256, len(other) + 1)))
    at = draw.randint(0, len(data))
    return data[:at] + other[start:end] + data[at + draw.choice((0, end - start)) :]


def _cut(draw: random.Random, data: bytes, _other: bytes) -> bytes:
    return data[: draw.randint(0, len(data))]


def _swap_pieces(draw: random.Random, data: bytes, _other: bytes) -> bytes:
    delimiter = draw.choice(_DELIMITERS)
    pieces = data.split(delimiter)
    first, second = draw.randrange(len(pieces)), draw.randrange(len(pieces))
    pieces[first], pieces[second] = pieces[second], pieces[first]
    return delimiter.join(pieces)


def _spoil_piece(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """Delete, double or replace one cell, line, tag or text."""
    delimiter = draw.choice(_DELIMITERS)
    pieces = data.split(delimiter)
    at = draw.randrange(len(pieces))
    instead = draw.choice(
        (b"", None, pieces[at] + delimiter + pieces[at], draw.choice(other.split(delimiter)),
         draw.choice(_ODD_BYTES), draw.choice(_ODD_NUMBERS))
    )  # fmt: skip
    pieces[at : at + 1] = [] if instead is None else [instead]
    return delimiter.join(pieces)


def _spoil_number(draw: random.Random, data: bytes, _other: bytes) -> bytes:
    places = [at for at, byte in enumerate(data[:4096]) if 48 <= byte <= 57]
    if not places:
        return data
    start = end = draw.choice(places)
    while end < len(data) and 48 <= data[end] <= 57:
        end += 1
    return data[:start] + draw.choice(_ODD_NUMBERS) + data[end:]


def _mutate_json(draw: random.Random, data: bytes) -> bytes:
    """Replace, drop, double or rename values of a JSON document, wherever they stand."""
    try:
        value = json.loads(data)
        json.dumps(value)
    except (ValueError, RecursionError):
        return _flip(draw, data, data)
    for _ in range(draw.choice((1, 1, 2, 4))):
        value = _spoil_value(draw, value)
    return json.dumps(value).encode()[:MAX_BYTES]


def _spoil_value(draw: random.Random, value: object) -> object:
    places = list(_places(value))
    if not places:
        return copy.deepcopy(draw.choice(_ODD_VALUES))
    container, key = draw.choice(places)
    way = draw.randrange(6)
    if way == 0:
        del container[key]
    elif way == 1:
        container[key] = [container[key]]
    elif way == 2:
        container[key] = str(container[key])
    elif way == 3 and isinstance(container, dict):
        container[draw.choice(("", "id", "results", key * 2))] = container.pop(key)
    elif way == 4 and isinstance(container, list):
        container += [copy.deepcopy(container[key]) for _ in range(draw.choice((1, 30)))]
    else:
        container[key] = copy.deepcopy(draw.choice(_ODD_VALUES))
    return value


def _places(value: object, depth: int = 0):
    if depth > 40 or not isinstance(value, dict | list):
        return
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        yield from _places(value[key], depth + 1)
