"""Figures checked against each other: one test per rule, and what the label becomes."""

import pytest
from present import present

from pipeline.core.outcomes import Reason
from pipeline.crawl.box_office_figures import Figures
from pipeline.crawl.box_office_reconciliation import Claim, Rule, reconcile
from pipeline.crawl.box_office_selection import describe_box_office
from pipeline.crawl.monetary_amounts import MonetaryAmount


def usd(amount):
    return MonetaryAmount(float(amount), "USD")


def figures(source, worldwide=None, **others):
    amounts = {"worldwide": worldwide, **others}
    return Figures(source, **{kind: usd(amount) for kind, amount in amounts.items() if amount})


def rules(described):
    return [(one["kind"], one["source"], one["rule"]) for one in described["decisions"]]


@pytest.mark.parametrize(
    ("known", "label", "passed_over"),
    [
        # the domestic gross as the worldwide one
        ([figures("tmdb", 40_203_020), figures("the-numbers", 263_894_551, domestic=40_203_020)],
         263_894_551, ("tmdb", "is_domestic")),
        ([figures("tmdb", 40_203_020), figures("the-numbers", 263_894_551),
          figures("imdb5000", domestic=40_203_019)], 263_894_551, ("tmdb", "is_domestic")),
        # millions and thousands written as dollars
        ([figures("tmdb", 12), figures("the-numbers", 12_291_975, domestic=10_155_691)],
         12_291_975, ("tmdb", "unit")),
        ([figures("tmdb", 81_000), figures("the-numbers", 81_400_000)],
         81_400_000, ("tmdb", "unit")),
        ([figures("tmdb", 2_000_000, budget=1_500_000), figures("the-numbers", 2_000_000_000)],
         2_000_000, ("the-numbers", "unit")),
        # next to nothing beside millions, without being the same in another unit
        ([figures("tmdb", 7), figures("the-numbers", 12_291_975)], 12_291_975, ("tmdb", "tiny")),
        # below a domestic gross
        ([figures("tmdb", 30_000_000), figures("the-numbers", 90_000_000, domestic=45_000_000)],
         90_000_000, ("tmdb", "below_domestic")),
        # against two others, in both directions
        ([figures("tmdb", 9e6), figures("the-numbers", 51e6), figures("box-office-mojo", 48e6)],
         51e6, ("tmdb", "outlier")),
        ([figures("tmdb", 400e6), figures("the-numbers", 51e6), figures("box-office-mojo", 48e6)],
         51e6, ("tmdb", "outlier")),
        # no movie earned so much
        ([figures("tmdb", 8e12), figures("the-numbers", 51e6)], 51e6, ("tmdb", "impossible")),
    ],
)  # fmt: skip
def test_contradicted_figure_is_passed_over(known, label, passed_over):
    described = present(describe_box_office(known))
    assert described["revenue_usd"] == label
    assert described["disputed"] is True
    assert rules(described) == [("worldwide", *passed_over)]
    assert len(described["figures"]) == len(known), "every source's figures are kept"


@pytest.mark.parametrize(
    "known",
    [
        [figures("tmdb", 100e6), figures("the-numbers", 108e6, domestic=60e6)],
        [figures("tmdb", 100e6), figures("the-numbers", 100e6, domestic=102e6)],  # rounding
        [figures("tmdb", 40e6), figures("the-numbers", 40.1e6, domestic=40e6)],  # home alone
        [figures("tmdb", 600)],
        [figures("tmdb", 400_000, budget=60e6)],
    ],
)
def test_figures_that_agree_are_no_dispute(known):
    described = present(describe_box_office(known))
    assert (described["source"], described["disputed"]) == ("tmdb", False)
    assert described["decisions"] == []


def test_two_figures_that_differ_without_proof_keep_the_rank_and_are_disputed():
    described = present(describe_box_office([figures("tmdb", 10e6), figures("the-numbers", 45e6)]))
    assert (described["revenue_usd"], described["disputed"]) == (10e6, True)
    assert described["decisions"] == []


def test_two_dumps_of_one_site_are_one_witness():
    known = [
        figures("tmdb", 9e6), figures("imdbpro", 51e6), figures("imdbpro-csv", 50e6),
    ]  # fmt: skip
    assert present(describe_box_office(known))["decisions"] == []


def test_domestic_gross_that_two_worldwide_ones_contradict_decides_nothing():
    known = [figures("tmdb", 50e6), figures("the-numbers", 51e6), figures("imdb5000", domestic=5e9)]
    assert present(describe_box_office(known))["revenue_usd"] == 50e6


def test_lone_gross_below_the_domestic_one_makes_no_label_and_says_why():
    described = present(
        describe_box_office([figures("tmdb", 5e6), figures("imdb5000", domestic=45e6)])
    )
    assert described["revenue_usd"] is None
    assert described["reason"] == Reason.DISPUTED.value
    assert "imdb5000 domestic 45,000,000" in described["detail"]
    assert Reason.DISPUTED.status.is_final


def test_budget_in_millions_is_passed_over_as_well():
    described = present(
        describe_box_office(
            [figures("tmdb", 80e6, budget=25), figures("the-numbers", 81e6, budget=25e6)]
        )
    )
    assert (described["budget_usd"], described["budget_source"]) == (25e6, "the-numbers")
    assert rules(described) == [("budget", "tmdb", "unit")]
    assert described["disputed"] is False, "that is of the label"


@pytest.mark.parametrize("unit", [1e3, 1e6])
@pytest.mark.parametrize("amount", [12e6, 81.4e6, 950e6])
def test_either_unit_is_recognised_whichever_source_has_it(amount, unit):
    for first, second in (("tmdb", "the-numbers"), ("the-numbers", "tmdb")):
        found = reconcile([Claim(first, round(amount / unit)), Claim(second, amount)])
        assert [one.source for one in found.accepted] == [second]
        assert found.decisions[0].rule in (Rule.UNIT, Rule.TINY)
