"""Readers of public dumps, and of the files in them: one file of a small dump is spoiled at a time.

The first byte of an input says which of the dump's files the rest of it replaces.
"""

import gzip
import json
import pickle
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
from fuzzing import Parser
from seeds import head_of
from small_dumps import ANSWER, BOXES, REAL, REAL_FOLDERS, TEXTS, npy_of, small_dump

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.registry import load_reader

PACKAGE = "pipeline.crawl.datasets"

_TOKENS = (b'"', b'""', b",", b"\n", b"\r\n", b"None", b"[{'id': ", b"nan", b"$", b"#NAME?",
           b"tt", b"\xa0", b"\x1f\x8b", b"PK", b"\xef\xbb\xbf", b"1e999", b"[" * 300,
           b"('a', ")  # fmt: skip


def _dump(name: str) -> Parser:
    read = load_reader(name.replace("_", "-"))
    small = small_dump(name)
    places = sorted(small)
    folder: list[Path] = []

    def check(data: bytes) -> None:
        if not folder:
            folder.append(Path(tempfile.mkdtemp()))
            _write(folder[0], small)
        place = places[data[0] % len(places)] if data else places[0]
        (folder[0] / place).write_bytes(data[1:])
        try:
            for row in read(folder[0]):
                _check_row(row)
        finally:
            (folder[0] / place).write_bytes(small[place])

    def seeds() -> list[bytes]:
        found = [bytes([at]) + small[place] for at, place in enumerate(places)]
        found += [bytes([at]) + gzip.compress(small[place]) for at, place in enumerate(places)]
        real = head_of_all(name)
        return found + [bytes([at]) + data for data in real for at in range(len(places))]

    return Parser(name.replace("_", "-"), check, seeds, _TOKENS, allowed=(DumpError,))


def head_of_all(name: str) -> list[bytes]:
    """Return the first lines of the real files of a dump."""
    folder = REAL_FOLDERS.get(name, name)
    return [head for file in REAL.get(name, ()) for head in head_of(folder, file)]


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _check_row(row: object) -> None:
    """Every row says where it stands, can be written as JSON, and names no place outside."""
    assert row.row
    row.row.encode()
    if hasattr(row, "detail"):
        assert len(row.detail) < 2000, "a refusal that quotes a whole file"
        row.detail.encode()
        return
    json.dumps(row.fields, ensure_ascii=False, allow_nan=False).encode()
    assert row.tmdb_id is None or row.tmdb_id > 0
    for place in row.files:
        assert ".." not in Path(place).parts
        assert not Path(place).is_absolute()


class _Caller:
    """Pickles into a call, as a malicious file does."""

    def __reduce__(self):
        import os

        return os.system, ("true",)


_CALLS = ("os.system", "os.posix_spawn", "os.exec", "subprocess.Popen", "os.remove",
          "shutil.rmtree", "socket.connect", "pickle.find_class")  # fmt: skip
_called: list[str] = []


@cache
def _listen() -> None:
    """Hear of every call that data must not make; Python does not let go of a listener."""
    sys.addaudithook(lambda event, _: _called.append(event) if event in _CALLS else None)


def _pickle(name: str) -> Parser:
    parse = (
        import_module(f"{PACKAGE}.safe_pickle").load_plain
        if name == "safe-pickle"
        else import_module(f"{PACKAGE}.reference000_files").read_npy_dict
    )

    def check(data: bytes) -> None:
        _listen()
        _called.clear()
        try:
            json.dumps(parse(data), ensure_ascii=False, allow_nan=False).encode()
        finally:
            assert not _called, f"data made a call: {_called}"

    def seeds() -> list[bytes]:
        if name == "npy-dict":
            return [npy_of(ANSWER), npy_of({}), npy_of({"a": _Caller()}), npy_of([1])]
        values = (ANSWER, {"a": _Caller()}, {"n": 10**30, "f": float("nan"), "t": (1, (2,))})
        arrays = [np.array(value, dtype=object) for value in values]
        return [pickle.dumps(array, protocol=n) for array in arrays for n in (0, 2, 3, 4, 5)]

    tokens = (b"cos\nsystem\n", b"R", b"(", b"t", b".", b"\x85", b"c__builtin__\neval\n", b"\x93",
              b"\x8c\x02os\x8c\x06system\x93", b"U\x04true", b"h\x00", b"2" * 40, b"\x80\x05",
              b"numpy.core.multiarray\n_reconstruct\n", b"\x94", b"e", b"u", b"\x8d")  # fmt: skip
    return Parser(name, check, seeds, tokens, allowed=(DumpError,), also_traced=(pickle.__file__,))


def _boxes(name: str) -> Parser:
    from pipeline.layouts.attr_bbox import format_attr_bbox, parse_attr_bbox

    def check(data: bytes) -> None:
        regions = parse_attr_bbox(data.decode("utf-8", "replace"))
        assert parse_attr_bbox(format_attr_bbox(regions)) == regions

    return Parser(name, check, lambda: [BOXES.encode(), b""], (b"[", b", ", b"e-3", b"\r\n", b"-0"),
                  allowed=(DumpError,))  # fmt: skip


def _cells(name: str) -> Parser:
    lists = import_module(f"{PACKAGE}.list_parsers")
    readers = [lists.parse_json_list, lists.parse_python_list, lists.parse_python_mapping]

    def check(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        for read in readers:
            try:
                json.dumps(read(text), ensure_ascii=False, allow_nan=False).encode()
            except DumpError:
                continue

    return Parser(name, check, lambda: [b"[{'id': 28, 'name': 'Action'}]", b'[{"a": null}]', b"{}"],
                  _TOKENS, allowed=(DumpError,))  # fmt: skip


def _rates(name: str) -> Parser:
    from pipeline.core.errors import ConfigurationError
    from pipeline.crawl.currency_conversion import parse_rates

    def check(data: bytes) -> None:
        rates = parse_rates(data.decode("utf-8", "replace"), "rates.csv")
        assert all(rate > 0 for rate in rates.usd_per_unit.values())

    seed = b"year,currency,usd_per_unit\n1961,GBP,2.8\n2020,JPY,0.0094\n"
    return Parser(name, check, lambda: [seed], _TOKENS, allowed=(ConfigurationError,))


LOADERS: Mapping[str, Callable[[str], Parser]] = {
    **{
        name.replace("_", "-"): lambda _, name=name: _dump(name)
        for name in (*TEXTS, "trailers12k", "seed000")
    },
    "safe-pickle": _pickle,
    "npy-dict": _pickle,
    "attr-bbox": _boxes,
    "dump-lists": _cells,
    "exchange-rates": _rates,
}
