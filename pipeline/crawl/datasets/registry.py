"""List the dumps that can be imported, and load the reader of each."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import ParsedRows


class DumpKind(NamedTuple):
    """One kind of dump: the module whose `read` reads it, and what it is, in one line."""

    module: str
    description: str


_REFERENCE = "reference implementation 000's"

DUMP_KINDS: Mapping[str, DumpKind] = {
    "tmdb5000": DumpKind("tmdb5000", "Kaggle's TMDB 5000: movies.csv and credits.csv, JSON lists"),
    "movies-dataset": DumpKind(
        "movies_dataset", "Kaggle's The Movies Dataset: movies_metadata.csv"
    ),
    "imdbpro-csv": DumpKind("imdbpro_csv", f"{_REFERENCE} crawl of IMDbPro, one CSV of 20 columns"),
    # The id of a public format, stored with every record: "seed" means no random seed here.
    "seed000": DumpKind("reference000", f"{_REFERENCE} folders of .npy dictionaries"),
    "trailers12k": DumpKind("trailers12k", "Trailers12k: metadata.json, mtgc.csv and Zarr arrays"),
    "the-numbers": DumpKind("the_numbers", "The Numbers' budgets and grosses, by title and year"),
    "box-office-mojo": DumpKind("box_office_mojo", "Box Office Mojo's grosses, by title and year"),
    "imdb5000": DumpKind(
        "imdb5000", "Kaggle's IMDB 5000: movie_metadata.csv, scores and US grosses"
    ),
    "movielens": DumpKind("movielens", "MovieLens' trailers: ml-youtube.csv with links.csv"),
}
"""Every kind by its id; the most trusted first."""


def load_reader(kind: str) -> Callable[[Path], ParsedRows]:
    """Return the reader of a kind of dump; only that reader's module is loaded.

    Raises:
        DumpError: There is no such kind.

    Example:
        >>> load_reader("box-office-mojo").__module__
        'pipeline.crawl.datasets.box_office_mojo'
    """
    if kind not in DUMP_KINDS:
        raise DumpError(f"Unknown kind of dump {kind!r}; choose one of {', '.join(DUMP_KINDS)}.")
    return import_module(f"pipeline.crawl.datasets.{DUMP_KINDS[kind].module}").read
