"""Select the figure that becomes the label: the most trusted worldwide gross in US dollars that
the other figures do not contradict.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.outcomes import Reason
from pipeline.core.prices import REAL_USD_YEAR, index_year, to_real_usd
from pipeline.crawl.box_office_figures import (
    FIGURE_KINDS,
    IMDBPRO,
    TMDB,
    Figures,
    order_by_trust,
)
from pipeline.crawl.box_office_reconciliation import Claim, Reconciled, reconcile
from pipeline.crawl.currency_conversion import Conversion, ExchangeRates
from pipeline.crawl.imdbpro.daily_table import Days
from pipeline.crawl.monetary_amounts import USD, MonetaryAmount, format_amount

DAY_COLUMNS = ("date", "gross", "theatres", "gross_to_date")


@dataclass(frozen=True)
class SelectedAmount:
    """One selected amount, its source, and its conversion to US dollars.

    Attributes:
        source: Name of the source.
        original: The amount in the source's currency.
        conversion: None where it was in US dollars.
    """

    source: str
    original: MonetaryAmount
    conversion: Conversion | None = None

    @property
    def amount_usd(self) -> float:
        """The amount in US dollars."""
        return self.conversion.amount_usd if self.conversion else self.original.amount


@dataclass(frozen=True)
class Selection:
    """The selected amount of one kind, and what was decided of every source's.

    Attributes:
        amount: None where no source has one that stands.
        reconciled: All figures that were compared, and those that were passed over.
    """

    amount: SelectedAmount | None
    reconciled: Reconciled

    def list_decisions(self, kind: str) -> list[dict[str, object]]:
        """Return the rows of the table of decisions."""
        return [{"kind": kind, **one.as_json()} for one in self.reconciled.decisions]


def select_revenue(
    figures: Sequence[Figures], *, year: int | None = None, rates: ExchangeRates | None = None
) -> SelectedAmount | None:
    """Select a movie's worldwide gross.

    Only US dollars, or amounts that the user's own rates convert, become a label. A domestic gross
    never passes for a worldwide one, and a figure that others contradict is passed over
    (`box_office_reconciliation`).

    Args:
        figures: Figures of each source, in any order.
        year: Year of release, whose rate counts.
        rates: The user's rates; None for none.

    Example:
        >>> low, high = MonetaryAmount(5.0, "USD"), MonetaryAmount(9693.0, "USD")
        >>> select_revenue([Figures("tmdb", low), Figures("imdbpro", high)]).amount_usd
        9693.0
    """
    return compare_revenues(order_by_trust(figures), year, rates).amount


def select_budget(
    figures: Sequence[Figures], *, year: int | None = None, rates: ExchangeRates | None = None
) -> SelectedAmount | None:
    """Select a movie's budget: TMDB's, a model input, takes precedence over all others."""
    return compare_budgets(order_by_trust(figures), year, rates).amount


def compare_revenues(
    ordered: Sequence[Figures], year: int | None, rates: ExchangeRates | None
) -> Selection:
    """Compare the worldwide grosses, the most trusted source first, and select one."""
    converted = {kind: _convert(kind, ordered, year, rates) for kind in FIGURE_KINDS}
    return _choose(converted["worldwide"], converted["domestic"], converted["budget"])


def compare_budgets(
    ordered: Sequence[Figures], year: int | None, rates: ExchangeRates | None
) -> Selection:
    """Compare the budgets, TMDB's first, then the most trusted source's, and select one."""
    grosses = _convert("worldwide", ordered, year, rates)
    tmdb_first = sorted(ordered, key=lambda one: (one.rank or one.source) != TMDB)
    return _choose(_convert("budget", tmdb_first, year, rates), (), grosses)


def explain_missing_revenue(
    figures: Sequence[Figures], disputed: Sequence[object] = ()
) -> tuple[Reason, str]:
    """Return the reason, and its explanation, for which known figures yield no label.

    Args:
        figures: Figures of each source.
        disputed: Worldwide grosses that were passed over, in words.
    """
    if disputed:
        return Reason.DISPUTED, (
            f"every worldwide gross is contradicted ({'; '.join(map(str, disputed))}); correct it "
            "at its source, or import a dump that has it right"
        )
    foreign = [
        f"{one.source}: {format_amount(one.worldwide)}"
        for one in order_by_trust(figures)
        if one.worldwide and one.worldwide.currency != USD
    ]
    if foreign:
        return Reason.FOREIGN_CURRENCY, (
            f"the worldwide gross is known in another currency alone ({'; '.join(foreign)}); rates "
            "in MARQUEE_EXCHANGE_RATES for its year of release would make it a label"
        )
    kept = ", ".join(dict.fromkeys(one.source for one in figures if not one.is_empty))
    return Reason.NO_BOX_OFFICE, (
        f"no source has a worldwide gross; what else they have is kept ({kept})"
        if kept
        else "no source has a figure"
    )


def describe_box_office(
    figures: Sequence[Figures],
    *,
    year: int | None = None,
    rates: ExchangeRates | None = None,
    days: Days | None = None,
) -> dict | None:
    """Describe everything that is known of a movie's box office.

    Args:
        figures: Figures of each source.
        year: Year of release.
        rates: The user's rates.
        days: IMDbPro's table of days.

    Returns:
        The content of `box_office/<tmdb_id>.json`, see the README; None where nothing is known.
        Amounts `*_usd_real` are in dollars of `real_usd_year`.
    """
    known = [one for one in order_by_trust(figures) if not one.is_empty]
    if not known:
        return None
    gross, cost = compare_revenues(known, year, rates), compare_budgets(known, year, rates)
    revenue = gross.amount
    reason, detail = explain_missing_revenue(known, gross.reconciled.decisions)
    live = next((one for one in known if one.source == IMDBPRO), None)
    return {
        **_describe("revenue", revenue, year),
        **_describe("budget", cost.amount, year),
        "source": revenue.source if revenue else "none",
        "reason": None if revenue else reason.value,
        "detail": "" if revenue else detail,
        "disputed": gross.reconciled.is_disputed,
        "decisions": [*gross.list_decisions("worldwide"), *cost.list_decisions("budget")],
        "real_usd_year": REAL_USD_YEAR,
        "cpi_year": index_year(year),
        "imdbpro": _as_page(live) if live else {},
        "figures": [one.as_json() for one in known],
        **({"days": _describe_days(days)} if days and days.days else {}),
    }


def _convert(
    kind: str, ordered: Sequence[Figures], year: int | None, rates: ExchangeRates | None
) -> Iterator[tuple[Claim, SelectedAmount]]:
    """Yield the amounts of one kind that are US dollars, or can be converted to them."""
    for one in ordered:
        amount: MonetaryAmount | None = getattr(one, kind)
        if amount is None:
            continue
        conversion = rates.convert(amount, year) if rates and amount.currency != USD else None
        if conversion or amount.currency == USD:
            selected = SelectedAmount(one.source, amount, conversion)
            yield Claim(one.source, selected.amount_usd, one.origin, kind), selected


_Converted = Iterable[tuple[Claim, SelectedAmount]]


def _choose(converted: _Converted, domestic: _Converted, scale: _Converted) -> Selection:
    amounts = dict(reversed(list(converted)))
    claims = tuple(reversed(amounts))
    found = reconcile(
        claims, domestic=[claim for claim, _ in domestic], scale=[claim for claim, _ in scale]
    )
    return Selection(amounts[found.accepted[0]] if found.accepted else None, found)


def _describe(name: str, selected: SelectedAmount | None, year: int | None) -> dict[str, object]:
    amount_usd = selected.amount_usd if selected else None
    described: dict[str, object] = {
        f"{name}_usd": amount_usd,
        f"{name}_usd_real": to_real_usd(amount_usd, year),
        f"{name}_source": selected.source if selected else None,
    }
    if selected and selected.conversion:
        described[f"{name}_converted"] = {
            "amount": selected.original.amount,
            "currency": selected.original.currency,
            "usd_per_unit": selected.conversion.usd_per_unit,
            "year": selected.conversion.year,
        }
    return described


def _as_page(live: Figures) -> dict[str, object]:
    """Return IMDbPro's figures under the names of its rows."""
    names = {"worldwide": "gross_worldwide", "domestic": "gross_domestic"}
    figures = live.as_json()
    del figures["source"]
    return {names.get(kind, kind): amount for kind, amount in figures.items()}


def _describe_days(days: Days) -> dict[str, object]:
    return {
        "currency": days.currency,
        "widest_theatres": days.widest_theatres,
        "columns": list(DAY_COLUMNS),
        "rows": [[str(day.day), day.gross, day.theatres, day.gross_to_date] for day in days.days],
    }
