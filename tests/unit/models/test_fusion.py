from types import SimpleNamespace

import numpy as np
import pytest
import torch
from present import present
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.models.networks.fusion import FusionNetwork
from pipeline.models.networks.streams import AudioCnn, StreamSpec, specify_streams

PUBLISHED = (
    StreamSpec("text", "vector", 768),
    StreamSpec("video", "vector", 2048),
    StreamSpec("audio", "log_mel", 64),
)
SMALL = (StreamSpec("text", "vector", 3), StreamSpec("metadata", "metadata", 2))


def table(**streams: np.ndarray) -> SimpleNamespace:
    masks = {name: np.ones(len(values), bool) for name, values in streams.items()}
    return SimpleNamespace(streams=streams, masks=masks, data_hash="d")


def test_published_head_is_3840_to_512_to_256_to_8():
    head = FusionNetwork(PUBLISHED, 8).head
    shapes = [(layer.in_features, layer.out_features) for layer in head if hasattr(layer, "weight")]
    assert shapes == [(3840, 512), (512, 256), (256, 8)]
    assert [type(layer) for layer in head] == [
        nn.Linear, nn.ReLU, nn.Dropout, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear,
    ]  # fmt: skip
    assert [layer.p for layer in head if isinstance(layer, nn.Dropout)] == [0.3, 0.3]


def test_parameter_count_is_as_computed_by_hand():
    head = 3840 * 512 + 512 + 512 * 256 + 256 + 256 * 8 + 8
    cnn = (64 * 64 * 5 + 64) + (64 * 128 * 5 + 128) + (128 * 256 * 5 + 256) + (256 * 1024 + 1024)
    absent = 3840
    assert head == 2_099_976
    parameters = FusionNetwork(PUBLISHED, 8).parameters()
    assert sum(p.numel() for p in parameters) == head + cnn + absent


@pytest.mark.parametrize("steps", [1, 3, 938, 3000])
def test_audio_network_takes_sound_of_any_length(steps):
    assert AudioCnn(64)(torch.zeros(2, 64, steps)).shape == (2, 1024)


def inputs(n: int = 4) -> tuple[dict, dict]:
    generator = torch.Generator().manual_seed(0)
    streams = {
        "text": torch.randn(n, 768, generator=generator),
        "video": torch.randn(n, 2048, generator=generator),
        "audio": torch.randn(n, 64, 100, generator=generator),
    }
    return streams, {name: torch.ones(n, dtype=torch.bool) for name in streams}


@pytest.mark.parametrize("name", ["text", "video", "audio"])
@pytest.mark.parametrize("training", [True, False])
def test_values_of_a_missing_stream_are_never_looked_at(name, training):
    network = FusionNetwork(PUBLISHED, 8, dropout=0.0).train(training)
    streams, masks = inputs()
    masks[name][1] = False
    before = network(streams, masks)
    streams[name][1] = float("nan")
    assert torch.equal(network(streams, masks), before)


def test_missing_stream_is_not_the_same_as_a_zero_one():
    network = FusionNetwork(PUBLISHED, 8).eval()
    streams, masks = inputs()
    nn.init.ones_(network.encoders["text"].absent)
    streams["text"][0] = 0
    present = network(streams, masks)
    masks["text"][0] = False
    assert not torch.allclose(network(streams, masks)[0], present[0])


def test_a_batch_without_any_stream_still_has_an_answer():
    network = FusionNetwork(PUBLISHED, 8).eval()
    streams, masks = inputs()
    logits = network(streams, {name: torch.zeros_like(mask) for name, mask in masks.items()})
    assert torch.isfinite(logits).all()
    assert torch.equal(logits[0], logits[1])


def test_absent_vector_is_learned():
    network = FusionNetwork(PUBLISHED, 8)
    streams, masks = inputs()
    masks["video"][2] = False
    network(streams, masks).sum().backward()
    assert present(network.encoders["video"].absent.grad).abs().sum() > 0
    assert present(network.encoders["audio"].cnn.conv1.weight.grad).abs().sum() > 0


def test_a_movie_s_answer_does_not_depend_on_its_neighbours():
    network = FusionNetwork(PUBLISHED, 8).eval()
    streams, masks = inputs()
    masks["audio"][3] = False
    alone = network({k: v[1:2] for k, v in streams.items()}, {k: v[1:2] for k, v in masks.items()})
    torch.testing.assert_close(network(streams, masks)[1:2], alone)


def test_scaler_sees_only_training_movies_that_have_the_stream():
    data = table(text=np.array([[1, 1, 5], [3, 1, 5], [1e6, 1e6, 1e6], [9e9, 0, 0]], np.float32))
    data.masks["text"] = np.array([True, True, False, True])
    network = FusionNetwork(SMALL[:1], 8)
    network.fit_scalers(data, np.array([0, 1, 2]))
    encoder = network.encoders["text"]
    assert encoder.mean.tolist() == [2, 1, 5]
    assert encoder.scale.tolist() == [1, 1, 1]  # the first by deviation, the others never change


def test_scaler_of_metadata_passes_over_the_unknown():
    values = np.array([[1, np.nan], [5, np.nan], [np.nan, np.nan]], np.float32)
    network = FusionNetwork(SMALL[1:], 8)
    network.fit_scalers(table(metadata=values), np.arange(3))
    encoder = network.encoders["metadata"]
    assert (encoder.mean.tolist(), encoder.scale.tolist()) == ([3, 0], [2, 1])
    encoded = encoder(torch.from_numpy(values), torch.ones(3, dtype=torch.bool))
    assert encoded.tolist() == [[-1, 0, 0, 1], [1, 0, 0, 1], [0, 0, 1, 1]]


def test_scaler_of_sound_is_per_mel_band():
    rng = np.random.default_rng(0)
    sound = (rng.normal(size=(700, 2, 40)) * [[2], [5]] + [[10], [-3]]).astype(np.float32)
    network = FusionNetwork([StreamSpec("audio", "log_mel", 2)], 8)
    network.fit_scalers(table(audio=sound), np.arange(700))
    np.testing.assert_allclose(network.encoders["audio"].mean, [10, -3], atol=0.1)
    np.testing.assert_allclose(network.encoders["audio"].scale, [2, 5], rtol=0.02)


def test_streams_are_described_from_the_table():
    data = table(
        text=np.zeros((2, 384)), audio=np.zeros((2, 64, 9)), metadata=np.zeros((2, 51)),
    )  # fmt: skip
    specs = specify_streams(data, ("text", "video", "audio", "metadata"))
    assert [(s.name, s.kind, s.width_in, s.width_out) for s in specs] == [
        ("text", "vector", 384, 384),
        ("audio", "log_mel", 64, 1024),
        ("metadata", "metadata", 51, 102),
    ]


def test_no_stream_at_all_is_refused():
    with pytest.raises(TrainingError, match="build the embeddings first"):
        specify_streams(table(text=np.zeros((2, 3))), ("video",))
