from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.core.errors import LeakError
from pipeline.core.ragged import pack_ragged
from pipeline.core.tasks import Target
from pipeline.models.estimators.baselines import (
    BOOSTING,
    BOOSTING_WITH_EMBEDDINGS,
    LABEL_PRIOR,
    LOG_BUDGET,
    MAJORITY,
    MEAN,
    MEDIAN,
    PRIOR,
    predict_baselines,
)
from pipeline.models.systems.box_office import LOG10_REVENUE
from pipeline.models.systems.genre import GENRES
from pipeline.models.systems.poster import PROFIT
from pipeline.models.systems.revenue import REVENUE_CLASS
from pipeline.models.systems.score import SCORE_TASK
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.summaries import reduce_streams


def movies(n: int, *, classes: int = 8, seed: int = 0) -> tuple[SimpleNamespace, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    metadata = rng.normal(size=(n, 20)).astype(np.float32)
    metadata[:, 0] += labels
    metadata[rng.random(metadata.shape) < 0.2] = np.nan
    metadata[:, 5] = np.nan
    streams = {
        "text": rng.normal(size=(n, 384)).astype(np.float32),
        "audio": rng.normal(size=(n, 64, 30)).astype(np.float16),
        "metadata": metadata,
    }
    streams["text"][:, :40] += labels[:, None]
    masks = {name: rng.random(n) < 0.9 for name in streams}
    return SimpleNamespace(streams=streams, masks=masks, data_hash="d"), labels


def classes(table, labels, train_rows, rows, **more):
    return predict_baselines(
        FeatureSet(table), Target(REVENUE_CLASS, labels, {}), train_rows, rows, **more
    )


def test_every_baseline_gives_probabilities_for_every_class():
    table, labels = movies(72)
    answers = classes(table, labels, np.arange(50), np.arange(50, 72))
    assert list(answers) == [MAJORITY, PRIOR, BOOSTING, BOOSTING_WITH_EMBEDDINGS]
    for probabilities in answers.values():
        assert probabilities.shape == (22, 8)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_majority_is_the_training_part_s_commonest_class():
    table, labels = movies(60, classes=2)
    labels[:20] = 3
    preds = classes(table, labels, np.arange(40), np.arange(40, 60))[MAJORITY]
    assert set(preds.argmax(axis=1)) == {3}


def test_prior_is_the_training_part_s_shares():
    table, labels = movies(4000)
    labels[:] = np.arange(4000) % 4 == 0
    del table.streams["metadata"]
    preds = classes(table, labels, np.arange(2000), np.arange(2000, 4000))[PRIOR]
    assert preds[:, 1] == pytest.approx(0.25)
    assert preds.sum(axis=1) == pytest.approx(1.0)


def test_class_that_the_training_part_lacks_has_probability_zero():
    table, labels = movies(60, classes=3)
    labels[:40][labels[:40] == 2] = 1
    answers = classes(table, labels, np.arange(40), np.arange(40, 60))
    assert all((probabilities[:, 2:] == 0).all() for probabilities in answers.values())


def test_training_part_of_one_class_gets_that_answer():
    table, labels = movies(30)
    labels[:] = 2
    answers = classes(table, labels, np.arange(20), np.arange(20, 30))
    assert all((p.argmax(axis=1) == 2).all() for p in answers.values())


def test_boosting_finds_what_metadata_and_embeddings_show():
    table, labels = movies(500, classes=4)
    rows = np.arange(300, 500)
    answers = classes(table, labels, np.arange(300), rows)
    scores = {k: (p.argmax(axis=1) == labels[rows]).mean() for k, p in answers.items()}
    assert scores[MAJORITY] < 0.3 < scores[BOOSTING] < scores[BOOSTING_WITH_EMBEDDINGS]


def test_same_seed_gives_the_same_answers():
    table, labels = movies(80, classes=3)
    one, two = (classes(table, labels, np.arange(60), np.arange(60, 80)) for _ in "ab")
    for name, probabilities in one.items():
        np.testing.assert_array_equal(probabilities, two[name])


def test_components_are_fitted_on_the_training_part_alone():
    table, _ = movies(80)
    train, _ = reduce_streams(table, ["text", "audio"], np.arange(60), np.arange(60, 70), seed=1)
    again, _ = reduce_streams(table, ["text", "audio"], np.arange(60), np.arange(70, 80), seed=1)
    np.testing.assert_array_equal(train, again)


def test_missing_stream_is_nan_in_its_columns():
    table, _ = movies(80)
    table.masks["text"][:] = True
    table.masks["text"][[0, 70]] = False
    train, asked = reduce_streams(table, ["text"], np.arange(60), np.arange(60, 80), seed=1)
    assert np.isnan(train[0]).all()
    assert np.isnan(asked[10]).all()
    assert not np.isnan(train[1:]).any()


def test_stream_that_hardly_any_training_movie_has_is_passed_over():
    table, labels = movies(80, classes=2)
    table.masks["text"][:] = False
    train, _ = reduce_streams(table, ["text"], np.arange(60), np.arange(60, 80), seed=1)
    assert train.shape == (60, 0)
    answers = classes(table, labels, np.arange(60), np.arange(60, 80))
    assert np.isfinite(answers[BOOSTING_WITH_EMBEDDINGS]).all()


def money(n: int, task=LOG10_REVENUE) -> tuple[FeatureSet, Target]:
    """Log revenue is log budget and a little noise; the budget is column 0."""
    table, _ = movies(n)
    rng = np.random.default_rng(1)
    budget = rng.normal(7, 1, n)
    revenue = budget + rng.normal(0, 0.2, n)
    table.streams["metadata"][:, 0] = np.where(rng.random(n) < 0.1, np.nan, budget)
    names = ("log10_budget", *(f"c{k}" for k in range(19)))
    table.columns = {"metadata": names}
    values = revenue if task is LOG10_REVENUE else (revenue >= budget.mean()).astype(int)
    return FeatureSet(table), Target(task, values, {})


def test_number_has_mean_median_budget_and_boosting():
    inputs, target = money(400)
    train, rows = np.arange(300), np.arange(300, 400)
    answers = predict_baselines(inputs, target, train, rows)
    assert list(answers) == [MEAN, MEDIAN, LOG_BUDGET, BOOSTING, BOOSTING_WITH_EMBEDDINGS]
    assert set(answers[MEAN]) == {target.values[train].mean()}
    assert set(answers[MEDIAN]) == {np.median(target.values[train])}
    errors = {name: np.abs(preds - target.values[rows]).mean() for name, preds in answers.items()}
    assert errors[LOG_BUDGET] < 0.5 * errors[MEAN]
    assert errors[BOOSTING] < 0.6 * errors[MEAN]


def test_money_classes_are_predicted_from_the_budget_too():
    inputs, target = money(400, PROFIT)
    rows = np.arange(300, 400)
    answers = predict_baselines(inputs, target, np.arange(300), rows)
    assert list(answers)[:3] == [MAJORITY, PRIOR, LOG_BUDGET]
    np.testing.assert_allclose(answers[LOG_BUDGET].sum(axis=1), 1)
    hits = {k: (preds.argmax(axis=1) == target.values[rows]).mean() for k, preds in answers.items()}
    assert hits[LOG_BUDGET] > hits[MAJORITY] + 0.2


def test_budget_alone_is_no_baseline_of_a_task_without_money():
    inputs, target = money(100)
    answers = predict_baselines(
        inputs, Target(SCORE_TASK, target.values, {}), np.arange(80), np.arange(80, 100)
    )
    assert LOG_BUDGET not in answers


def test_labels_have_their_shares_and_boosting_each():
    table, groups = movies(400)
    labels = np.stack([groups > k for k in range(10)], axis=1).astype(np.float32)
    rows = np.arange(250, 400)
    answers = predict_baselines(FeatureSet(table), Target(GENRES, labels, {}), np.arange(250), rows)
    assert list(answers) == [LABEL_PRIOR, BOOSTING, BOOSTING_WITH_EMBEDDINGS]
    np.testing.assert_allclose(answers[LABEL_PRIOR][0], labels[:250].mean(axis=0), atol=1e-6)
    hits = ((answers[BOOSTING_WITH_EMBEDDINGS] > 0.5) == labels[rows])[:, 2:5].mean()
    assert hits > ((answers[LABEL_PRIOR] > 0.5) == labels[rows])[:, 2:5].mean() + 0.1
    # a label that no training movie has
    assert (answers[BOOSTING][:, 9] == 0).all()


def test_sequences_count_by_their_mean():
    table, _ = movies(80)
    frames = pack_ragged([np.full((row % 3, 2), row, np.float32) for row in range(80)])
    table.streams["frames"], table.masks["frames"] = frames, frames.lengths > 0
    train, asked = reduce_streams(table, ["frames"], np.arange(60), np.arange(60, 80), seed=1)
    np.testing.assert_array_equal(train[:4], [[np.nan] * 2, [1, 1], [2, 2], [np.nan] * 2])
    assert asked[1].tolist() == [61, 61]


def test_leaked_column_is_refused():
    inputs, target = money(80)
    inputs.table.columns["metadata"] = ("revenue_usd", *inputs.table.columns["metadata"][1:])
    with pytest.raises(LeakError, match="revenue_usd"):
        predict_baselines(inputs, target, np.arange(60), np.arange(60, 80))
