"""Baselines on a site read what the blend beside them reads, of the same movies."""

import json

import numpy as np
import pytest
from present import present

from assets.evaluation.stored_reports import read_summary
from assets.evaluation.system_report import explain_missing, needs_blend_baselines
from assets.models.baselines import load_baselines
from assets.models.experiment_data import open_experiment_data
from assets.models.experiments import Experiment
from pipeline.evaluation.report.best_variant import VAL_SCORE
from pipeline.models.estimators.baselines import LOG_BUDGET, MEAN, MEDIAN, predict_baselines
from pipeline.models.estimators.blend_baselines import (
    BLEND_BASELINES,
    predict_blend_baselines,
    read_blend_inputs,
)
from pipeline.models.systems.box_office import BOX_OFFICE, LOG10_REVENUE, MAIN
from pipeline.models.systems.genre import GENRE
from pipeline.models.systems.revenue import CUT_BLEND, REVENUE, REVENUE_CLASS
from pipeline.models.training.model_registry import load_trained

SHORT = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}
TREES = "boosted trees"


@pytest.fixture
def site(open_site):
    site = open_site(60, stages=("crawl",), assets=("movie_features", "box_office_splits"))
    site.materialize(
        "box_office_baselines", "box_office_encoder", "box_office_model", "box_office_evaluation",
        box_office_encoder={**SHORT, "pretraining_epochs": 1, "variants": [MAIN]},
        box_office_model={**SHORT, "max_epochs": 1, "variants": [MAIN, TREES]},
    )  # fmt: skip
    return site


def test_saved_blend_and_its_baselines_were_fitted_to_the_same(site):
    split = BOX_OFFICE.headline
    experiment = Experiment(BOX_OFFICE, LOG10_REVENUE, split, MAIN)
    with site.run_context() as run_context:
        data = open_experiment_data(run_context, BOX_OFFICE)
        saved = load_trained(experiment.folder(run_context) / BOX_OFFICE.model_file)
        stored = load_baselines(run_context, BOX_OFFICE, LOG10_REVENUE, split)
        train, val, test = (data.rows(experiment, name) for name in ("train", "val", "test"))
        both, target = np.concatenate([train, val]), data.target(experiment)
        features = data.features_of(experiment)
        again = predict_blend_baselines(features, target, both, test)
        on_both = predict_baselines(features, target, both, test, boosts=False)
        inputs = read_blend_inputs(features, target, both, test, seed=42)
        assert_same_reader(inputs, saved.network.members, features, test)
    assert set(stored) == {MEAN, MEDIAN, LOG_BUDGET, *BLEND_BASELINES}
    for name, preds in {**again, **on_both}.items():
        np.testing.assert_array_equal(stored[name], preds, err_msg=name)
    assert_headline_and_validation(site)


def assert_same_reader(inputs, members, features, test):
    """Vocabulary, scales and track records of the blend's own trees are the baselines'."""
    own = members["boosting"].reader
    for name, values in own.state_dict().items():
        np.testing.assert_array_equal(inputs.reader.state_dict()[name], values, err_msg=name)
    np.testing.assert_array_equal(inputs.asked["numbers"], own.raw_numbers(features, test))


def assert_headline_and_validation(site):
    with site.run_context() as run_context:
        task = present(read_summary(run_context, BOX_OFFICE))["tasks"]["log10_revenue"]
    assert task["headline"] == "fold"
    results = task["splits"][BOX_OFFICE.headline]["results"]
    scores = {name: results[name]["facts"][VAL_SCORE] for name in (MAIN, TREES)}
    assert all(0 < score < 3 for score in scores.values())
    facts = [json.loads(path.read_text()) for path in site.store.rglob("facts.json")]
    trees = next(one for one in facts if (one["variant"], one["split"]) == (TREES, "80-10-10"))
    # trees alone have no epochs: their stored error is of the fit to the training set alone
    assert trees[VAL_SCORE] == pytest.approx(trees["history"][0]["val_rmse"])


def test_baselines_of_a_blend_stand_where_a_blend_does():
    assert needs_blend_baselines(BOX_OFFICE, ["transformer"])
    assert needs_blend_baselines(REVENUE, ["all streams"])  # its main variant is a blend
    assert needs_blend_baselines(REVENUE, ["all streams", CUT_BLEND])
    assert not needs_blend_baselines(GENRE, ["late fusion"])


def test_blends_of_the_registry_are_variants():
    for system, task in ((BOX_OFFICE, LOG10_REVENUE), (REVENUE, REVENUE_CLASS)):
        assert set(system.blend_variants) <= set(system.estimators())
        assert task in system.tasks
    assert BOX_OFFICE.is_blend
    assert REVENUE.is_blend
    assert not GENRE.is_blend


def test_reason_is_that_of_the_main_variant():
    assert explain_missing(
        [{"reason": "no film has what it requires: poster"}, {"reason": "other"}]
    ) == ("no film has what it requires: poster")
    assert explain_missing([]) == "no variant of it was asked for"
