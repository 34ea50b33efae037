import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

from pipeline.core.errors import AudioError, ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.audio import (
    _open_extractor,
    build_audio_network,
    build_random_audio,
    compute_log_mels,
    cut_windows,
)
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.encode import encode_arrays

AST = BACKBONES["ast"]
RATE_HZ = AST.sample_rate_hz


@pytest.fixture(scope="module")
def network():
    return build_random_audio(AST)


def tone(duration_s, pitch_hz=440.0, seed=0):
    at = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).normal(0, 0.05, len(at))
    return ((0.5 * np.sin(2 * np.pi * pitch_hz * at) + noise) * 30_000).astype(np.int16)


def encode(items, network, **options):
    return dict(encode_arrays(items, network, AST, sample_rate_hz=RATE_HZ, **options))


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize(
    ("duration_s", "n_windows"), [(0.1, 1), (10.24, 1), (11.0, 1), (11.3, 2), (30.0, 3)]
)
def test_a_track_is_cut_into_windows_and_a_short_rest_left_out(duration_s, n_windows):
    samples = tone(duration_s)
    windows = cut_windows(samples, AST)
    assert len(windows) == n_windows
    assert all(np.array_equal(w, samples[163_840 * i :][: len(w)]) for i, w in enumerate(windows))


def test_a_full_window_fills_the_log_mel_without_padding():
    first, _, _ = cut_windows(tone(30.0), AST)
    log_mel = compute_log_mels([first], AST)
    assert log_mel.shape == (1, 1024, 128)
    assert log_mel[0, -1].std() > 0  # a padded frame would be the same in all bands


def test_threads_that_open_the_extractor_together_warn_of_nothing():
    _open_extractor.cache_clear()
    with warnings.catch_warnings(), ThreadPoolExecutor(4) as pool:
        warnings.simplefilter("error")
        made = list(pool.map(lambda _: compute_log_mels([tone(0.1)], AST), range(8)))
    assert all(torch.equal(one, made[0]) for one in made)


def test_an_embedding_is_what_the_library_itself_gives_one_by_one(network):
    tracks = {1: tone(1.0), 2: tone(0.5, 1500.0)}
    found = encode(tracks.items(), network, batch_size=2)
    extract = ASTFeatureExtractor()  # its own figures, not those of our table
    for tmdb_id, samples in tracks.items():
        inputs = extract(samples / 2.0**15, sampling_rate=RATE_HZ, return_tensors="pt")
        alone = network.trunk(inputs["input_values"].float()).pooler_output.numpy()
        assert found[tmdb_id].shape == (1, AST.width)
        assert found[tmdb_id].dtype == np.float32
        assert cosines(found[tmdb_id], alone).min() >= 0.999
        assert np.abs(found[tmdb_id] - alone).max() <= 1e-3 * np.abs(alone).max()


def test_bfloat16_changes_an_embedding_by_next_to_nothing():
    """In a window of an eighth; neighbours: see `test_order_and_neighbours`."""
    row = replace(AST, window_s=1.28)
    config = ASTConfig(hidden_size=row.width, num_hidden_layers=2, max_length=128)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_audio_network(ASTModel(config))
    found = [
        dict(encode_arrays([(1, tone(0.5))], network, row, sample_rate_hz=RATE_HZ, batch_size=1,
                          use_bf16=use_bf16))
        for use_bf16 in (False, True)
    ]  # fmt: skip
    assert found[1][1].dtype == np.float32
    assert cosines(found[0][1], found[1][1]).min() >= 0.999


def test_sounds_that_differ_have_vectors_that_differ(network):
    one, other = build_random_audio(AST), network
    assert torch.equal(one.trunk.layernorm.weight, other.trunk.layernorm.weight)  # the same seed
    found = encode([(1, tone(1.0)), (2, tone(1.0, 3000.0))], network, batch_size=1)
    assert cosines(found[1], found[2])[0] < 0.9999


def test_network_is_for_evaluation_and_leaves_torchs_generator_alone():
    before = torch.random.get_rng_state()
    network = build_audio_network(build_random_audio(AST).trunk)
    assert torch.equal(before, torch.random.get_rng_state())
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_sound_that_cannot_be_used_does_not_take_its_neighbours_along():
    network = Loudness()
    silent = AudioError(Reason.SILENT, "no sample above 0.0010 of full scale")
    items = [
        (1, tone(1.0)),
        (2, tone(1.0).astype(np.float32)),
        (3, np.zeros(399, dtype=np.int16)),
        (4, np.stack([tone(1.0)] * 2)),
        (5, silent),
        (6, tone(30.0)),
    ]
    found = encode(items, network)
    assert [found[i].reason for i in (2, 3, 4)] == [Reason.MALFORMED] * 3
    assert "float32" in str(found[2])
    assert found[5] is silent
    assert (found[1].shape, found[6].shape) == ((1, AST.width), (3, AST.width))
    assert network.batches == [4]
    assert not isinstance(found[6], ItemError)


def test_sound_at_another_rate_is_refused(network):
    with pytest.raises(ValueError, match="16000 Hz, got 44100 Hz"):
        list(encode_arrays([(1, tone(1.0))], network, AST, sample_rate_hz=44_100))


class Loudness(torch.nn.Module):
    """A network whose features are known: the mean of the log-mel, over and over."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def forward(self, log_mels):
        self.batches.append(len(log_mels))
        return log_mels.mean(dim=(1, 2))[:, None].repeat(1, AST.width)
