"""The dumps that can be imported, and the reader of each."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.rows import Rows

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "tmdb5000": "Kaggle's TMDB 5000: movies.csv and credits.csv, lists as JSON",
        "movies-dataset": "Kaggle's The Movies Dataset: movies_metadata.csv, credits, keywords",
        "imdbpro-csv": "seed 000's crawl of IMDbPro, one CSV file of 20 columns",
        "seed000": "seed 000's folders of .npy dictionaries",
        "trailers12k": "Trailers12k: metadata.json, mtgc.csv and Zarr arrays",
        "the-numbers": "The Numbers' budgets and grosses, joined by title and year",
        "box-office-mojo": "Box Office Mojo's grosses, joined by title and year",
        "imdb5000": "Kaggle's IMDB 5000: movie_metadata.csv, scores and US grosses",
        "movielens": "MovieLens' trailers: ml-youtube.csv with links.csv",
    }
)
"""What each kind is, in one line; the most trusted first."""


def open_reader(kind: str) -> Callable[[Path], Rows]:
    """Return the reader of a kind of dump; only that reader's module is loaded.

    Raises:
        DumpError: There is no such kind.

    Example:
        >>> open_reader("box-office-mojo").__module__
        'pipeline.crawl.datasets.box_office_mojo'
    """
    if kind not in KINDS:
        raise DumpError(f"{kind!r} is no kind of dump; there are {', '.join(KINDS)}.")
    return import_module(f"pipeline.crawl.datasets.{kind.replace('-', '_')}").read
