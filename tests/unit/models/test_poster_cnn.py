from dataclasses import replace

import numpy as np
import pytest
import torch
from pixel_movies import CLASSES, LABELS, NUMBER, Movies, area_under_curve

from pipeline.core.errors import TrainingError
from pipeline.models.estimators.poster_cnn import PosterConfig
from pipeline.models.networks.pixel_trunks import NO_WEIGHTS, Pretrained, build_trunk
from pipeline.models.networks.trunk import Trunk
from pipeline.models.systems.poster import EMBEDDING, POSTER
from pipeline.models.training.estimator import FeatureSet, RunConfig, Trained
from pipeline.models.training.model_registry import KINDS, load_trained, predict, save_trained

TINY = {
    "input_px": 32, "width": 8, "batch_size": 16, "learning_rate": 1e-2, "max_epochs": 4,
    "patience": 9,
}  # fmt: skip


def train(
    folder, *, movies=None, name="resnet18, pad", task=CLASSES, target=None, **hyperparameters
):
    movies = movies or Movies()
    more = {key: hyperparameters.pop(key) for key in ("on_epoch", "seed") if key in hyperparameters}
    return POSTER.estimators()[name].train(
        movies.inputs,
        target or movies.target(task),
        movies.parts,
        RunConfig(folder, hyperparameters={**TINY, **hyperparameters}, accelerator="cpu", **more),
    )


def ask(trained: Trained, inputs: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return KINDS[trained.kind].predict(trained.network, inputs, rows)


def assert_same_weights(one: Trained, other: Trained) -> None:
    weights = other.network.state_dict()
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_main_variant_stands_first_and_all_of_the_seeds_are_there():
    assert list(POSTER.estimators()) == [
        "embedding, linear", "resnet18, pad", "resnet18, resize", "resnet18, centre crop",
        "resnet18, random crop",
        "bag of tricks", "mish", "bag of tricks + mish", "deep and wide", "augmentation",
        "efficientnet-lite0, fine-tuned",
    ]  # fmt: skip
    assert next(iter(POSTER.estimators())) == POSTER.main_variant
    assert POSTER.variants("published") == tuple(POSTER.estimators())
    assert POSTER.variants("small") == POSTER.small_variants
    assert set(POSTER.small_variants) < set(POSTER.estimators())


def test_published_defaults():
    config = PosterConfig()
    assert (config.network, config.input_px, config.width, config.fit) == (
        "resnet18", 224, 64, "pad",
    )  # fmt: skip
    assert not config.distortions.has_mirrors
    augmented = POSTER.estimators()["augmentation"].config
    assert (augmented.distortions.rotation_deg, augmented.distortions.min_area) == (15, 0.8)


@pytest.mark.parametrize("name", [name for name in POSTER.estimators() if name != EMBEDDING])
def test_every_variant_trains_and_answers(tmp_path, name):
    movies = Movies(40)
    trained = train(tmp_path, movies=movies, name=name, max_epochs=1)
    answers = ask(trained, movies.inputs, movies.rows())
    assert answers.shape == (8, 2)
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    assert trained.config["weights"] == NO_WEIGHTS


def test_colour_that_is_planted_is_found(tmp_path):
    movies = Movies()
    trained = train(tmp_path, movies=movies)
    answers = ask(trained, movies.inputs, movies.rows())
    assert (answers.argmax(axis=1) == movies.target().values[movies.rows()]).mean() > 0.85


def test_labels_are_learned_from_colour(tmp_path):
    movies = Movies()
    trained = train(tmp_path, movies=movies, task=LABELS, max_epochs=6)
    rows, wanted = movies.rows(), movies.target(LABELS).values
    answers = ask(trained, movies.inputs, rows)
    assert answers.shape == (len(rows), 3)
    for label in range(3):
        assert area_under_curve(answers[:, label], wanted[rows, label] > 0) > 0.85


def test_number_is_learned_from_colour(tmp_path):
    movies = Movies()
    trained = train(tmp_path, movies=movies, task=NUMBER)
    rows = movies.rows()
    answers = ask(trained, movies.inputs, rows)
    assert np.corrcoef(answers, movies.hidden[rows])[0, 1] > 0.85


def test_shuffled_labels_score_as_the_naive_baseline(tmp_path):
    movies = Movies(400)
    target = movies.target(is_shuffled=True)
    trained = train(tmp_path, movies=movies, target=target, max_epochs=2)
    rows = movies.rows()
    preds = ask(trained, movies.inputs, rows)[:, 1]
    # of 80 movies chance leaves .065 as a standard deviation
    assert abs(area_under_curve(preds, target.values[rows] == 1) - 0.5) < 3 * 0.065


class Halt(Exception):  # noqa: N818
    pass


def halting(movies: Movies, opened: list[int], most: int) -> FeatureSet:
    """Inputs that count the posters they load, and stop at some."""

    def poster(row):
        opened.append(row)
        if len(opened) > most:
            raise Halt
        return movies.poster(row)

    return replace(movies.inputs, load_poster=poster)


@pytest.mark.parametrize("name", ["resnet18, random crop", "augmentation"])
def test_training_that_was_stopped_inside_an_epoch_ends_with_the_same_weights(tmp_path, name):
    movies, opened = Movies(100), []
    hyperparameters = {**TINY, "max_epochs": 2, "keep_mib": 0, "checkpoint_every_steps": 1}

    def go_on(folder, most):
        return POSTER.estimators()[name].train(
            halting(movies, opened, most),
            movies.target(),
            movies.parts,
            RunConfig(tmp_path / folder, hyperparameters=hyperparameters, accelerator="cpu"),
        )

    undisturbed = go_on("a", 10**6)
    whole = len(opened)
    opened.clear()
    with pytest.raises(Halt):
        go_on("b", 60 + 20 + 50)  # the first epoch, and most of the second
    opened.clear()
    assert_same_weights(undisturbed, go_on("b", 10**6))
    assert whole == 2 * (60 + 20)
    assert len(opened) < 60 + 20


def test_test_part_is_not_looked_at(tmp_path):
    movies = Movies(50)
    opened = set()

    def poster(row):
        opened.add(row)
        return movies.poster(row)

    POSTER.estimators()["resnet18, pad"].train(
        replace(movies.inputs, load_poster=poster), movies.target(), movies.parts,
        RunConfig(tmp_path, hyperparameters={**TINY, "max_epochs": 1}, accelerator="cpu"),
    )  # fmt: skip
    assert opened == {*movies.rows("train"), *movies.rows("val")}


def test_movie_without_a_poster_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="row 5 has no poster"):
        train(tmp_path, movies=Movies(40, lacking=(5,)))


def test_pretrained_weights_are_asked_for_and_named(tmp_path):
    asked = []
    state = build_trunk(Trunk()).state_dict()

    def load(name):
        asked.append(name)
        return Pretrained(state, "ImageNet")

    movies = Movies(20)
    hyperparameters = {"input_px": 32, "max_epochs": 1, "batch_size": 12, "learning_rate": 0.0}
    trained = POSTER.estimators(load)["resnet18, pad"].train(
        movies.inputs,
        movies.target(),
        movies.parts,
        RunConfig(tmp_path, hyperparameters=hyperparameters, accelerator="cpu"),
    )
    assert asked == ["resnet18"]
    assert trained.config["weights"] == "ImageNet"
    assert torch.equal(trained.network.trunk.conv1.weight, state["conv1.weight"])


def test_saved_network_gives_the_same_answers(tmp_path):
    movies = Movies(40)
    trained = train(tmp_path, movies=movies, name="augmentation", max_epochs=1)
    path = save_trained(trained, tmp_path / "model.pth", task=CLASSES, target_facts={}, notes={})
    wanted = ask(trained, movies.inputs, movies.rows())
    assert (predict(load_trained(path), movies.inputs, movies.rows()) == wanted).all()


def test_head_has_an_output_per_class():
    arguments = {
        "trunk": {"name": "resnet18"}, "fit": "pad", "input_px": 224, "distortions": None,
        "output": {"kind": "classes", "n_answers": 10},
    }  # fmt: skip
    with torch.device("meta"):
        network = KINDS["poster cnn"].build(**arguments)
    assert network.head.weight.shape == (10, 512)
    assert sum(p.numel() for p in network.parameters()) == 11_176_512 + 5_130
