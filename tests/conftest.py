"""What all tests need: threads, workers, sites that are built once, a Ctrl-C that means something.

A shell's background job ignores Ctrl-C, and so would every process that a test starts and
interrupts.
"""

import os
import signal
import sys
from pathlib import Path

import pytest

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Read by the libraries when they are loaded; workers and what they start share the processors."""

MOST_WORKERS = 8
WORKER_BYTES = 4 * 2**30
"""What a worker may need with the processes that its tests start."""

LARGE_BYTES = 2_000

FIRST = (
    "graph/test_whole_path.py", "graph/test_crash_points.py",
    "graph", "real", "ui", "gpu", "fuzz", "clients", "unit",
)  # fmt: skip
"""Files and folders of `tests` in the order in which they are begun: the longest go first, and the
screens after what builds the site that they show."""

collect_ignore = ["support"]
"""Modules that tests import; one of them adds a system, and is for a process of its own."""

# Containers often forbid it, and then each of the many processes compiles all libraries anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

for name in THREADS:
    os.environ.setdefault(name, "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Return what `-n auto` means: one worker more than processors, where memory allows.

    A third of the time tests wait for processes that start, for rests and for deadlines.
    """
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(len(os.sched_getaffinity(0)) + 1, MOST_WORKERS, memory_bytes // WORKER_BYTES))


def pytest_collection_modifyitems(items) -> None:
    """Begin with what takes longest, so that no worker ends with it while the others are idle."""
    here = Path(__file__).parent
    order = {here / name: place for place, name in enumerate(FIRST)}

    def place_of(item) -> int:
        ways = (item.path, *item.path.parents)
        return next((order[way] for way in ways if way in order), len(order))

    items.sort(key=place_of)


def pytest_assertrepr_compare(op, left, right) -> list[str] | None:
    """Tell large byte strings apart in two lines; pytest's own difference of two takes an hour."""
    if op != "==" or not isinstance(left, bytes) or not isinstance(right, bytes):
        return None
    if max(len(left), len(right)) < LARGE_BYTES:
        return None
    places = (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
    same = next(places, min(len(left), len(right)))
    return [f"{len(left):,} bytes == {len(right):,} bytes", f"they differ from byte {same:,} on"]


@pytest.fixture(scope="session")
def shared_sites(tmp_path_factory):
    """The sites of this session; xdist gives each worker a folder within the session's."""
    from shared_sites import SharedSites  # loads Dagster, which most tests do without
    from sites import read_migrations_once

    read_migrations_once()
    base = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    return SharedSites((base.parent if is_worker else base) / "sites")
