"""The blend and its baselines read the same columns of the same movies."""

import numpy as np
import pytest
from present import present
from priced_movies import INPUTS, LOG10, MOVIES, PARTS, TEST, TRAIN, make_movies

from pipeline.core.errors import LeakError
from pipeline.core.release_columns import RELEASE_COLUMNS
from pipeline.core.tasks import Target, Task, TaskKind
from pipeline.core.track_records import TALENT_COLUMNS
from pipeline.models.estimators.blend import Blend
from pipeline.models.estimators.blend_baselines import (
    BLEND_BASELINES,
    ON_INPUTS,
    ON_NUMBERS,
    predict_blend_baselines,
    read_blend_inputs,
)
from pipeline.models.systems.box_office import BOX_OFFICE, LOG10_REVENUE
from pipeline.models.training.estimator import RunConfig

TARGET = Target(LOG10_REVENUE, LOG10, {})
VAL = np.flatnonzero(PARTS == "val")
BOTH = np.concatenate([TRAIN, VAL])
CLASSES = Task("revenue_class", TaskKind.CLASSES, "macro_f1_score", ("low", "middle", "high"))


@pytest.fixture(scope="module", name="blend")
def trained_blend(tmp_path_factory):
    run = RunConfig(tmp_path_factory.mktemp("blend"), accelerator="cpu")
    trained = BOX_OFFICE.estimators()["blend"].train(INPUTS, TARGET, PARTS, run)
    assert isinstance(trained.network, Blend)
    return trained


@pytest.mark.parametrize("member", ["boosting", "gaussian process"])
def test_blend_and_its_baselines_have_equal_columns_and_rows(blend, member):
    """Vocabulary, scales and track records are those of the same movies, to the last bit."""
    inputs = read_blend_inputs(INPUTS, TARGET, BOTH, TEST, seed=42)
    own = blend.network.members[member].reader
    for name, values in own.state_dict().items():
        np.testing.assert_array_equal(inputs.reader.state_dict()[name], values, err_msg=name)
    assert inputs.reader.arguments == own.arguments
    np.testing.assert_array_equal(inputs.known["numbers"], own.raw_numbers(INPUTS, BOTH))
    np.testing.assert_array_equal(inputs.asked["numbers"], own.raw_numbers(INPUTS, TEST))
    assert inputs.known["numbers"].shape == (
        len(BOTH), 1 + len(RELEASE_COLUMNS) + len(TALENT_COLUMNS),
    )  # fmt: skip
    assert inputs.fit_rows.tolist() == BOTH.tolist()
    reads = set(own.read(INPUTS, TEST).streams) - {"fields", "buckets"}  # marks of the owners
    assert set(inputs.known) == reads == {"numbers", "owners", "text"}


def test_regions_are_read_where_the_blend_reads_them():
    inputs, _ = make_movies(with_regions=True)
    assert "regions" in read_blend_inputs(inputs, TARGET, BOTH, TEST, seed=42).known


def test_baselines_find_the_planted_effect_of_budget_and_director():
    preds = predict_blend_baselines(INPUTS, TARGET, BOTH, TEST)
    assert tuple(preds) == BLEND_BASELINES
    for name in (ON_NUMBERS, ON_INPUTS):
        error = np.sqrt(np.mean((preds[name] - LOG10[TEST]) ** 2))
        assert error < 0.85 * LOG10[TEST].std(), name


def test_revenues_that_are_not_fitted_to_reach_no_prediction():
    hidden = present(INPUTS.revenue_usd).copy()
    hidden[TEST] = 1.0
    values = LOG10.copy()
    values[TEST] = np.nan
    blind = predict_blend_baselines(
        type(INPUTS)(INPUTS.table, INPUTS.records, hidden),
        Target(LOG10_REVENUE, values, {}), BOTH, TEST,
    )  # fmt: skip
    seen = predict_blend_baselines(INPUTS, TARGET, BOTH, TEST)
    for name in BLEND_BASELINES:
        np.testing.assert_array_equal(seen[name], blind[name])


def test_classes_of_revenue_are_predicted_from_the_same_inputs():
    values = np.digitize(LOG10, np.quantile(LOG10[TRAIN], [1 / 3, 2 / 3])).astype(np.int64)
    target = Target(CLASSES, values, {"edges_usd": [1e6, 1e7]})
    preds = predict_blend_baselines(INPUTS, target, BOTH, TEST)
    for name in BLEND_BASELINES:
        assert preds[name].shape == (len(TEST), 3)
        np.testing.assert_allclose(preds[name].sum(axis=1), 1)
        assert (preds[name].argmax(axis=1) == values[TEST]).mean() > 0.5
    reader = read_blend_inputs(INPUTS, target, BOTH, TEST, seed=1).reader
    assert len(reader.tracks.day) > 0, "track records come from revenues, not from classes"


def test_record_of_after_the_release_is_refused():
    leaking = list(INPUTS.records)
    leaking[0] = type(leaking[0])(1, "Name0 of it", revenue_usd=1e8)
    with pytest.raises(LeakError):
        predict_blend_baselines(
            type(INPUTS)(INPUTS.table, leaking, INPUTS.revenue_usd), TARGET, BOTH, TEST
        )


def test_validation_predictions_are_those_before_the_second_fit(blend):
    """Members that were fitted to the validation set would all but repeat it."""
    from pipeline.models.training.model_registry import predict

    assert blend.val_preds.shape == VAL.shape
    before = np.sqrt(np.mean((blend.val_preds - LOG10[VAL]) ** 2))
    after = np.sqrt(np.mean((predict(blend, INPUTS, VAL)[:, 0] - LOG10[VAL]) ** 2))
    assert after < before
    assert blend.fitted is not None
    assert len(TRAIN) + len(VAL) + len(TEST) == MOVIES
