"""Box-office figures of one source, and the order in which sources are trusted."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from pipeline.core.records import MovieRecord
from pipeline.crawl.imdbpro.box_office_page import BoxOffice
from pipeline.crawl.json_values import read_mapping, read_mappings, read_positive, read_text
from pipeline.crawl.merging import BOX_OFFICE_KEY, PROVENANCE_KEY
from pipeline.crawl.monetary_amounts import USD, MonetaryAmount

IMDBPRO, TMDB = "imdbpro", "tmdb"

TRUST = (IMDBPRO, "imdbpro-csv", TMDB, "the-numbers", "box-office-mojo", "imdb5000")
"""Sources of figures, the most trusted first; one that is not listed comes after all of them."""

FIGURE_KINDS = ("worldwide", "domestic", "opening", "budget")


@dataclass(frozen=True)
class Figures:
    """A movie's figures from one source; None where unknown.

    Attributes:
        source: Its name; see `TRUST`.
        rank: Name in `TRUST` under which it is trusted, where that differs: a revenue from a dump
            of TMDB is trusted as TMDB's.
        worldwide, domestic, opening: Grosses: known only after release, labels and never inputs.
    """

    source: str
    worldwide: MonetaryAmount | None = None
    domestic: MonetaryAmount | None = None
    opening: MonetaryAmount | None = None
    budget: MonetaryAmount | None = None
    rank: str = ""

    @property
    def origin(self) -> str:
        """Where its figures come from: a dump repeats the site that it was taken from."""
        trusted_as = self.rank or self.source
        return IMDBPRO if trusted_as.startswith(IMDBPRO) else trusted_as

    @property
    def is_empty(self) -> bool:
        """Whether no figure is known."""
        return not any(getattr(self, kind) for kind in FIGURE_KINDS)

    def as_json(self) -> dict[str, object]:
        """Return an item of `marquee_box_office`; unknown figures are left out."""
        known = {kind: asdict(amount) for kind in FIGURE_KINDS if (amount := getattr(self, kind))}
        return {"source": self.source, **known}


def figures_from_page(page: BoxOffice) -> Figures:
    """Return the figures of IMDbPro's summary."""
    return Figures(
        IMDBPRO,
        worldwide=page.gross_worldwide,
        domestic=page.gross_domestic,
        opening=page.opening,
        budget=page.budget,
    )


def figures_from_record(record: MovieRecord, fields: Mapping[str, object]) -> Figures:
    """Return the figures of TMDB, or of a dump in TMDB's format.

    Args:
        record: The movie's record.
        fields: The JSON object that it was read from, with `marquee_provenance`, if any.
    """
    provenance = read_mapping(fields.get(PROVENANCE_KEY))
    return Figures(
        read_text(provenance.get("revenue")) or TMDB,
        worldwide=MonetaryAmount(record.revenue_usd, USD) if record.revenue_usd else None,
        budget=MonetaryAmount(record.budget_usd, USD) if record.budget_usd else None,
        rank=TMDB,
    )


def read_imported_figures(fields: Mapping[str, object]) -> tuple[Figures, ...]:
    """Read `marquee_box_office` of a record; malformed figures are left out.

    Example:
        >>> gross = {"source": "the-numbers", "worldwide": {"amount": 5, "currency": "USD"}}
        >>> read_imported_figures({"marquee_box_office": [gross, "x"]})[0].worldwide
        MonetaryAmount(amount=5.0, currency='USD')
    """
    found = (
        Figures(
            read_text(item.get("source")) or "unknown",
            worldwide=read_amount(item.get("worldwide")),
            domestic=read_amount(item.get("domestic")),
            opening=read_amount(item.get("opening")),
            budget=read_amount(item.get("budget")),
        )
        for item in read_mappings(fields.get(BOX_OFFICE_KEY))
    )
    return tuple(figures for figures in found if not figures.is_empty)


def read_amount(value: object) -> MonetaryAmount | None:
    """Read `{"amount": …, "currency": …}`; None where it is no amount above 0."""
    item = read_mapping(value)
    amount, currency = read_positive(item.get("amount")), read_text(item.get("currency"))
    return MonetaryAmount(amount, currency) if amount and currency else None


def order_by_trust(figures: Iterable[Figures]) -> list[Figures]:
    """Sort by trust, the most trusted first; the order of equally trusted ones is kept.

    Example:
        >>> [f.source for f in order_by_trust([Figures("tmdb"), Figures("x"), Figures("imdbpro")])]
        ['imdbpro', 'tmdb', 'x']
    """
    place = {source: number for number, source in enumerate(TRUST)}
    return sorted(figures, key=lambda one: place.get(one.rank or one.source, len(TRUST)))
