"""A `.npy` file that holds one dict, as seed 000 keeps TMDB's answers."""

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.safe_pickle import load_plain
from pipeline.layouts.npy import parse_npy_header


def read_npy_dict(data: bytes) -> dict:
    """Read the dict of one file; nothing that the file asks for is called.

    Args:
        data: The whole file, as `np.save` wrote it.

    Raises:
        UnsafePickleError: Its pickle wants anything but data.
        DumpError: It is no such file.
    """
    header = parse_npy_header(data)
    if header.descr not in ("|O", "O") or header.shape != ():
        raise DumpError(
            f"one dict was wanted, and an array {header.descr} of shape {header.shape} came"
        )
    return load_plain(data[header.offset :])
