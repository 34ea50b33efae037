"""Check the metadata of one Zarr array on disk, and its chunks against them."""

import bz2
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from pathlib import Path

from pipeline.core.errors import DumpError

MAX_ARRAY_BYTES = 256 * 1024 * 1024
"""Largest array that is read; the published ones have a few hundred KB."""

MAX_CHUNKS = 4096
MAX_META_BYTES = 64 * 1024

_ITEM_BYTES = 4
_FLOAT32 = {2: re.compile(r"[<>]f4"), 3: re.compile(r"float32")}
_META = {2: ".zarray", 3: "zarr.json"}
_UNSAFE_CODECS = ("pickle", "object", "vlen")
_DAMAGE = (OSError, ValueError, zlib.error, EOFError)


class UnsafeArrayError(DumpError):
    """An array holds more than numbers, or leads out of its folder."""


@dataclass(frozen=True)
class ArrayLayout:
    """Layout of an array, from its metadata.

    Attributes:
        shape, chunks: In items.
        codec: Name of the one compressor, "" for none.
        has_checksum: Whether four bytes of CRC32C follow each chunk.
        prefix, separator: Of the names of chunk files.
        has_fill: Whether a chunk that is not stored stands for a value, which the metadata name.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    codec: str
    has_checksum: bool
    prefix: str
    separator: str
    has_fill: bool

    def chunk_names(self) -> Iterator[str]:
        """Yield the file name of every chunk."""
        counts = [ceil(side / chunk) for side, chunk in zip(self.shape, self.chunks, strict=True)]
        for place in product(*map(range, counts)):
            yield self.prefix + self.separator.join(map(str, place))


def check_array(folder: Path, zarr_format: int) -> ArrayLayout:
    """Check that an array is safe to open, and that its chunks are whole.

    Raises:
        UnsafeArrayError: It holds pickles or objects, or a link that leads elsewhere.
        DumpError: It is no float32 array of one or two dimensions, is too large, or a chunk is
            truncated, too large, or missing without a fill value for it.
    """
    meta = read_meta(folder / _META[zarr_format])
    layout = _read_v2(meta) if zarr_format == 2 else _read_v3(meta)
    _check_size(layout)
    _check_links(folder)
    expected = prod(layout.chunks) * _ITEM_BYTES
    for name in layout.chunk_names():
        _check_chunk(folder / name, name, layout, expected)
    return layout


def read_meta(path: Path) -> Mapping:
    """Read a small JSON object; `DumpError` where it is none."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_META_BYTES:
            raise UnsafeArrayError(f"{path.name} is a link, or larger than {MAX_META_BYTES} bytes")
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DumpError(f"{path.name} cannot be read ({type(error).__name__})") from None
    if not isinstance(value, dict):
        raise DumpError(f"{path.name} is no JSON object")
    return value


def _read_v2(meta: Mapping) -> ArrayLayout:
    if meta.get("zarr_format") != 2:
        raise DumpError(".zarray is not of format 2")
    compressor = meta.get("compressor")
    codec = _name(compressor, "id") if compressor is not None else ""
    for one in (codec, *(_name(item, "id") for item in _list(meta.get("filters") or []))):
        _reject_unsafe(one)
    _check_type(meta.get("dtype"), 2)
    if meta.get("filters"):
        raise DumpError("filters are not supported; no published array has any")
    return ArrayLayout(
        _sides(meta.get("shape")),
        _sides(meta.get("chunks")),
        codec,
        False,
        "",
        _separator(meta.get("dimension_separator", ".")),
        meta.get("fill_value") is not None,
    )


def _read_v3(meta: Mapping) -> ArrayLayout:
    if meta.get("zarr_format") != 3 or meta.get("node_type") != "array":
        raise DumpError("zarr.json describes no array")
    codecs = [_name(codec, "name") for codec in _list(meta.get("codecs"))]
    for codec in codecs:
        _reject_unsafe(codec)
    _check_type(meta.get("data_type"), 3)
    has_checksum = codecs[-1:] == ["crc32c"]
    if has_checksum:
        codecs.pop()
    if codecs[:1] != ["bytes"] or len(codecs) > 2 or meta.get("storage_transformers"):
        raise DumpError(f"codecs {', '.join(codecs)[:80]}: expected bytes and one compressor")
    grid, keys = _dict(meta.get("chunk_grid")), _dict(meta.get("chunk_key_encoding"))
    if grid.get("name") != "regular" or keys.get("name") not in ("default", "v2"):
        raise DumpError("its chunks are not on a regular grid")
    is_default = keys["name"] == "default"
    setting = _dict(keys.get("configuration") or {})
    separator = _separator(setting.get("separator", "/" if is_default else "."))
    return ArrayLayout(
        _sides(meta.get("shape")),
        _sides(_dict(grid.get("configuration")).get("chunk_shape")),
        codecs[1] if len(codecs) == 2 else "",
        has_checksum,
        f"c{separator}" if is_default else "",
        separator,
        meta.get("fill_value") is not None,
    )


def _check_type(value: object, zarr_format: int) -> None:
    if value in ("|O", "object"):
        raise UnsafeArrayError("its items are objects, which are stored as pickles")
    if not isinstance(value, str) or not _FLOAT32[zarr_format].fullmatch(value):
        raise DumpError(f"expected float32, got {str(value)[:40]}")


def _reject_unsafe(codec: str) -> None:
    if any(word in codec for word in _UNSAFE_CODECS):
        raise UnsafeArrayError(f"the codec {codec[:40]} creates objects")


def _check_size(layout: ArrayLayout) -> None:
    if len(layout.shape) not in (1, 2) or len(layout.chunks) != len(layout.shape):
        raise DumpError(f"shape {layout.shape}, chunks {layout.chunks}: expected one or two sides")
    if max(prod(layout.shape), prod(layout.chunks)) * _ITEM_BYTES > MAX_ARRAY_BYTES:
        raise DumpError(f"{layout.shape} items in chunks of {layout.chunks} are too many")
    if prod(ceil(s / c) for s, c in zip(layout.shape, layout.chunks, strict=True)) > MAX_CHUNKS:
        raise DumpError(f"more than {MAX_CHUNKS} chunks")


def _check_links(folder: Path) -> None:
    if folder.is_symlink():
        raise UnsafeArrayError("it is a link to another place")
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if Path(where, name).is_symlink():
                raise UnsafeArrayError(f"{name[:80]} is a link to another place")


def _check_chunk(path: Path, name: str, layout: ArrayLayout, expected: int) -> None:
    try:
        if path.stat().st_size > expected + MAX_META_BYTES:
            raise DumpError(f"chunk {name} is larger than its unpacked size")
        data = path.read_bytes()
        data = data[:-4] if layout.has_checksum else data
        size = _unpacked_size(layout.codec, data, expected + 1)
    except FileNotFoundError:
        if layout.has_fill:
            return  # a chunk of nothing but fill values need not be stored
        raise DumpError(f"chunk {name} is missing, and no fill value is stated") from None
    except _DAMAGE as error:
        raise DumpError(f"chunk {name} is damaged: {str(error)[:80]}") from None
    if size != expected:
        raise DumpError(f"chunk {name} holds {size} bytes, expected {expected}")


def _unpacked_size(codec: str, data: bytes, limit: int) -> int:
    """Return the unpacked size of a chunk, at most `limit`."""
    if codec == "":
        return len(data)
    if codec == "blosc":
        if len(data) < 16 or int.from_bytes(data[12:16], "little") != len(data):
            raise ValueError("truncated, or no Blosc data")
        return int.from_bytes(data[4:8], "little")
    if codec == "lz4":
        return int.from_bytes(data[:4], "little")
    if codec in ("zlib", "gzip", "bz2"):
        return _unpack_whole(codec, data, limit)
    if codec == "zstd":
        import pyarrow as pa

        with pa.input_stream(pa.py_buffer(data), compression="zstd") as stream:
            return len(stream.read(limit))
    raise DumpError(f"the codec {codec[:40]} is not supported")


def _unpack_whole(codec: str, data: bytes, limit: int) -> int:
    if codec == "bz2":
        machine = bz2.BZ2Decompressor()
    else:
        machine = zlib.decompressobj(31 if codec == "gzip" else 15)
    size = len(machine.decompress(data, limit))
    if size < limit and (not machine.eof or machine.unused_data):
        raise ValueError("truncated, or followed by other data")
    return size


def _sides(value: object) -> tuple[int, ...]:
    sides = tuple(_list(value))
    if not all(type(side) is int and 0 < side <= MAX_ARRAY_BYTES for side in sides):
        raise DumpError(f"expected sides above 0, got {str(value)[:60]}")
    return sides


def _separator(value: object) -> str:
    if value not in (".", "/"):
        raise DumpError(f"the separator of chunks must be . or /, got {str(value)[:20]!r}")
    return str(value)


def _name(value: object, key: str) -> str:
    name = _dict(value).get(key)
    if not isinstance(name, str):
        raise DumpError("a codec without a name")
    return name


def _dict(value: object) -> Mapping:
    if not isinstance(value, dict):
        raise DumpError(f"expected a JSON object, got {str(value)[:40]!r}")
    return value


def _list(value: object) -> list:
    if not isinstance(value, list):
        raise DumpError(f"expected a list, got {str(value)[:40]!r}")
    return value
