from pipeline.crawl.box_office import choose_revenue
from pipeline.crawl.imdbpro import BoxOffice, Money


def test_imdbpros_worldwide_gross_comes_before_tmdbs_revenue():
    chosen = choose_revenue(BoxOffice(gross_worldwide=Money(9693, "USD")), 5.0)
    assert (chosen["revenue_usd"], chosen["source"]) == (9693, "imdbpro")


def test_foreign_currency_makes_no_label_and_is_kept():
    chosen = choose_revenue(BoxOffice(gross_worldwide=Money(430_000, "GBP")), None)
    assert chosen["revenue_usd"] is None
    assert chosen["imdbpro"]["gross_worldwide"] == {"amount": 430_000, "currency": "GBP"}


def test_foreign_currency_leaves_the_label_to_tmdb():
    chosen = choose_revenue(BoxOffice(gross_worldwide=Money(430_000, "GBP")), 5.0)
    assert (chosen["revenue_usd"], chosen["source"]) == (5.0, "tmdb")


def test_domestic_gross_alone_is_no_worldwide_revenue():
    chosen = choose_revenue(BoxOffice(gross_domestic=Money(9693, "USD")), None)
    assert chosen["revenue_usd"] is None


def test_movie_of_which_nobody_knows_a_figure_has_none():
    assert choose_revenue(None, None) is None
    assert choose_revenue(BoxOffice(), None) is None
