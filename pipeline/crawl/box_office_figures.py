"""What one source says of a movie's money, and the order in which sources are trusted."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from pipeline.core.records import MovieRecord
from pipeline.crawl.imdbpro.box_office_page import BoxOffice
from pipeline.crawl.json_values import read_mapping, read_mappings, read_positive, read_text
from pipeline.crawl.monetary_amounts import USD, MonetaryAmount

IMDBPRO, TMDB = "imdbpro", "tmdb"

TRUST = (IMDBPRO, "imdbpro-csv", TMDB, "the-numbers", "box-office-mojo", "imdb5000")
"""Sources of figures, the most trusted first; one that is not listed comes after all of them."""

KINDS = ("worldwide", "domestic", "opening", "budget")


@dataclass(frozen=True)
class Figures:
    """What one source says; None where it does not say.

    Attributes:
        source: Its name; see `TRUST`.
        rank: Name in `TRUST` under which it is trusted, where that is another: TMDB's revenue stays
            TMDB's where a dump of it has told.
        worldwide, domestic, opening: Grosses: known only after release, labels and never inputs.
    """

    source: str
    worldwide: MonetaryAmount | None = None
    domestic: MonetaryAmount | None = None
    opening: MonetaryAmount | None = None
    budget: MonetaryAmount | None = None
    rank: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not any(getattr(self, kind) for kind in KINDS)

    def as_json(self) -> dict[str, object]:
        """Return the shape of `marquee_box_office`; unknown figures are left out."""
        known = {kind: asdict(money) for kind in KINDS if (money := getattr(self, kind))}
        return {"source": self.source, **known}


def figures_from_page(page: BoxOffice) -> Figures:
    """Return what IMDbPro's summary says."""
    return Figures(
        IMDBPRO,
        worldwide=page.gross_worldwide,
        domestic=page.gross_domestic,
        opening=page.opening,
        budget=page.budget,
    )


def figures_from_record(record: MovieRecord, answer: Mapping) -> Figures:
    """Return what TMDB says, or a dump that has TMDB's fields.

    Args:
        record: The movie's record.
        answer: What it was read from; names the source of each field where a dump told any.
    """
    leaking_column_prefixes = read_mapping(answer.get("marquee_provenance"))
    return Figures(
        read_text(leaking_column_prefixes.get("revenue")) or TMDB,
        worldwide=MonetaryAmount(record.revenue_usd, USD) if record.revenue_usd else None,
        budget=MonetaryAmount(record.budget_usd, USD) if record.budget_usd else None,
        rank=TMDB,
    )


def read_imported_figures(answer: Mapping) -> tuple[Figures, ...]:
    """Read `marquee_box_office` of a record; what is not laid out as a figure is left out.

    Example:
        >>> gross = {"source": "the-numbers", "worldwide": {"amount": 5, "currency": "USD"}}
        >>> read_imported_figures({"marquee_box_office": [gross, "x"]})[0].worldwide
        MonetaryAmount(amount=5.0, currency='USD')
    """
    found = (
        Figures(
            read_text(item.get("source")) or "unknown",
            **{kind: read_amount(item.get(kind)) for kind in KINDS},
        )
        for item in read_mappings(answer.get("marquee_box_office"))
    )
    return tuple(figures for figures in found if not figures.is_empty)


def read_amount(value: object) -> MonetaryAmount | None:
    """Read `{"amount": …, "currency": …}`; None where it is no amount above 0."""
    item = read_mapping(value)
    amount, currency = read_positive(item.get("amount")), read_text(item.get("currency"))
    return MonetaryAmount(amount, currency) if amount and currency else None


def order_by_trust(figures: Iterable[Figures]) -> list[Figures]:
    """Put the most trusted first; those of equal trust stay as they came.

    Example:
        >>> [f.source for f in order_by_trust([Figures("tmdb"), Figures("x"), Figures("imdbpro")])]
        ['imdbpro', 'tmdb', 'x']
    """
    place = {source: number for number, source in enumerate(TRUST)}
    return sorted(figures, key=lambda one: place.get(one.rank or one.source, len(TRUST)))
