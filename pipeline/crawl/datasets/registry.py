"""List the dumps that can be imported, and load the reader of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import ParsedRows


@dataclass(frozen=True)
class DumpKind:
    """One kind of dump: what it is, in one line, and the module whose `read` reads it."""

    description: str
    module: str


DUMP_KINDS: Mapping[str, DumpKind] = MappingProxyType(
    {
        "tmdb5000": DumpKind(
            "Kaggle's TMDB 5000: movies.csv and credits.csv, lists as JSON", "tmdb5000"
        ),
        "movies-dataset": DumpKind(
            "Kaggle's The Movies Dataset: movies_metadata.csv, credits, keywords", "movies_dataset"
        ),
        "imdbpro-csv": DumpKind(
            "reference implementation 000's crawl of IMDbPro, one CSV file of 20 columns",
            "imdbpro_csv",
        ),
        # The id of a public format, stored with every record: "seed" means no random seed here.
        "seed000": DumpKind(
            "reference implementation 000's folders of .npy dictionaries", "reference000"
        ),
        "trailers12k": DumpKind(
            "Trailers12k: metadata.json, mtgc.csv and Zarr arrays", "trailers12k"
        ),
        "the-numbers": DumpKind(
            "The Numbers' budgets and grosses, joined by title and year", "the_numbers"
        ),
        "box-office-mojo": DumpKind(
            "Box Office Mojo's grosses, joined by title and year", "box_office_mojo"
        ),
        "imdb5000": DumpKind(
            "Kaggle's IMDB 5000: movie_metadata.csv, scores and US grosses", "imdb5000"
        ),
        "movielens": DumpKind("MovieLens' trailers: ml-youtube.csv with links.csv", "movielens"),
    }
)
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
