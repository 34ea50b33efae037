"""The stack of linear model and plots' kernel over all labels."""

import numpy as np
import pytest
from pixel_movies import CLASSES, LABELS

from pipeline.core.errors import TrainingError
from pipeline.core.records import MovieRecord
from pipeline.core.tasks import Target
from pipeline.evaluation.metrics.label_metrics import score_labels
from pipeline.models.estimators import plot_kernel
from pipeline.models.estimators.label_stack import LabelStackEstimator
from pipeline.models.estimators.linear_estimator import LinearConfig, LinearEstimator
from pipeline.models.estimators.plot_kernel import PlotKernel
from pipeline.models.training.batches import StreamArrays
from pipeline.models.training.estimator import FeatureSet, RunConfig
from pipeline.models.training.model_registry import load_trained, predict, save_trained

N, WIDTH, N_LABELS = 360, 12, len(LABELS.class_names)
PARTS = np.array((["train"] * 8 + ["val"] * 2 + ["test"] * 2) * (N // 12), dtype=object)
TEST, FITTED = np.flatnonzero(PARTS == "test"), np.flatnonzero(PARTS != "test")
RNG = np.random.default_rng(5)
PLACE = RNG.normal(size=(N, 2))
VECTORS = np.hstack([PLACE, 0.3 * RNG.normal(size=(N, WIDTH - 2))]).astype(np.float32)
WORD = RNG.integers(0, 3, N)
NAMES = ("pirate", "wedding", "spaceship")


def make_labels() -> np.ndarray:
    """Make labels that a line cannot find (a product), that a word decides, and both together."""
    crossed = PLACE[:, 0] * PLACE[:, 1] > 0
    labels = np.stack([crossed, WORD == 0, crossed & (WORD == 0)], axis=1).astype(np.float32)
    return np.resize(labels, (N, N_LABELS)) if N_LABELS != 3 else labels


LABELLED = Target(LABELS, make_labels(), {})


def features(*, text=True, records=True) -> FeatureSet:
    streams = {"text": VECTORS} if text else {"poster": VECTORS}
    masks = {name: np.arange(N) % 40 != 5 for name in streams}
    streams = {name: values * masks[name][:, None] for name, values in streams.items()}
    plots = [f"A {NAMES[word]} and a {NAMES[word]} story." for word in WORD]
    listed = tuple(
        MovieRecord(k, f"film {k}", overview=plot, franchise=f"movie:{k}")
        for k, plot in enumerate(plots)
    )
    return FeatureSet(StreamArrays(streams, masks, "hash"), listed if records else ())


def train(folder, inputs, estimator=LabelStackEstimator, target=LABELLED):
    config = LinearConfig(("text", "poster"), strengths=(1e-3, 1e-2))
    return estimator("stack", config).train(inputs, target, PARTS, RunConfig(folder))


def score(preds, rows=TEST) -> float:
    scores = score_labels(preds, LABELLED.values[rows], np.ones((1, len(rows))))
    return float(scores["micro_ap_score"][0])


def test_it_beats_the_linear_model_on_the_same_plots(tmp_path):
    inputs = features()
    linear = predict(train(tmp_path, inputs, LinearEstimator), inputs, TEST)
    trained = train(tmp_path, inputs)
    assert score(predict(trained, inputs, TEST)) > 1.1 * score(linear)
    assert trained.val_preds is not None
    assert score(trained.val_preds, np.flatnonzero(PARTS == "val")) > 0.8


def test_a_saved_model_predicts_the_same(tmp_path):
    inputs = features()
    trained = train(tmp_path, inputs)
    file = save_trained(trained, tmp_path / "m.pth", task=LABELS, target_facts={}, notes={})
    preds = predict(trained, inputs, TEST)
    np.testing.assert_allclose(predict(load_trained(file), inputs, TEST), preds, atol=1e-12)


@pytest.mark.parametrize("lacks", [{"text": False}, {"records": False}], ids=["text", "records"])
def test_without_plots_the_linear_model_is_left(tmp_path, lacks):
    inputs = features(**lacks)
    trained = train(tmp_path, inputs)
    assert (trained.network.kernel is None) == (lacks == {"text": False})
    assert (trained.network.linear is None) == (lacks == {"records": False})
    assert np.isfinite(predict(trained, inputs, TEST)).all()


def test_model_of_plots_reads_a_table_without_any(tmp_path):
    trained = train(tmp_path, features())
    preds = predict(trained, features(text=False), TEST)
    assert ((preds >= 0) & (preds <= 1)).all()


def test_labels_of_test_films_reach_no_prediction(tmp_path):
    inputs = features()
    values = LABELLED.values.copy()
    values[TEST] = 1 - values[TEST]
    preds = [predict(train(tmp_path, inputs, target=Target(LABELS, v, {})), inputs, TEST)
             for v in (LABELLED.values, values)]  # fmt: skip
    np.testing.assert_array_equal(*preds)


def test_label_that_no_film_has_is_never_predicted(tmp_path):
    values = LABELLED.values.copy()
    values[:, 1] = 0
    inputs = features()
    preds = predict(train(tmp_path, inputs, target=Target(LABELS, values, {})), inputs, TEST)
    assert preds[:, 1].max() < 1e-6


def test_another_task_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="expected a task of labels"):
        train(tmp_path, features(), target=Target(CLASSES, WORD, {}))


def test_leave_one_out_is_what_a_refit_without_the_film_predicts():
    inputs, rows = features(), np.arange(60)
    labels = LABELLED.values[rows] > 0
    _, held_out = PlotKernel.fit(inputs, rows, labels, 1)
    model, _ = PlotKernel.fit(inputs, rows[1:], labels[1:], 1)
    # centre, base rates and vocabulary move a little with one film less
    np.testing.assert_allclose(model.predict(inputs, rows[:1]), held_out[:1], atol=0.15)


def test_of_many_films_some_are_drawn(monkeypatch):
    monkeypatch.setattr(plot_kernel, "MAX_MOVIES", 100)
    model, preds = PlotKernel.fit(features(), FITTED, LABELLED.values[FITTED] > 0, 1)
    assert len(model.known) == 100
    assert score(preds, FITTED) > 0.7


def test_the_faster_way_solves_and_chooses_as_inverses_in_double_precision_do():
    rng = np.random.default_rng(5)
    alike, words = (likeness(rng.normal(size=(120, 12))) for _ in range(2))
    values = rng.normal(size=(120, 3)) + 3 * words @ rng.normal(size=(120, 3))
    found = {}
    for share in plot_kernel.TFIDF_SHARES:
        for penalty in plot_kernel.PENALTIES:
            kernel = alike + share * words
            inverse = np.linalg.inv(kernel + penalty * np.eye(120))
            dual = inverse @ values
            off = dual / np.diag(inverse)[:, None]
            found[share, penalty] = np.mean(off**2)
            for one, other in zip(
                plot_kernel._leave_one_out(kernel, penalty, values), (dual, off), strict=True
            ):
                assert np.allclose(one, other, rtol=1e-10, atol=1e-12)
    assert plot_kernel._choose(alike, words, values) == min(found, key=lambda one: found[one])


def likeness(columns):
    unit = columns / np.linalg.norm(columns, axis=1, keepdims=True)
    return np.exp(-3 * (1 - unit @ unit.T))
