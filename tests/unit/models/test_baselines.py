import time
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.models.baselines import (
    BOOSTING,
    BOOSTING_WITH_EMBEDDINGS,
    MAJORITY,
    PRIOR,
    answer_baselines,
    reduce_streams,
)


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


def test_every_baseline_gives_probabilities_for_every_class():
    table, labels = movies(72)
    answers = answer_baselines(table, labels, np.arange(50), np.arange(50, 72), 8)
    assert list(answers) == [MAJORITY, PRIOR, BOOSTING, BOOSTING_WITH_EMBEDDINGS]
    for probabilities in answers.values():
        assert probabilities.shape == (22, 8)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_majority_is_the_training_part_s_commonest_class():
    table, labels = movies(60)
    labels[:20] = 3
    said = answer_baselines(table, labels, np.arange(40), np.arange(40, 60), 8)[MAJORITY]
    assert set(said.argmax(axis=1)) == {3}


def test_prior_is_the_training_part_s_shares():
    table, labels = movies(4000)
    labels[:] = np.arange(4000) % 4 == 0
    del table.streams["metadata"]
    said = answer_baselines(table, labels, np.arange(2000), np.arange(2000, 4000), 8)[PRIOR]
    assert said[:, 1] == pytest.approx(0.25)
    assert said.sum(axis=1) == pytest.approx(1.0)


def test_class_that_the_training_part_lacks_has_probability_zero():
    table, labels = movies(60)
    labels[:40][labels[:40] == 7] = 6
    answers = answer_baselines(table, labels, np.arange(40), np.arange(40, 60), 8)
    assert all((probabilities[:, 7] == 0).all() for probabilities in answers.values())


def test_training_part_of_one_class_gets_that_answer():
    table, labels = movies(30)
    labels[:] = 2
    answers = answer_baselines(table, labels, np.arange(20), np.arange(20, 30), 8)
    assert all((p.argmax(axis=1) == 2).all() for p in answers.values())


def test_boosting_finds_what_metadata_and_embeddings_tell():
    table, labels = movies(800)
    rows = np.arange(600, 800)
    answers = answer_baselines(table, labels, np.arange(600), rows, 8)
    scores = {k: (p.argmax(axis=1) == labels[rows]).mean() for k, p in answers.items()}
    assert scores[MAJORITY] < 0.2 < scores[BOOSTING] < scores[BOOSTING_WITH_EMBEDDINGS]


def test_same_seed_gives_the_same_answers():
    table, labels = movies(80)
    one, two = (answer_baselines(table, labels, np.arange(60), np.arange(60, 80), 8) for _ in "ab")
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
    table, labels = movies(80)
    table.masks["text"][:] = False
    train, _ = reduce_streams(table, ["text"], np.arange(60), np.arange(60, 80), seed=1)
    assert train.shape == (60, 0)
    answer_baselines(table, labels, np.arange(60), np.arange(60, 80), 8)


def test_seventy_movies_take_seconds():
    table, labels = movies(70)
    start = time.perf_counter()
    answer_baselines(table, labels, np.arange(60), np.arange(60, 70), 8)
    assert time.perf_counter() - start < 6
