"""Reference implementation 000's network and its parts on a few dozen movies with a planted
effect.
"""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from present import present
from priced_movies import FAST, INPUTS, LOG10, MOVIES, PARTS, TEST, TRAIN, make_movies

from pipeline.core.errors import LeakError, TrainingError
from pipeline.core.tasks import Target
from pipeline.models.estimators.blend import Blend, BlendEstimator
from pipeline.models.estimators.box_office_pretraining import Grounding, pretrain
from pipeline.models.estimators.member_weights import weigh_members
from pipeline.models.estimators.transformer_estimator import TransformerEstimator
from pipeline.models.networks.box_office_transformer import TransformerConfig, calibrate_interval
from pipeline.models.systems.box_office import (
    BOX_OFFICE,
    GROUNDED,
    LOG10_REVENUE,
    MASKED,
    PLAIN,
    TEXT_ONLY,
)
from pipeline.models.training.estimator import RunConfig
from pipeline.models.training.model_registry import load_trained, predict, save_trained
from pipeline.models.training.movie_reader import MovieReader

ESTIMATORS = BOX_OFFICE.estimators()

TARGET = Target(LOG10_REVENUE, LOG10, {})


@pytest.fixture(scope="module")
def trained_as(tmp_path_factory):
    """Train a variant once for all tests, which leave it as it is."""

    @cache
    def train(name):
        own = {} if isinstance(ESTIMATORS[name], BlendEstimator) else FAST
        training = RunConfig(
            tmp_path_factory.mktemp("trained"), hyperparameters=own, accelerator="cpu"
        )
        return ESTIMATORS[name].train(INPUTS, TARGET, PARTS, training)

    return train


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_variant_trains_is_saved_and_answers_alike(name, trained_as, tmp_path):
    trained = trained_as(name)
    preds = predict(trained, INPUTS, TEST)
    assert preds.shape == (len(TEST), 3)
    assert (preds[:, 1] <= preds[:, 0]).all()
    assert (preds[:, 0] <= preds[:, 2]).all()
    path = save_trained(trained, tmp_path / "m.pth", task=LOG10_REVENUE, target_facts={}, notes={})
    np.testing.assert_array_equal(predict(load_trained(path), INPUTS, TEST), preds)


def test_revenues_outside_the_training_part_reach_no_answer(trained_as, tmp_path):
    """The same model comes out, whatever validation and test movies earned before."""
    hidden = present(INPUTS.revenue_usd).copy()
    hidden[PARTS == "test"] = 1.0
    values = LOG10.copy()
    values[PARTS == "test"] = np.nan
    seen = trained_as("blend")
    blind_inputs = replace(INPUTS, revenue_usd=hidden)
    blind = ESTIMATORS["blend"].train(
        blind_inputs, replace(TARGET, values=values), PARTS,
        RunConfig(tmp_path, accelerator="cpu"),
    )  # fmt: skip
    np.testing.assert_array_equal(predict(seen, INPUTS, TEST), predict(blind, blind_inputs, TEST))


@pytest.mark.parametrize("name", ["gaussian process", "boosted trees", "extra trees"])
def test_parts_find_the_planted_effect(name, trained_as):
    trained = trained_as(name)  # neither has epochs or a width
    off = predict(trained, INPUTS, TEST)[:, 0] - LOG10[TEST]
    assert np.sqrt(np.mean(off**2)) < 0.85 * LOG10[TEST].std()


def test_shuffled_revenues_are_not_learned(tmp_path):
    shuffled = np.random.default_rng(5).permutation(LOG10)
    inputs = replace(INPUTS, revenue_usd=10**shuffled)
    trained = ESTIMATORS["gaussian process"].train(
        inputs, replace(TARGET, values=shuffled), PARTS, RunConfig(tmp_path, accelerator="cpu")
    )
    off = predict(trained, inputs, TEST)[:, 0] - shuffled[TEST]
    assert np.sqrt(np.mean(off**2)) > 0.9 * shuffled[TEST].std()


def test_padding_and_absent_streams_change_nothing(tmp_path):
    inputs, _ = make_movies(with_regions=True)
    trained = ESTIMATORS[PLAIN].train(
        inputs, TARGET, PARTS, RunConfig(tmp_path, hyperparameters=FAST, accelerator="cpu")
    )
    network = trained.network
    fields = network.reader.read(inputs, TEST[:4])
    values, there = fields.streams["regions"].take(np.arange(4))
    streams = {n: torch.from_numpy(v) for n, v in fields.streams.items() if n != "regions"}
    masks = {n: torch.from_numpy(v) for n, v in fields.masks.items()}

    def say(values, there):
        with torch.inference_mode():
            return network(
                streams | {"regions": torch.from_numpy(values)},
                masks | {"regions": torch.from_numpy(there)},
            )

    longer = np.pad(values, ((0, 0), (0, 5), (0, 0)), constant_values=9)
    more = np.pad(there, ((0, 0), (0, 5)))
    torch.testing.assert_close(say(values, there), say(longer, more))
    without = replace(inputs, table=replace(inputs.table, streams={
        name: stream for name, stream in inputs.table.streams.items() if name != "regions"
    }))  # fmt: skip
    assert np.isfinite(predict(trained, without, TEST)).all()


def test_grounding_finds_the_region_that_shows_the_keyword(tmp_path):
    """Made-up regions with a planted look per keyword: there are no real ones here."""
    inputs, shown = make_movies(with_regions=True)
    config = TransformerConfig(
        fields=("keyword",), uses_numbers=False, uses_text=False, width=16, pretraining="grounding",
        pretraining_epochs=25, batch_size=32,
    )  # fmt: skip
    config = replace(config, schedule=replace(config.schedule, learning_rate=1e-2, patience=25))
    trained_by = []
    estimator = TransformerEstimator("grounded", config)
    trained = estimator.train(
        inputs,
        TARGET,
        PARTS,
        RunConfig(
            tmp_path,
            accelerator="cpu",
            hyperparameters={"max_epochs": 1},
            on_epoch=lambda epoch, most, metrics: trained_by.append(most),
        ),
    )
    assert trained_by.count(25) > 5
    network = trained.network
    fields = network.reader.read(inputs, TEST)
    regions = torch.from_numpy(fields.streams["regions"].take(np.arange(len(TEST)))[0])
    owners = torch.from_numpy(fields.streams["owners"][:, :1]).long()
    with torch.inference_mode():
        cosines = Grounding(network).affinity(owners, regions)
    own = torch.arange(len(owners))
    found = cosines[own, :, own].argmax(dim=2)[:, 0].numpy()
    assert (found == shown[TEST]).mean() > 0.8


def test_grounding_requires_regions(trained_as):
    trained = trained_as(PLAIN)
    with pytest.raises(ValueError, match="poster regions"):
        Grounding(trained.network)


def test_masked_pretraining_lowers_its_loss_and_reports_its_epochs(trained_as, tmp_path):
    estimator = ESTIMATORS[MASKED]
    rows = np.flatnonzero(PARTS == "val")
    network = deepcopy(trained_as(PLAIN).network)
    reported = []
    config = replace(estimator.config, batch_size=16, pretraining_epochs=8)
    fields = network.reader.read(INPUTS, np.arange(MOVIES))
    how = RunConfig(tmp_path, accelerator="cpu", on_epoch=lambda epoch, *_: reported.append(epoch))
    [fitted] = pretrain(network, fields, TRAIN, rows, config, how).values()
    losses = [row["val_loss"] for row in fitted.history]
    assert min(losses) < losses[0]
    assert reported == list(range(1, len(losses) + 1))
    [again] = pretrain(network, fields, TRAIN, rows, config, replace(how, on_epoch=None)).values()
    assert again.history == fitted.history


def test_keywords_are_in_the_variants_that_say_so_alone():
    with_keywords = {name for name, estimator in ESTIMATORS.items() if "keyword" in estimator.reads}
    assert with_keywords == {GROUNDED, "transformer, keywords"}
    assert ESTIMATORS[TEXT_ONLY].config.fields == ("word",)
    assert next(iter(ESTIMATORS)) == "blend"


def test_blend_predicts_the_weighted_mean_of_its_parts(trained_as):
    blend: Blend = trained_as("blend").network
    parts = blend.predict_members(INPUTS, TEST)
    mixed = sum(w * parts[n] for w, n in zip(blend.weights.tolist(), blend.names, strict=True))
    np.testing.assert_allclose(blend.predict(INPUTS, TEST)[:, 0], mixed)
    assert blend.weights.sum().item() == pytest.approx(1)


def test_a_small_validation_part_keeps_weights_near_equal():
    rng = np.random.default_rng(0)
    true = rng.standard_normal(20)
    noisy = [true + 0.5 * rng.standard_normal(20) for _ in range(3)]
    assert np.abs(weigh_members(noisy, true, pull=100.0) - 1 / 3).max() < 0.02


def test_reach_covers_nine_of_ten():
    rng = np.random.default_rng(0)
    true, preds = rng.standard_t(3, 4000), np.stack([np.zeros(4000), np.ones(4000)], axis=1)
    down, up = calibrate_interval(preds, true)
    assert ((true >= -down) & (true <= up)).mean() == pytest.approx(0.9, abs=0.01)


def test_a_record_that_knows_its_revenue_is_refused(tmp_path):
    noted = [replace(INPUTS.records[0], revenue_usd=1e6), *INPUTS.records[1:]]
    for name in ("blend", PLAIN):
        with pytest.raises(LeakError):
            ESTIMATORS[name].train(
                replace(INPUTS, records=noted), TARGET, PARTS, RunConfig(tmp_path)
            )


def test_inputs_without_records_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="record for each"):
        ESTIMATORS[PLAIN].train(replace(INPUTS, records=()), TARGET, PARTS, RunConfig(tmp_path))


def test_unknown_parts_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="expected members of"):
        ESTIMATORS["blend"].train(
            INPUTS, TARGET, PARTS, RunConfig(tmp_path, hyperparameters={"parts": ("oracle",)})
        )


def test_movies_to_come_follow_the_drift_and_those_between_do_not(tmp_path):
    """Revenues rise by the day: what follows the movies trained on is carried on."""
    many, _ = make_movies(seed=2, movies=450)
    days = np.array([present(record.release_date).toordinal() for record in many.records])
    order = np.argsort(days, kind="stable")
    parts = np.empty(450, dtype=object)
    for name, some in (("train", order[:380]), ("val", order[380:420]), ("test", order[420:])):
        parts[some] = name
    years = (days - days.min()) / 365.25
    usd = present(many.revenue_usd) * 10 ** (0.2 * years)
    inputs = replace(many, revenue_usd=np.where(parts == "test", np.nan, usd))
    run = RunConfig(tmp_path, hyperparameters={"parts": ("boosting",)})
    target = replace(TARGET, values=np.log10(usd))
    blend = ESTIMATORS["blend"].train(inputs, target, parts, run).network
    assert isinstance(blend, Blend)
    assert blend.drift.slope.item() < -0.02
    test = np.flatnonzero(parts == "test")
    between = replace(inputs, records=[
        replace(r, release_date=inputs.records[order[300]].release_date) for r in inputs.records
    ])  # fmt: skip
    alone = blend.predict_members(between, test)["boosting"]
    np.testing.assert_allclose(blend.predict(between, test)[:, 0], alone)
    alone = blend.predict_members(inputs, test)["boosting"]
    assert (blend.predict(inputs, test)[:, 0] >= alone).all()


def test_few_movies_measure_no_drift(trained_as):
    blend = trained_as("blend").network
    assert blend.drift.slope.item() == 0
    assert blend.drift.widening.item() == 1


def test_numbers_of_a_movie_do_not_depend_on_which_others_are_read_with_it():
    """A tree may cut at the very number that is expected where one is unknown."""
    unknown = [replace(record, budget_usd=None, cast=()) for record in INPUTS.records]
    features = replace(INPUTS, records=unknown)
    reader = MovieReader.fit(INPUTS, TRAIN, 10.0**LOG10)
    together = reader.raw_numbers(features, TEST)
    alone = [reader.raw_numbers(features, TEST[k : k + 1])[0] for k in range(len(TEST))]
    assert np.stack(alone).tobytes() == together.tobytes()
