"""Dumps written by hand, as files of a few rows, and the real ones beside the checkout."""

import csv
import gzip
import io
from functools import cache
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest

from pipeline.crawl.datasets.dump_rows import RejectedRow
from pipeline.crawl.datasets.registry import load_reader

DATA = Path(__file__).resolve().parents[4] / "../shared/data"
FOLDERS = {
    "tmdb5000": "tmdb5000",
    "movies-dataset": "movies_dataset",
    "movielens": "movielens",
    "imdb5000": "imdb5000",
    "the-numbers": "boxoffice",
    "box-office-mojo": "boxoffice",
}


@pytest.fixture
def write_table(tmp_path):
    """Write a CSV file below `tmp_path`, compressed where its name says so; return its path."""

    def write(name, header, *rows):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        content = text.getvalue().encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


@pytest.fixture
def split():
    """Separate taken rows from refused ones."""

    def separate(rows):
        rows = list(rows)
        taken = [row for row in rows if not isinstance(row, RejectedRow)]
        return taken, [row for row in rows if isinstance(row, RejectedRow)]

    return separate


@pytest.fixture(scope="session")
def real_dumps():
    """Return the folder of real dumps; skip where it is not there."""
    if not (DATA / "tmdb5000").is_dir():
        pytest.skip("the real dumps (../shared/data) are not here")
    return DATA


@pytest.fixture(scope="session")
def read_real(real_dumps):
    """Read a real dump, or its first rows, once for all tests; `__wrapped__` reads it again."""
    return cache(
        lambda kind, n=None: list(islice(load_reader(kind)(real_dumps / FOLDERS[kind]), n))
    )


@pytest.fixture(scope="session")
def real_table(real_dumps):
    """Read a table of a real dump with pandas, as text."""
    return lambda *parts: pd.read_csv(real_dumps.joinpath(*parts), dtype=str, keep_default_na=False)
