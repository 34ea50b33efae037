"""Networks that read metadata learn from incomplete records as well."""

from dataclasses import replace

import numpy as np
import pytest
from priced_movies import Table, make_movies

from pipeline.core.metadata import METADATA_COLUMNS, describe_movies
from pipeline.core.tasks import Target, Task, TaskKind
from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
from pipeline.models.training.cut_features import features_cut_at_random
from pipeline.models.training.estimator import FeatureSet, RunConfig
from pipeline.models.training.model_registry import predict

MOVIES = 480
TASK = Task("log10_usd", TaskKind.REGRESSION, "rmse_error", unit="log10 dollars")
INPUTS, _ = make_movies(movies=MOVIES)
LOG10 = np.log10([record.budget_usd or 1 for record in INPUTS.records])
PARTS = np.array((["train"] * 4 + ["val", "test"]) * (MOVIES // 6), dtype=object)
TRAIN, TEST = np.flatnonzero(PARTS == "train"), np.flatnonzero(PARTS == "test")
TARGET = Target(TASK, LOG10, {})
QUICK = {"max_epochs": 25, "learning_rate": 3e-3, "patience": 25}


@pytest.fixture(scope="module", name="features")
def full_features():
    """Budget and runtime each say what is to be predicted, and cuts take each by itself."""
    records = tuple(
        replace(record, runtime_min=20 * log10)
        for record, log10 in zip(INPUTS.records, LOG10.tolist(), strict=True)
    )
    table = Table(
        {"metadata": describe_movies(records)}, {"metadata": np.ones(MOVIES, bool)},
        columns={"metadata": METADATA_COLUMNS},
    )  # fmt: skip
    return FeatureSet(table, records, INPUTS.revenue_usd)


def error_on_cut_records(features: FeatureSet, folder, *, knows_records: bool) -> float:
    estimator = FusionEstimator("late fusion", FusionConfig(("metadata",)))
    inputs = features if knows_records else replace(features, records=())
    trained = estimator.train(inputs, TARGET, PARTS, RunConfig(folder, hyperparameters=QUICK))
    errors = [
        predict(trained, features_cut_at_random(features, seed), TEST) - LOG10[TEST]
        for seed in (11, 12, 13)
    ]
    return float(np.sqrt(np.mean(np.square(errors))))


def test_training_on_cut_records_helps_where_records_are_cut(features, tmp_path):
    without = error_on_cut_records(features, tmp_path / "a", knows_records=False)
    with_cuts = error_on_cut_records(features, tmp_path / "b", knows_records=True)
    assert with_cuts < 0.8 * without


def test_only_networks_that_read_metadata_learn_from_cut_records(features):
    streams = {**features.table.streams, "text": INPUTS.table.streams["text"]}
    both = replace(features, table=Table(streams, dict.fromkeys(streams, np.ones(MOVIES, bool)),
                                         columns=features.table.columns))  # fmt: skip
    for names, copies in ((("text",), 0), (("text", "metadata"), 1)):
        config = FusionConfig(names)
        spec = FusionEstimator("any", config).specify(config, both, TARGET, TRAIN)
        assert len(spec.copies) == copies
        assert (spec.val_table is not None) == bool(copies)
