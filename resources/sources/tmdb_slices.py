"""Cuts a listing that TMDB would not show to its end into listings that it shows whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.core.errors import SourceError
from pipeline.crawl.tmdb.responses import Page

MAX_PAGES = 500
"""Pages of one listing that TMDB gives; a later one is refused with 400, whatever `total_pages`
says."""

MAX_COUNT = 2**40
"""Above every count of votes and every runtime; where a span without end is cut no more."""


@dataclass(frozen=True)
class Days:
    """A span of days, both included; `names` are the parameters of its first and its last."""

    names: tuple[str, str]
    since: date
    until: date
    is_sure: bool = True
    """Whether no movie of the span can be in neither half."""

    @property
    def params(self) -> dict[str, str]:
        """The question's parameters."""
        return dict(zip(self.names, (self.since.isoformat(), self.until.isoformat()), strict=True))

    @property
    def halves(self) -> tuple["Days", ...]:
        """Both halves; none of a single day."""
        if self.since >= self.until:
            return ()
        middle = self.since + (self.until - self.since) // 2
        return (
            Days(self.names, self.since, middle),
            Days(self.names, middle + timedelta(days=1), self.until),
        )


@dataclass(frozen=True)
class Counts:
    """A span of whole numbers such as votes, both ends included; `most` is None without an end.

    As long as it has not been cut it asks for nothing, so that a movie without that number is
    listed too.
    """

    name: str
    least: int = 0
    most: int | None = None
    is_cut: bool = False
    is_sure: bool = False

    @property
    def params(self) -> dict[str, str]:
        """The question's parameters."""
        if not self.is_cut:
            return {}
        first = {f"{self.name}.gte": str(self.least)}
        return first if self.most is None else {**first, f"{self.name}.lte": str(self.most)}

    @property
    def halves(self) -> tuple["Counts", ...]:
        """Both halves; of a span without end the first holds as many numbers as lie before it.

        Example:
            >>> [(half.least, half.most) for half in Counts("vote_count", 50).halves]
            [(50, 100), (101, None)]
        """
        if self.least > MAX_COUNT or (self.most is not None and self.least >= self.most):
            return ()
        middle = 2 * self.least if self.most is None else (self.least + self.most) // 2
        return (
            Counts(self.name, self.least, middle, is_cut=True),
            Counts(self.name, middle + 1, self.most, is_cut=True),
        )


Spans = Sequence[Days | Counts]
Ask = Callable[[Mapping[str, str]], Page]


def cut(ask: Ask, spans: Spans) -> list[tuple[dict[str, str], Page]]:
    """Cut a listing until every part can be read whole.

    The first span that can be halved is halved. Days lose no movie; of a count that some movies
    may lack, the parts must name as many movies as the whole.

    Args:
        ask: Gives the first page for these parameters.
        spans: What the listing is made of, what is cut first standing first.

    Returns:
        Parameters and first page of every part.

    Raises:
        SourceError: It cannot be cut any further, or movies are in none of the parts.
    """
    return _cut(ask, spans, ask(_params(spans)))


def _cut(ask: Ask, spans: Spans, first: Page) -> list[tuple[dict[str, str], Page]]:
    if first.total_pages <= MAX_PAGES:
        return [(_params(spans), first)]
    place = next((i for i, span in enumerate(spans) if span.halves), None)
    if place is None:
        raise SourceError(
            f"TMDB lists {first.total_pages} pages for {_say(spans)} and gives {MAX_PAGES}. "
            "Narrow the catalogue by a filter, such as more votes (min_votes)."
        )
    parts = [[*spans[:place], half, *spans[place + 1 :]] for half in spans[place].halves]
    firsts = [ask(_params(part)) for part in parts]
    if not spans[place].is_sure:
        _prove(ask, spans, first, firsts)
    pairs = zip(parts, firsts, strict=True)
    return [found for part, page in pairs for found in _cut(ask, part, page)]


def _prove(ask: Ask, spans: Spans, first: Page, firsts: Sequence[Page]) -> None:
    """Refuse parts that name fewer movies than the whole, which may have shrunk meanwhile."""
    found = sum(page.total_results for page in firsts)
    if found < first.total_results and found < (whole := ask(_params(spans)).total_results):
        raise SourceError(
            f"TMDB lists {whole} movies for {_say(spans)}, more than it gives at once, and only "
            f"{found} of them by votes and runtime. Narrow the catalogue by a filter, such as more "
            "votes (min_votes)."
        )


def _params(spans: Spans) -> dict[str, str]:
    return {name: value for span in spans for name, value in span.params.items()}


def _say(spans: Spans) -> str:
    return ", ".join(f"{name}={value}" for name, value in _params(spans).items())
