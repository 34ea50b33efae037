"""Pickles that would run something: every one of them would leave a file behind."""

import io
import os
import pickle
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import DumpError, MarqueeError
from pipeline.crawl.datasets.reference000_files import read_npy_dict
from pipeline.crawl.datasets.safe_pickle import (
    DamagedPickleError,
    UnsafePickleError,
    load_plain,
)

HEADER = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
MOVIE = {
    "id": 597,
    "title": "Titanic – été",
    "budget": 200_000_000,
    "vote_average": 7.9,
    "adult": False,
    "tagline": None,
    "genres": [{"id": 18, "name": "Drama"}, {"id": 10749, "name": "Romance"}],
}


def npy(pickled: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(HEADER) + 1) + HEADER + b"\n" + pickled


def saved(value) -> bytes:
    file = io.BytesIO()
    np.save(file, value)
    return file.getvalue()


class Calls:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def touching(marker: Path) -> dict[str, tuple[bytes, str]]:
    """Pickles that make `marker` when they are loaded, and what must be named."""
    command, source = f"touch {marker}", f"__import__('os').mknod({str(marker)!r})"
    return {
        "os.system": (pickle.dumps(Calls(os.system, command)), "posix.system"),
        "eval": (pickle.dumps(Calls(eval, source)), "builtins.eval"),
        "exec": (pickle.dumps(Calls(exec, source)), "builtins.exec"),
        "open": (pickle.dumps(Calls(open, str(marker), "w")), "io.open"),
        "text protocol": (f"cos\nsystem\n(S'{command}'\ntR.".encode(), "os.system"),
        "in a dict": (pickle.dumps({"id": 597, "x": Calls(os.system, command)}), "posix.system"),
        "in the array": (
            pickle.dumps(np.array({"x": Calls(os.system, command)}, dtype=object)),
            "posix.system",
        ),
        "INST": (f"(S'{command}'\nios\nsystem\n.".encode(), "STRING"),
        "INST without arguments": (b"(ios\ngetcwd\n.", "os.getcwd"),
        "OBJ": (b"(cos\nsystem\nV" + command.encode() + b"\no.", "os.system"),
        "subprocess": (
            b"\x80\x04" + short("subprocess") + short("Popen") + b"\x93"
            + short(command) + b"\x85R.",
            "subprocess.Popen",
        ),
        "dotted name": (
            b"\x80\x04" + short("numpy") + short("f2py.os.system") + b"\x93"
            + short(command) + b"\x85R.",
            "numpy.f2py.os.system",
        ),
        "numpy.load": (
            b"\x80\x04cnumpy\nload\n" + short("evil.npy") + b"\x85R.", "numpy.load"
        ),
        "numpy's runstring": (
            b"\x80\x04cnumpy.testing\nrundocs\n" + short(str(marker)) + b"\x85R.",
            "numpy.testing.rundocs",
        ),
        "copyreg": (b"\x80\x04ccopyreg\n_reconstructor\n.", "copyreg._reconstructor"),
        "getattr": (pickle.dumps(getattr), "builtins.getattr"),
        "persistent id": (b"\x80\x04" + short("x") + b"Q.", "BINPERSID"),
        "extension": (b"\x80\x02\x82\x01.", "EXT1"),
        "buffer of protocol 5": (b"\x80\x05\x97.", "NEXT_BUFFER"),
        "bytearray": (b"\x80\x05\x96" + struct.pack("<Q", 3) + b"abc.", "BYTEARRAY8"),
        "NEWOBJ": (b"\x80\x02cnumpy\nndarray\n)\x81.", "NEWOBJ"),
        "ndarray called": (b"\x80\x02cnumpy\nndarray\nK\x01\x85R.", "numpy.ndarray"),
        "huge array": (
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nJ\xff\xff\xff\x7fK\x00K\x00\x87R.",
            "_reconstruct",
        ),
        "dtype of fields": (b"\x80\x02cnumpy\ndtype\n" + b"]\x85R.", "numpy.dtype"),
        "codec": (
            b"\x80\x02c_codecs\nencode\n" + b"X\x01\x00\x00\x00aX\x03\x00\x00\x00rot\x86R.",
            "_codecs.encode",
        ),
        "a text called": (b"\x80\x04" + short("x") + b")R.", "call a str"),
        "a list filled": (b"\x80\x04]}b.", "fill a list"),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(touching(Path("marker"))))
def test_pickle_that_wants_more_than_data_is_refused_and_named(tmp_path, name):
    marker = tmp_path / "marker"
    evil, named = touching(marker)[name]
    for data in (evil, evil[:-1] + b"0" + evil):
        with pytest.raises(UnsafePickleError) as caught:
            read_npy_dict(npy(data))
        assert named in str(caught.value)
    assert not marker.exists()


def test_those_pickles_would_have_worked(tmp_path):
    worked = 0
    for name in ("os.system", "eval", "exec", "open", "text protocol", "in a dict", "in the array"):
        marker = tmp_path / name.replace(" ", "_")
        loaded = pickle.loads(touching(marker)[name][0])
        getattr(loaded, "close", lambda: None)()
        worked += marker.exists()
    assert worked == 7


def test_what_numpy_saves_of_a_dict_is_read():
    assert read_npy_dict(saved(MOVIE)) == MOVIE


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_that_numpy_has_used_is_read(protocol):
    array = np.array(MOVIE, dtype=object)
    assert read_npy_dict(npy(pickle.dumps(array, protocol=protocol))) == MOVIE


def test_older_numpys_name_of_its_module_is_known():
    pickled = pickle.dumps(np.array(MOVIE, dtype=object), protocol=2)
    assert b"numpy._core" in pickled
    assert read_npy_dict(npy(pickled.replace(b"numpy._core", b"numpy.core"))) == MOVIE


@pytest.mark.parametrize(
    ("pickled", "output"),
    [
        (b"\x80\x04" + b"]" * 5000 + b"a" * 4999 + b".", "no 0-d array"),
        (b"\x80\x02K\x01r\xff\xff\xff\xff.", "no 0-d array"),  # a memo of four billion places
        (b"\x80\x04X\xff\xff\xff\x7fabc.", "damaged"),
        (b"\x80\x04\x8d" + b"\xff" * 8 + b"abc.", "damaged"),
        (b"\x80\x04\x95" + b"\xff" * 7 + b"\x7f.", "damaged"),
        (b"\x80\x04}K\x01K\x02s.", "keys"),
        (b"\x80\x04}" + b")" + b"\x85" * 100_000 + b"K\x01s.", "keys"),
        (b"\x80\x04h\x07.", "damaged"),
        (b"\x80\x04\xff.", "0xff is no opcode"),
        (b"\x80\x04", "damaged"),
        (b"", "damaged"),
        (b"\x80\x09N.", "damaged"),
        (pickle.dumps(MOVIE), "no 0-d array"),
    ],
)
def test_damaged_pickle_is_refused_without_harm(pickled, output):
    with pytest.raises(DamagedPickleError, match=output):
        load_plain(pickled)


def test_text_that_a_few_bytes_repeat_a_million_times_is_refused():
    level = ["x" * 1000]
    for _ in range(12):
        level = [level] * 10
    with pytest.raises(DamagedPickleError, match="more than"):
        read_npy_dict(saved({"id": 1, "bomb": level}))


def test_dict_that_holds_itself_is_refused():
    movie = {"id": 1}
    movie["self"] = movie
    with pytest.raises(DamagedPickleError, match="levels"):
        read_npy_dict(saved(movie))


@pytest.mark.parametrize("value", [{"a": b"bytes"}, {"a": 2**70}, {1: 2}, {"a": 1 + 2j}])
def test_value_that_is_no_data_is_refused(value):
    with pytest.raises(DumpError):
        read_npy_dict(saved(value))


def test_number_that_is_none_is_unknown_and_refuses_nothing():
    saved_as = {"id": 5, "runtime": float("nan"), "popularity": float("inf")}
    assert read_npy_dict(saved(saved_as)) == {"id": 5, "runtime": None, "popularity": None}


@pytest.mark.parametrize("value", [np.zeros(3), np.array([MOVIE, MOVIE], dtype=object)])
def test_array_that_is_no_dict_is_refused(value):
    with pytest.raises(DumpError, match="one dict"):
        read_npy_dict(saved(value))


def test_header_that_would_exhaust_a_parser_is_refused():
    for hostile in (b"(" * 1900, b"{'descr': " + b"-" * 1900, b"[" * 60_000):
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(hostile)) + hostile
        with pytest.raises(DumpError, match="header"):
            read_npy_dict(data)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_anything_outside_the_error_tree(noise):
    good = saved(MOVIE)
    for data in (noise, npy(noise), good[: len(noise)], good[:-1] + noise):
        with suppress(MarqueeError):
            read_npy_dict(data)


@given(st.integers(0, 2000), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_one_changed_byte_gives_data_or_a_refusal(place, value):
    data = bytearray(saved(MOVIE))
    data[place % len(data)] = value
    with suppress(MarqueeError):
        assert isinstance(read_npy_dict(bytes(data)), dict)
