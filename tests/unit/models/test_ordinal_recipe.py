"""Revenue classes by the blend: the class that is named, what is refused, and no leak."""

from dataclasses import replace

import numpy as np
import pytest
from priced_movies import INPUTS, LOG10, PARTS, TEST, TRAIN

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target
from pipeline.models.estimators.blend import BlendConfig
from pipeline.models.estimators.ordinal_estimator import cut_into_classes
from pipeline.models.systems.revenue import CUT_BLEND, REVENUE, REVENUE_CLASS
from pipeline.models.training.estimator import RunConfig
from pipeline.models.training.model_registry import load_trained, predict, save_trained

ESTIMATORS = REVENUE.estimators()

EDGES_USD = [float(edge) for edge in 10 ** np.quantile(LOG10[TRAIN], np.arange(1, 8) / 8)]
PARTS_FAST = {"parts": ("gaussian process",)}


def classes(revenue_usd=INPUTS.revenue_usd):
    values = np.searchsorted(EDGES_USD, revenue_usd, side="right").astype(np.int64)
    return Target(REVENUE_CLASS, values, {"edges_usd": EDGES_USD})


def train(folder, inputs=INPUTS, target=None, **hyperparameters):
    training = RunConfig(folder, hyperparameters=hyperparameters or PARTS_FAST, accelerator="cpu")
    return ESTIMATORS[CUT_BLEND].train(inputs, target or classes(), PARTS, training)


@pytest.fixture(scope="module", name="trained")
def trained_once(tmp_path_factory):
    """Train on `INPUTS` once for all tests, which leave the model as it is."""
    return train(tmp_path_factory.mktemp("trained"))


def test_the_class_of_the_predicted_revenue_is_the_most_probable(trained):
    preds = predict(trained, INPUTS, TEST)
    assert preds.shape == (len(TEST), 8)
    np.testing.assert_allclose(preds.sum(axis=1), 1)
    blend = trained.network.blend.predict(INPUTS, TEST)[:, 0]
    centre = LOG10[PARTS != "test"].mean()
    named = cut_into_classes(blend, np.array(EDGES_USD), centre)
    np.testing.assert_array_equal(preds.argmax(axis=1), named)
    assert np.abs(named - classes().values[TEST]).mean() < 2.0  # one of eight at random: 2.6


def test_it_is_saved_with_all_its_parts_and_answers_alike(tmp_path):
    trained = train(tmp_path, parts=BlendConfig().parts)
    target = classes()
    path = save_trained(
        trained, tmp_path / "m.pth", task=REVENUE_CLASS, target_facts=target.facts, notes={}
    )
    preds = predict(trained, INPUTS, TEST)
    np.testing.assert_array_equal(predict(load_trained(path), INPUTS, TEST), preds)
    assert trained.config["parts"] == list(BlendConfig().parts)


def test_revenues_of_test_movies_change_nothing(trained, tmp_path):
    hidden = np.where(PARTS == "test", np.nan, INPUTS.revenue_usd)
    blind = replace(INPUTS, revenue_usd=hidden)
    target = classes()
    values = np.where(PARTS == "test", -1, target.values)
    second = train(tmp_path, blind, replace(target, values=values))
    np.testing.assert_array_equal(predict(trained, INPUTS, TEST), predict(second, blind, TEST))


def test_shuffled_revenues_are_not_learned(tmp_path):
    shuffled = np.random.default_rng(5).permutation(INPUTS.revenue_usd)
    inputs = replace(INPUTS, revenue_usd=shuffled)
    target = classes(shuffled)
    off = predict(train(tmp_path, inputs, target), inputs, TEST).argmax(axis=1)
    assert np.abs(off - target.values[TEST]).mean() > 1.5  # the middle one always: 2.0


def test_classes_of_other_revenues_are_refused(tmp_path):
    wrong = replace(classes(), values=classes().values[::-1].copy())
    with pytest.raises(TrainingError, match="movies' own revenues"):
        train(tmp_path, target=wrong)


def test_classes_may_be_cut_at_multiples_of_each_budget(tmp_path):
    multiples = [0.25, 0.5, 1.0, 1.5, 2.5, 4.0, 8.0]
    budgets_usd = np.array([record.budget_usd for record in INPUTS.records])
    values = np.searchsorted(multiples, INPUTS.revenue_usd / budgets_usd, side="right")
    target = Target(REVENUE_CLASS, values, {"edges_budgets": multiples})
    trained = train(tmp_path, target=target)
    named = predict(trained, INPUTS, TEST).argmax(axis=1)
    preds = trained.network.blend.predict(INPUTS, TEST)[:, 0]
    assert np.corrcoef(named, preds - np.log10(budgets_usd[TEST]))[0, 1] > 0.9
    poor = [replace(record, budget_usd=None) for record in INPUTS.records]
    with pytest.raises(TrainingError, match="15 without; classes of this model are cut at budgets"):
        predict(trained, replace(INPUTS, records=poor), TEST)


def test_other_edges_make_another_model(trained, tmp_path):
    between = np.sort(LOG10[PARTS != "test"])[:2].mean()  # parts two movies that were in one class
    edges = [float(10**between), *EDGES_USD[1:]]
    values = np.searchsorted(edges, INPUTS.revenue_usd, side="right").astype(np.int64)
    other = train(tmp_path, target=Target(REVENUE_CLASS, values, {"edges_usd": edges}))
    assert other.fingerprint != trained.fingerprint


def test_classes_without_edges_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="leave this variant out"):
        train(tmp_path, target=replace(classes(), facts={}))
