"""Split a listing that TMDB would not show to its end into listings that it shows whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.core.errors import SourceError
from pipeline.crawl.tmdb.responses import Page

MAX_PAGES = 500
"""Pages of one listing that TMDB gives; a later one is rejected with 400, whatever `total_pages`
says."""

MAX_COUNT = 2**40
"""Above every count of votes and every runtime; where a range without end is no longer split."""


@dataclass(frozen=True)
class DateRange:
    """A range of days, both included; `names` are the parameters of its first and its last."""

    names: tuple[str, str]
    since: date
    until: date
    is_sure: bool = True
    """Whether every movie of the range is in one of the halves."""

    @property
    def params(self) -> dict[str, str]:
        """The request's parameters."""
        return dict(zip(self.names, (self.since.isoformat(), self.until.isoformat()), strict=True))

    @property
    def halves(self) -> tuple["DateRange", ...]:
        """Both halves; none of a single day."""
        if self.since >= self.until:
            return ()
        middle = self.since + (self.until - self.since) // 2
        return (
            DateRange(self.names, self.since, middle),
            DateRange(self.names, middle + timedelta(days=1), self.until),
        )


@dataclass(frozen=True)
class CountRange:
    """A range of whole numbers such as votes, both ends included; `most` is None without an end.

    Before it is split it sets no parameter, so that a movie without that number is listed too.
    """

    name: str
    least: int = 0
    most: int | None = None
    is_cut: bool = False
    is_sure: bool = False

    @property
    def params(self) -> dict[str, str]:
        """The request's parameters."""
        if not self.is_cut:
            return {}
        first = {f"{self.name}.gte": str(self.least)}
        return first if self.most is None else {**first, f"{self.name}.lte": str(self.most)}

    @property
    def halves(self) -> tuple["CountRange", ...]:
        """Both halves; of a range without end the first holds as many numbers as lie before it.

        Example:
            >>> [(half.least, half.most) for half in CountRange("vote_count", 50).halves]
            [(50, 100), (101, None)]
        """
        if self.least > MAX_COUNT or (self.most is not None and self.least >= self.most):
            return ()
        middle = 2 * self.least if self.most is None else (self.least + self.most) // 2
        return (
            CountRange(self.name, self.least, middle, is_cut=True),
            CountRange(self.name, middle + 1, self.most, is_cut=True),
        )


Ranges = Sequence[DateRange | CountRange]
Ask = Callable[[Mapping[str, str]], Page]


def split_listing(ask: Ask, ranges: Ranges) -> list[tuple[dict[str, str], Page]]:
    """Split a listing until every part can be read whole.

    The first range that has halves is split. Dates lose no movie; of a count that some movies may
    lack, the parts must list as many movies as the whole.

    Args:
        ask: Returns the first page for these parameters.
        ranges: The listing, as ranges; the one to split first comes first.

    Returns:
        Parameters and first page of every part.

    Raises:
        SourceError: It cannot be split any further, or movies are in none of the parts.
    """
    return _split(ask, ranges, ask(_params(ranges)))


def _split(ask: Ask, ranges: Ranges, first: Page) -> list[tuple[dict[str, str], Page]]:
    if first.total_pages <= MAX_PAGES:
        return [(_params(ranges), first)]
    index = next((i for i, range_ in enumerate(ranges) if range_.halves), None)
    if index is None:
        raise SourceError(
            f"TMDB lists {first.total_pages} pages for {_describe(ranges)} and gives {MAX_PAGES}. "
            "Narrow the catalogue by a filter, such as more votes (min_votes)."
        )
    parts = [[*ranges[:index], half, *ranges[index + 1 :]] for half in ranges[index].halves]
    firsts = [ask(_params(part)) for part in parts]
    if not ranges[index].is_sure:
        _check_complete(ask, ranges, first, firsts)
    pairs = zip(parts, firsts, strict=True)
    return [found for part, page in pairs for found in _split(ask, part, page)]


def _check_complete(ask: Ask, ranges: Ranges, first: Page, firsts: Sequence[Page]) -> None:
    """Reject parts that list fewer movies than the whole, which may have shrunk meanwhile."""
    found = sum(page.total_results for page in firsts)
    if found < first.total_results and found < (whole := ask(_params(ranges)).total_results):
        raise SourceError(
            f"TMDB lists {whole} movies for {_describe(ranges)}, more than it gives at once, and "
            f"only {found} of them by votes and runtime. Narrow the catalogue by a filter, such as "
            "more votes (min_votes)."
        )


def _params(ranges: Ranges) -> dict[str, str]:
    return {name: value for range_ in ranges for name, value in range_.params.items()}


def _describe(ranges: Ranges) -> str:
    return ", ".join(f"{name}={value}" for name, value in _params(ranges).items())
