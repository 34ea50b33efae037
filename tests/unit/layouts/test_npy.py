import io

import numpy as np
import pytest

from pipeline.core.errors import DumpError
from pipeline.layouts.npy_header import parse_npy_header


def saved(array, version=None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2048, 7, 7)])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("kind", ["f4", "f2", ">i8", "?"])
def test_header_says_what_numpy_wrote(shape, version, kind):
    array = np.zeros(shape, kind)
    data = saved(array, version)
    header = parse_npy_header(data)
    assert header.shape == shape
    assert np.dtype(header.descr) == array.dtype
    assert len(data) - header.offset == array.nbytes


def test_fortran_order_is_reported():
    assert parse_npy_header(saved(np.zeros((2, 3), order="F"))).is_fortran


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"not an array at all",
        b"\x93NUMPY\x09\x00\x10\x00" + b" " * 16,
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 100,
        saved(np.zeros(2, [("a", "f4")])),
        saved(np.zeros(3))[:40],
        saved(np.zeros((1,) * 9)),
    ],
)
def test_header_that_is_none_is_refused(data):
    with pytest.raises(DumpError):
        parse_npy_header(data)
