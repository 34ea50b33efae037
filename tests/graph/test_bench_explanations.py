"""The benchmark of explanations asks the studio what made each film's revenue."""

import numpy as np
import pytest
from present import present

from assets.splits.features import load_features
from benchmarks.explanations import INPUT_OF_TERM, first, lead, measure, read_terms
from pipeline.predict.masking import MASKS


def test_terms_are_those_of_the_studios_law_less_their_means(site):
    with site.run_context() as run_context:
        terms = read_terms(run_context)
        assert set(load_features(run_context).table["tmdb_id"]) <= set(terms)
    for name in INPUT_OF_TERM:
        assert np.mean([one[name] for one in terms.values()]) == pytest.approx(0, abs=1e-12)
    assert set(INPUT_OF_TERM.values()) <= set(MASKS)


def test_first_term_is_the_largest_one_and_leads_by_its_distance_to_the_second():
    terms = {1: {"budget": 0.1, "plot": -0.5, "poster": 0.3}}
    assert first(terms, 1) == "plot"
    assert lead(terms, 1) == pytest.approx(0.2)


@pytest.mark.slow
def test_benchmark_explains_every_film_by_a_model_that_did_not_see_it(site):
    rows = measure(site.settings)
    assert [row.limit for row in rows] == [0.8, None, None]
    assert "(0 films)" not in rows[-1].name
    assert 0 <= present(rows[-1].ours) <= 1
    assert 0 <= present(rows[-1].peer_value) <= 1
