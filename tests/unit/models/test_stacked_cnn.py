from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from pixel_movies import NUMBER, Movies

from pipeline.core.errors import TrainingError
from pipeline.core.ragged import pack_ragged
from pipeline.core.tasks import TaskKind
from pipeline.models.estimators.stacked_cnn import FramesConfig, FramesNetwork
from pipeline.models.networks.pixel_trunks import Pretrained, build_trunk
from pipeline.models.networks.trunk import Trunk
from pipeline.models.systems.score import SCORE
from pipeline.models.training.estimator import FeatureSet, RunConfig, Trained
from pipeline.models.training.inference import Output
from pipeline.models.training.model_registry import KINDS, load_trained, predict, save_trained
from pipeline.models.training.pictures import PIXELS

ONE = Output(TaskKind.REGRESSION, 1)
TINY = {
    "input_px": 32, "width": 8, "batch_size": 16, "learning_rate": 1e-2, "max_epochs": 4,
    "patience": 9,
}  # fmt: skip
STACKED, SHARED = "5 frames, resnet18", "shared encoder, attention"


def train(folder, name, *, movies=None, target=None, **hyperparameters) -> Trained:
    movies = movies or Movies()
    return SCORE.estimators()[name].train(
        movies.inputs,
        target or movies.target(NUMBER),
        movies.parts,
        RunConfig(folder, hyperparameters={**TINY, **hyperparameters}, accelerator="cpu"),
    )


def ask(trained: Trained, inputs: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return KINDS[trained.kind].predict(trained.network, inputs, rows)


def network(n_frames: int, *, is_shared: bool, name: str = "resnet18", **how) -> FramesNetwork:
    width = how.pop("width", 8)
    return FramesNetwork(
        asdict(Trunk(name, width)), ONE.as_json(), n_frames, is_shared, input_px=32, **how
    ).eval()


def pixels(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def test_main_variant_stands_first_and_all_of_the_seeds_are_there():
    assert list(SCORE.estimators()) == [
        "frame embeddings, linear", "frame embeddings, attention", "15 frames, resnet18",
        "5 frames, resnet18",
        "15 frames, resnet18, shuffled", "15 frames, resnet50", "15 frames, vgg16",
        "15 frames, vgg19", "shared encoder, attention", "shared encoder, efficientnet-lite0",
    ]  # fmt: skip
    assert next(iter(SCORE.estimators())) == SCORE.main_variant
    assert SCORE.variants("published") == tuple(SCORE.estimators())
    assert SCORE.variants("small") == SCORE.small_variants


def test_published_defaults():
    config = FramesConfig()
    assert (config.n_frames, config.loss, config.schedule.optimizer) == (15, "mse", "adam")
    assert config.schedule.scheduler == "step"
    assert config.schedule.weight_decay > 0
    assert config.chooses_anew


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16", "vgg19"])
@pytest.mark.parametrize(("n_frames", "channels"), [(15, 45), (5, 15)])
def test_first_convolution_sees_all_frames_and_there_is_one_output(name, n_frames, channels):
    with torch.device("meta"):
        stacked = network(n_frames, is_shared=False, name=name, width=64)
    first = next(m for m in stacked.modules() if isinstance(m, torch.nn.Conv2d))
    assert first.in_channels == channels
    assert stacked.head.out_features == 1


def test_equal_frames_give_the_answer_of_the_single_frame():
    single, stacked = (network(n, is_shared=False).double() for n in (1, 15))
    torch.manual_seed(0)
    state = build_trunk(Trunk(width=8)).double().state_dict()
    for some in (single, stacked):
        own = dict(state)
        own["conv1.weight"] = state["conv1.weight"].repeat(1, some.n_frames, 1, 1) / some.n_frames
        some.trunk.load_state_dict(own)
        some.normalise.double()
        torch.nn.init.ones_(some.head.weight)
        torch.nn.init.zeros_(some.head.bias)
    frame = pixels(2, 1, 32, 32, 3)
    with torch.no_grad():
        mask = {PIXELS: torch.ones(2, 1, dtype=torch.bool)}
        wanted = single({PIXELS: frame}, mask)
        came = stacked({PIXELS: frame.expand(-1, 15, -1, -1, -1)}, mask)
    torch.testing.assert_close(came, wanted, rtol=1e-5, atol=1e-5)


def test_masked_frames_change_nothing():
    shared = network(5, is_shared=True)
    frames, mask = pixels(3, 5, 32, 32, 3), torch.tensor([[True] * 3 + [False] * 2] * 3)
    padded = torch.cat([frames[:, :3], pixels(3, 12, 32, 32, 3)], dim=1)
    longer = torch.cat([mask[:, :3], torch.zeros(3, 12, dtype=torch.bool)], dim=1)
    with torch.no_grad():
        wanted = shared({PIXELS: frames}, {PIXELS: mask})
        torch.testing.assert_close(shared({PIXELS: padded}, {PIXELS: longer}), wanted)
        short = shared({PIXELS: frames[:, :3]}, {PIXELS: mask[:, :3]})
    torch.testing.assert_close(short, wanted)


def test_order_of_frames_does_not_matter_to_the_shared_encoder():
    shared = network(4, is_shared=True)
    frames, mask = pixels(2, 4, 32, 32, 3), torch.ones(2, 4, dtype=torch.bool)
    with torch.no_grad():
        wanted = shared({PIXELS: frames}, {PIXELS: mask})
        torch.testing.assert_close(shared({PIXELS: frames.flip(1)}, {PIXELS: mask}), wanted)


def test_noise_is_added_while_learning_alone():
    noisy = network(5, is_shared=False, noise=0.1)
    frames = {PIXELS: pixels(2, 5, 32, 32, 3)}
    mask = {PIXELS: torch.ones(2, 5, dtype=torch.bool)}
    with torch.no_grad():
        assert torch.equal(noisy(frames, mask), noisy(frames, mask))
        plain = noisy._prepare(frames[PIXELS][:, 0])
        noise = (noisy.train()._prepare(frames[PIXELS][:, 0]) - plain) / noisy.normalise.scale / 255
    assert float(noise.std()) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("name", [STACKED, SHARED])
def test_colour_that_is_planted_is_found(tmp_path, name):
    movies = Movies()
    trained = train(tmp_path, name, movies=movies, n_frames=4)
    rows = movies.rows()
    answers = ask(trained, movies.inputs, rows)
    assert answers.shape == (len(rows),)
    assert np.corrcoef(answers, movies.hidden[rows])[0, 1] > 0.85


def test_shuffled_scores_are_answered_no_better_than_by_the_mean(tmp_path):
    movies = Movies(300)
    target = movies.target(NUMBER, is_shuffled=True)
    trained = train(tmp_path, STACKED, movies=movies, target=target, max_epochs=2, n_frames=3)
    rows = movies.rows()
    off = np.abs(ask(trained, movies.inputs, rows) - target.values[rows]).mean()
    constant = np.abs(target.values[movies.rows("train")].mean() - target.values[rows]).mean()
    assert off > 0.93 * constant


def test_training_that_was_stopped_inside_an_epoch_ends_with_the_same_weights(tmp_path):
    movies = Movies(60)
    hyperparameters = {"max_epochs": 2, "n_frames": 3, "keep_mib": 0, "shuffles_order": True}
    undisturbed = train(tmp_path / "a", STACKED, movies=movies, **hyperparameters)

    class Halt(Exception):  # noqa: N818
        pass

    opened = []

    def frames(row):
        opened.append(row)
        if len(opened) > 80:  # inside the second epoch
            raise Halt
        return movies.frames(row)

    often = {**TINY, **hyperparameters, "checkpoint_every_steps": 1}
    with pytest.raises(Halt):
        SCORE.estimators()[STACKED].train(
            replace(movies.inputs, load_frames=frames), movies.target(NUMBER), movies.parts,
            RunConfig(tmp_path / "b", hyperparameters=often, accelerator="cpu"),
        )  # fmt: skip
    resumed = train(
        tmp_path / "b", STACKED, movies=movies, **hyperparameters, checkpoint_every_steps=1
    )
    weights = resumed.network.state_dict()
    for name, value in undisturbed.network.state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_pretrained_convolution_is_reused(tmp_path):
    state = build_trunk(Trunk()).state_dict()
    movies = Movies(20)
    hyperparameters = {"input_px": 32, "n_frames": 5, "max_epochs": 1, "batch_size": 12}
    trained = SCORE.estimators(lambda name: Pretrained(state, f"{name} of ImageNet"))[
        STACKED
    ].train(
        movies.inputs,
        movies.target(NUMBER),
        movies.parts,
        RunConfig(
            tmp_path, hyperparameters={**hyperparameters, "learning_rate": 0.0}, accelerator="cpu"
        ),
    )
    assert trained.config["weights"] == "resnet18 of ImageNet"
    first = trained.network.trunk.conv1.weight
    torch.testing.assert_close(first, state["conv1.weight"].repeat(1, 5, 1, 1) / 5)


def test_movie_without_frames_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="row 5 has no frames"):
        train(tmp_path, STACKED, movies=Movies(40, lacking=(5,)))


def test_embeddings_of_frames_are_weighed(tmp_path):
    movies = Movies(200)
    rng = np.random.default_rng(0)
    embedded = pack_ragged(
        [rng.normal(size=(1 + row % 4, 6)) * 0.2 + movies.hidden[row] for row in range(200)]
    )
    inputs = movies.inputs
    inputs.table.streams["frames"] = embedded
    estimator = SCORE.estimators()["frame embeddings, attention"]
    trained = estimator.train(
        inputs,
        movies.target(NUMBER),
        movies.parts,
        RunConfig(
            tmp_path, hyperparameters={"learning_rate": 3e-3, "max_epochs": 15}, accelerator="cpu"
        ),
    )
    rows = movies.rows()
    answers = ask(trained, inputs, rows)
    assert np.corrcoef(answers, movies.hidden[rows])[0, 1] > 0.9


@pytest.mark.parametrize("name", [STACKED, SHARED])
def test_saved_network_gives_the_same_answers(tmp_path, name):
    movies = Movies(40)
    trained = train(tmp_path, name, movies=movies, max_epochs=1, n_frames=3)
    path = save_trained(trained, tmp_path / "model.pth", task=NUMBER, target_facts={}, notes={})
    wanted = ask(trained, movies.inputs, movies.rows())
    assert (predict(load_trained(path), movies.inputs, movies.rows()) == wanted).all()
