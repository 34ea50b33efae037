"""Linear models over embeddings."""

import numpy as np
import pytest
from pixel_movies import CLASSES, LABELS, NUMBER
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target
from pipeline.models.estimators.linear_estimator import LinearConfig, LinearEstimator
from pipeline.models.training.batches import StreamArrays
from pipeline.models.training.estimator import FeatureSet, RunConfig
from pipeline.models.training.model_registry import load_trained, predict, save_trained
from pipeline.models.training.summaries import FARTHEST_SD, fit_scale, standardise

N, WIDTH = 240, 20
PARTS = np.array((["train"] * 8 + ["val"] * 2 + ["test"] * 2) * (N // 12), dtype=object)
TEST, FITTED = np.flatnonzero(PARTS == "test"), np.flatnonzero(PARTS != "test")
RNG = np.random.default_rng(5)
HIDDEN = RNG.normal(size=(N, 3))
POSTER = (HIDDEN @ RNG.normal(size=(3, WIDTH)) + 0.2 * RNG.normal(size=(N, WIDTH))).astype("f4")
POSITIVE = Target(CLASSES, (HIDDEN[:, 0] > 0).astype(np.int64), {})


def features(poster=POSTER) -> FeatureSet:
    masks = {"poster": np.ones(N, bool)}
    return FeatureSet(StreamArrays({"poster": poster}, masks, "hash"))


def train(folder, target: Target, inputs=None, **config):
    run = RunConfig(folder, hyperparameters={})
    estimator = LinearEstimator("linear", LinearConfig(**config))
    return estimator.train(inputs or features(), target, PARTS, run)


def test_classes_are_found_and_a_saved_model_predicts_the_same(tmp_path):
    trained = train(tmp_path, POSITIVE)
    preds = predict(trained, features(), TEST)
    assert (preds.argmax(axis=1) == POSITIVE.values[TEST]).mean() > 0.9
    np.testing.assert_allclose(preds.sum(axis=1), 1)
    file = save_trained(trained, tmp_path / "m.pth", task=CLASSES, target_facts={}, notes={})
    np.testing.assert_array_equal(predict(load_trained(file), features(), TEST), preds)


def test_it_is_logistic_regression_on_training_and_validation_set(tmp_path):
    trained = train(tmp_path, POSITIVE, strengths=(1e-2,), weigh_classes=False)
    columns = POSTER.astype(np.float64)
    columns = standardise(columns, *fit_scale(columns[FITTED]))
    other = LogisticRegression(C=1e-2, max_iter=300).fit(columns[FITTED], POSITIVE.values[FITTED])
    preds = predict(trained, features(), TEST)
    np.testing.assert_allclose(preds, other.predict_proba(columns[TEST]), atol=1e-6)


def test_more_columns_than_films_make_the_same_model(tmp_path):
    """They are turned into the directions that the films span; the weights are turned back."""
    wide = np.random.default_rng(8).normal(size=(N, 3 * N)).astype("f4")
    wide[:, :WIDTH] += POSTER
    trained = train(tmp_path, POSITIVE, features(wide), strengths=(1e-3,), weigh_classes=False)
    columns = standardise(wide.astype(np.float64), *fit_scale(wide[FITTED].astype(np.float64)))
    other = LogisticRegression(C=1e-3, max_iter=300).fit(columns[FITTED], POSITIVE.values[FITTED])
    preds = predict(trained, features(wide), TEST)
    np.testing.assert_allclose(preds, other.predict_proba(columns[TEST]), atol=1e-6)
    number = Target(NUMBER, 7 + 2 * HIDDEN[:, 1], {})
    trained = train(tmp_path, number, features(wide), strengths=(1e-3,))
    own = number.values[FITTED]
    ridge = Ridge(alpha=1e3).fit(columns[FITTED], (own - own.mean()) / own.std())
    expected = own.mean() + own.std() * ridge.predict(columns[TEST])
    np.testing.assert_allclose(predict(trained, features(wide), TEST), expected, atol=1e-6)


def test_labels_and_numbers_are_found(tmp_path):
    labels = Target(LABELS, (HIDDEN > 0).astype(np.float32), {})
    preds = predict(train(tmp_path, labels), features(), TEST)
    assert average_precision_score(labels.values[TEST], preds) > 0.9
    number = Target(NUMBER, 7 + 2 * HIDDEN[:, 1], {})
    preds = predict(train(tmp_path, number), features(), TEST)
    assert np.corrcoef(preds, number.values[TEST])[0, 1] > 0.95
    assert abs(preds.mean() - 7) < 1


def test_label_that_no_film_has_is_never_predicted(tmp_path):
    values = (HIDDEN > 0).astype(np.float32)
    values[:, 2] = 0
    preds = predict(train(tmp_path, Target(LABELS, values, {})), features(), TEST)
    assert preds[:, 2].max() < 1e-6


def test_validation_set_chooses_the_penalty(tmp_path):
    """Pure noise wants the strongest one."""
    noise = Target(CLASSES, np.random.default_rng(0).integers(0, 2, N), {})
    trained = train(tmp_path, noise, strengths=(1e-6, 10.0))
    assert trained.fitted.best_epoch == 1
    assert trained.fitted.history[0]["val_loss"] == pytest.approx(0.693, abs=0.01)
    assert trained.val_preds is not None
    assert trained.val_preds.shape == ((PARTS == "val").sum(), 2)


def test_film_without_a_poster_is_predicted_as_the_mean_film(tmp_path):
    inputs = features()
    inputs.table.masks["poster"][TEST[0]] = False
    preds = predict(train(tmp_path, Target(NUMBER, HIDDEN[:, 0], {}), inputs), inputs, TEST)
    assert np.isfinite(preds).all()
    assert abs(preds[0] - HIDDEN[FITTED, 0].mean()) < 1e-6


def test_poster_of_another_backbone_and_a_table_without_posters_are_refused(tmp_path):
    trained = train(tmp_path, POSITIVE)
    with pytest.raises(TrainingError, match="another backbone"):
        predict(trained, features(POSTER[:, :5]), TEST)
    with pytest.raises(TrainingError, match="build the embeddings"):
        train(tmp_path, POSITIVE, streams=("frames",))


def test_outliers_are_clipped():
    scale = fit_scale(np.array([[0.0], [0.0], [1.0], [np.nan]]))
    far = standardise(np.array([[1e6], [np.nan]]), *scale)
    assert far.tolist() == [[FARTHEST_SD], [0.0]]
