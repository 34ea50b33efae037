from datetime import date

import pytest
from present import present

from pipeline.core.outcomes import Reason
from pipeline.core.prices import REAL_USD_YEAR, to_real_usd
from pipeline.core.records import MovieRecord
from pipeline.crawl.box_office_figures import (
    Figures,
    figures_from_page,
    figures_from_record,
    read_imported_figures,
)
from pipeline.crawl.box_office_selection import (
    describe_box_office,
    explain_missing_revenue,
    select_budget,
    select_revenue,
)
from pipeline.crawl.currency_conversion import ExchangeRates
from pipeline.crawl.imdbpro.box_office_page import BoxOffice
from pipeline.crawl.imdbpro.daily_table import Day, Days
from pipeline.crawl.monetary_amounts import MonetaryAmount


def usd(amount):
    return MonetaryAmount(float(amount), "USD")


POUNDS = MonetaryAmount(430_000.0, "GBP")
RATES = ExchangeRates({(1961, "GBP"): 2.8})
ORDER = ("imdbpro", "imdbpro-csv", "tmdb", "the-numbers", "box-office-mojo")


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_most_trusted_source_that_knows_gives_the_label(first):
    figures = [Figures(source, usd(100 + i)) for i, source in enumerate(ORDER)][first:]
    assert present(select_revenue(figures[::-1])).source == ORDER[first]


def test_source_that_is_not_listed_comes_last():
    figures = [Figures("somebody", usd(1)), Figures("box-office-mojo", usd(2))]
    assert present(select_revenue(figures)).amount_usd == 2
    assert present(select_revenue(figures[:1])).amount_usd == 1


def test_imported_revenue_in_tmdbs_field_is_trusted_like_tmdbs_and_named_after_its_dump():
    record = MovieRecord(1, "A", revenue_usd=5.0)
    reported = figures_from_record(record, {"marquee_provenance": {"revenue": "tmdb5000"}})
    chosen = present(select_revenue([Figures("the-numbers", usd(9)), reported]))
    assert (chosen.source, chosen.amount_usd) == ("tmdb5000", 5.0)


def test_foreign_currency_makes_no_label_and_is_kept():
    described = present(
        describe_box_office([figures_from_page(BoxOffice(gross_worldwide=POUNDS))], year=1961)
    )
    assert (described["revenue_usd"], described["source"]) == (None, "none")
    assert described["reason"] == "foreign_currency"
    assert described["imdbpro"]["gross_worldwide"] == {"amount": 430_000, "currency": "GBP"}


def test_foreign_currency_leaves_the_label_to_the_next_source():
    figures = [figures_from_page(BoxOffice(gross_worldwide=POUNDS)), Figures("tmdb", usd(5))]
    assert present(select_revenue(figures, year=1961)).source == "tmdb"


def test_rates_make_foreign_currency_a_label_that_says_so():
    figures = [figures_from_page(BoxOffice(gross_worldwide=POUNDS)), Figures("tmdb", usd(5))]
    described = present(describe_box_office(figures, year=1961, rates=RATES))
    assert (described["revenue_usd"], described["source"]) == (1_204_000.0, "imdbpro")
    assert described["revenue_converted"] == {
        "amount": 430_000.0, "currency": "GBP", "usd_per_unit": 2.8, "year": 1961
    }  # fmt: skip
    assert described["revenue_usd_real"] == to_real_usd(1_204_000.0, 1961)


@pytest.mark.parametrize("year", [1962, None])
def test_missing_rate_leaves_a_foreign_figure_as_it_is(year):
    figures = [Figures("imdbpro", POUNDS)]
    assert select_revenue(figures, year=year, rates=RATES) is None
    reason, detail = explain_missing_revenue(figures)
    assert reason is Reason.FOREIGN_CURRENCY
    assert "£430,000" in detail
    assert "MARQUEE_EXCHANGE_RATES" in detail


def test_dollars_are_not_converted():
    described = present(describe_box_office([Figures("imdbpro", usd(5))], year=1961, rates=RATES))
    assert "revenue_converted" not in described


@pytest.mark.parametrize("source", ["imdbpro", "imdb5000", "the-numbers"])
def test_domestic_gross_alone_is_no_worldwide_revenue(source):
    figures = [Figures(source, domestic=usd(9693))]
    described = present(describe_box_office(figures, year=1990))
    assert (described["revenue_usd"], described["reason"]) == (None, "no_box_office")
    assert described["figures"] == [
        {"source": source, "domestic": {"amount": 9693.0, "currency": "USD"}}
    ]
    assert explain_missing_revenue(figures)[0] is Reason.NO_BOX_OFFICE


def test_movie_of_which_nobody_knows_a_figure_has_none():
    assert describe_box_office([]) is None
    assert (
        describe_box_office(
            [figures_from_page(BoxOffice()), figures_from_record(MovieRecord(1, "A"), {})]
        )
        is None
    )


def test_budget_is_tmdbs_before_all_others_as_models_are_fed_it():
    figures = [Figures("imdbpro", budget=usd(7)), Figures("tmdb", budget=usd(5))]
    assert present(select_budget(figures)).source == "tmdb"
    assert present(select_budget(figures[:1])).source == "imdbpro"


def test_real_dollars_stand_beside_those_of_the_time():
    record = MovieRecord(1, "A", release_date=date(1997, 1, 1), budget_usd=2e6, revenue_usd=5e6)
    described = present(describe_box_office([figures_from_record(record, {})], year=1997))
    assert described["revenue_usd_real"] == to_real_usd(5e6, 1997)
    assert described["budget_usd_real"] == to_real_usd(2e6, 1997)
    assert (described["real_usd_year"], described["cpi_year"]) == (REAL_USD_YEAR, 1997)


@pytest.mark.parametrize(("year", "cpi_year"), [(2031, 2024), (1905, None), (None, None)])
def test_year_without_an_index_is_reported(year, cpi_year):
    described = present(describe_box_office([Figures("tmdb", usd(5))], year=year))
    assert described["cpi_year"] == cpi_year
    assert (described["revenue_usd_real"] is None) is (cpi_year is None)


def test_every_sources_figures_are_kept():
    answer = {
        "marquee_box_office": [
            {"source": "the-numbers", "worldwide": {"amount": 9, "currency": "USD"},
             "budget": {"amount": 3, "currency": "USD"}},
            {"source": "imdb5000", "domestic": {"amount": 4, "currency": "USD"}},
        ]
    }  # fmt: skip
    figures = [
        *read_imported_figures(answer),
        figures_from_page(BoxOffice(gross_worldwide=usd(10))),
    ]
    described = present(describe_box_office(figures, year=2000))
    assert [one["source"] for one in described["figures"]] == ["imdbpro", "the-numbers", "imdb5000"]
    assert described["figures"][1]["budget"] == {"amount": 3.0, "currency": "USD"}


@pytest.mark.parametrize(
    "output",
    [None, 5, "x", {}, [None], [{}], [{"source": "a"}], [{"source": "a", "worldwide": 5}],
     [{"source": "a", "worldwide": {"amount": 0, "currency": "USD"}}],
     [{"source": "a", "worldwide": {"amount": "5", "currency": "USD"}}],
     [{"source": "a", "worldwide": {"amount": 5}}]],
)  # fmt: skip
def test_what_is_no_imported_figure_is_left_out(output):
    assert read_imported_figures({"marquee_box_office": output}) == ()


def test_days_are_kept_in_rows_with_their_columns():
    days = Days((Day(date(1985, 6, 14), 5.0, 1100, 5.0),), "USD")
    described = present(describe_box_office([Figures("imdbpro", usd(5))], days=days))
    assert described["days"] == {
        "currency": "USD",
        "widest_theatres": 1100,
        "columns": ["date", "gross", "theatres", "gross_to_date"],
        "rows": [["1985-06-14", 5.0, 1100, 5.0]],
    }
