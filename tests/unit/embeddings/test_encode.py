from dataclasses import replace

import numpy as np
import pytest
import torch
from processors import needs_bf16
from torch import nn

from pipeline.core.errors import FrameError, ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings import encode_text
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.encode import encode_arrays
from pipeline.embeddings.encode_text import encode_texts
from pipeline.embeddings.text import tokenize

SHUFFLENET = BACKBONES["shufflenet"]
MINILM = BACKBONES["minilm"]


class MeanColour(nn.Module):
    """A network whose output is known: the mean colour, over and over."""

    def __init__(self, most=None):
        super().__init__()
        self.most = most
        self.batches = []

    def forward(self, pictures):
        self.batches.append(len(pictures))
        if self.most and len(pictures) > self.most:
            raise torch.OutOfMemoryError("the device is full")
        return pictures.float().mean(dim=(1, 2)).repeat(1, 342)[:, : SHUFFLENET.width]


def pictures(n, seed=0, px=224):
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (n, 1, 1, 3))
    noise = rng.integers(-40, 41, (n, px, px, 3))
    return np.clip(colours + noise, 0, 255).astype(np.uint8)


def cosines(a, b):
    a, b = np.atleast_2d(a), np.atleast_2d(b)
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def embed_one_by_one(network, frames):
    with torch.no_grad():
        return np.concatenate([network(torch.from_numpy(f[None])).numpy() for f in frames])


@pytest.mark.parametrize("use_bf16", [False, pytest.param(True, marks=needs_bf16)])
def test_embedding_equals_that_of_each_picture_alone(shufflenet, use_bf16):
    movies = {i: pictures(n, seed=i) for i, n in enumerate((3, 1, 5))}
    results = dict(
        encode_arrays(movies.items(), shufflenet, SHUFFLENET, batch_size=4, use_bf16=use_bf16)
    )
    for tmdb_id, frames in movies.items():
        alone = embed_one_by_one(shufflenet, frames)
        assert results[tmdb_id].shape == (len(frames), SHUFFLENET.width)
        assert results[tmdb_id].dtype == np.float32
        assert cosines(results[tmdb_id], alone).min() >= 0.999


def test_embedding_does_not_depend_on_order_or_neighbours(shufflenet):
    movies = [(i, pictures(2, seed=i)) for i in range(4)]
    forward = dict(encode_arrays(movies, shufflenet, SHUFFLENET, batch_size=3))
    backward = dict(encode_arrays(movies[::-1], shufflenet, SHUFFLENET, batch_size=5))
    for tmdb_id, _ in movies:
        assert cosines(forward[tmdb_id], backward[tmdb_id]).min() >= 0.999


def test_batches_are_filled_across_movies():
    network = MeanColour()
    movies = [(i, pictures(3, seed=i, px=8)) for i in range(7)]
    small = [(i, np.repeat(np.repeat(p, 28, 1), 28, 2)) for i, p in movies]
    results = dict(encode_arrays(small, network, SHUFFLENET, batch_size=8))
    assert network.batches == [8, 8, 8]  # the last one is filled up
    for tmdb_id, frames in small:
        assert results[tmdb_id][:, :3] == pytest.approx(frames.mean(axis=(1, 2)), abs=1e-2)


def test_a_movie_comes_out_as_soon_as_it_is_complete():
    taken = []

    def items():
        for i in range(6):
            taken.append(i)
            yield i, pictures(2, seed=i)

    results = encode_arrays(items(), MeanColour(), SHUFFLENET, batch_size=4)
    assert next(results)[0] == 0
    assert taken == [0, 1]


def test_a_movie_larger_than_a_batch_is_split_and_put_together():
    frames = pictures(7)
    ((_, features),) = encode_arrays([(1, frames)], MeanColour(), SHUFFLENET, batch_size=3)
    assert features[:, :3] == pytest.approx(frames.mean(axis=(1, 2)), abs=1e-2)


def test_running_out_of_memory_halves_the_batch_for_good():
    network = MeanColour(most=3)
    movies = [(i, pictures(2, seed=i)) for i in range(8)]
    results = dict(encode_arrays(movies, network, SHUFFLENET, batch_size=8))
    assert network.batches[:3] == [8, 4, 2]
    assert max(network.batches[3:]) <= 4
    for tmdb_id, frames in movies:
        assert results[tmdb_id][:, :3] == pytest.approx(frames.mean(axis=(1, 2)), abs=1e-2)


def test_no_memory_for_a_single_picture_is_an_error():
    class Full(MeanColour):
        def forward(self, pictures):
            raise torch.OutOfMemoryError("the device is full")

    with pytest.raises(torch.OutOfMemoryError):
        list(encode_arrays([(1, pictures(2))], Full(), SHUFFLENET))


def test_a_failing_movie_does_not_take_its_batch_along():
    undecodable = FrameError(Reason.TOO_FEW_FRAMES, "expected 5 informative frames, got 2")
    movies = [
        (1, pictures(2, seed=1)),
        (2, np.zeros((0, 224, 224, 3), dtype=np.uint8)),
        (3, np.zeros((2, 224, 224), dtype=np.uint8)),
        (4, pictures(2).astype(np.float32)),
        (5, undecodable),
        (6, pictures(2, seed=6)),
    ]
    results = dict(encode_arrays(movies, MeanColour(), SHUFFLENET, batch_size=4))
    assert [results[i].reason for i in (2, 3, 4)] == [Reason.MALFORMED] * 3
    assert results[5] is undecodable
    assert results[1].shape == results[6].shape == (2, SHUFFLENET.width)


def test_an_embedding_that_is_not_finite_is_an_error_of_its_movie_alone():
    class Overflows(MeanColour):
        def forward(self, pictures):
            return super().forward(pictures).where(pictures.float().mean() < 200, torch.inf)

    movies = [(1, pictures(1) // 4), (2, np.full((1, 224, 224, 3), 255, dtype=np.uint8))]
    results = dict(encode_arrays(movies, Overflows(), SHUFFLENET, batch_size=1))
    assert isinstance(results[1], np.ndarray)
    assert isinstance(results[2], ItemError)


def test_pictures_of_another_size_are_scaled():
    frames = pictures(2, px=100)
    ((_, features),) = encode_arrays([(1, frames)], MeanColour(), SHUFFLENET)
    assert features[:, :3] == pytest.approx(frames.mean(axis=(1, 2)), abs=1)


def test_read_only_pictures_are_taken():
    frames = pictures(1)
    frames.flags.writeable = False
    assert len(list(encode_arrays([(1, frames)], MeanColour(), SHUFFLENET))) == 1


TEXTS = {
    1: "A retired thief comes back for one last night.",
    2: "Run.",
    3: "Two sisters inherit a lighthouse, a debt and a secret that the whole island keeps. " * 9,
    4: "  ",
    5: "After the flood, a botanist looks for the last seed bank in the north.",
}


@pytest.mark.parametrize("use_bf16", [False, True])
@pytest.mark.parametrize("token_budget", [1, 64, 4096])
def test_text_embedding_equals_that_of_each_text_alone(random_text, use_bf16, token_budget):
    network, tokenizer = random_text
    results = dict(
        encode_texts(
            TEXTS.items(), network, tokenizer, MINILM, token_budget=token_budget, use_bf16=use_bf16
        )
    )
    assert set(results) == set(TEXTS)
    for tmdb_id, text in TEXTS.items():
        if text.strip():
            ids = torch.tensor(tokenize(tokenizer, [text], MINILM.max_tokens))
            with torch.no_grad():
                alone = network(ids, torch.ones_like(ids)).numpy()
            assert results[tmdb_id].shape == (MINILM.width,)
            assert cosines(results[tmdb_id], alone).min() >= 0.999


def test_batch_holds_texts_of_one_padded_length(random_text, monkeypatch):
    lengths = []

    def pad(ids, pad_id, length):
        lengths.append({encode_text.padded_length(tokens, MINILM.max_tokens) for tokens in ids})
        return encode_text_pad(ids, pad_id, length)

    encode_text_pad = encode_text.pad
    monkeypatch.setattr(encode_text, "pad", pad)
    texts = [(i, " ".join(["word"] * (1 + 7 * i % 40))) for i in range(24)]
    assert len(list(encode_texts(texts, *random_text, MINILM))) == len(texts)
    assert all(len(of_one) == 1 for of_one in lengths)
    assert len(lengths) > 1


@pytest.mark.parametrize("use_bf16", [False, True])
def test_text_embedding_is_the_same_to_the_last_bit_whatever_its_neighbours(random_text, use_bf16):
    texts = [(i, " ".join(["word"] * (1 + 7 * i % 40))) for i in range(24)]

    def embed(items):
        found = encode_texts(items, *random_text, MINILM, use_bf16=use_bf16)
        return {i: vector.tobytes() for i, vector in found}

    together = embed(texts)
    assert embed(texts[1::3]).items() <= together.items()
    assert embed(reversed(texts[:5])).items() <= together.items()


def test_empty_text_has_no_embedding(random_text):
    network, tokenizer = random_text
    ((tmdb_id, error),) = encode_texts([(4, " \n")], network, tokenizer, MINILM)
    assert (tmdb_id, error.reason) == (4, Reason.NO_TEXT)


def test_long_text_is_cut_at_the_backbones_limit(random_text):
    _, tokenizer = random_text
    assert len(tokenize(tokenizer, ["word " * 2000], MINILM.max_tokens)[0]) == MINILM.max_tokens


CLIPS = replace(BACKBONES["shufflenet3d"], n_frames=4, input_px=16, width=3)


class MeanClipColour(nn.Module):
    """A network whose output is known: the mean colour of a clip."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def forward(self, clips):
        self.batches.append(len(clips))
        return clips.float().mean(dim=(1, 2, 3))


def clips(n, seed=0, px=16, n_frames=4):
    return np.random.default_rng(seed).integers(0, 256, (n, n_frames, px, px, 3), dtype=np.uint8)


def test_clips_of_many_movies_share_batches_and_come_out_by_movie():
    network = MeanClipColour()
    movies = [(i, clips(n, seed=i)) for i, n in enumerate((3, 1, 4), start=1)]
    found = dict(encode_arrays(movies, network, CLIPS, batch_size=3))
    assert network.batches == [3, 3, 3]
    for tmdb_id, movie in movies:
        assert found[tmdb_id] == pytest.approx(movie.mean(axis=(1, 2, 3)), abs=1e-3)


def test_clips_of_another_size_are_scaled_as_pictures_are():
    movie = np.repeat(clips(2, px=1), 40, axis=2)
    ((_, found),) = encode_arrays([(1, movie)], MeanClipColour(), CLIPS)
    assert found == pytest.approx(movie.mean(axis=(1, 2, 3)), abs=1e-3)


def test_clips_with_another_number_of_frames_are_an_error_of_their_movie_alone():
    short = FrameError(Reason.TOO_FEW_FRAMES, "expected one clip, got none")
    movies = [
        (1, clips(1)),
        (2, clips(1, n_frames=3)),
        (3, clips(0)),
        (4, clips(1)[0]),
        (5, short),
    ]
    found = dict(encode_arrays(movies, MeanClipColour(), CLIPS))
    assert [found[i].reason for i in (2, 3, 4)] == [Reason.MALFORMED] * 3
    assert "(1, 3, 16, 16, 3)" in str(found[2])
    assert found[5] is short
    assert found[1].shape == (1, 3)
