"""What the loop does when a batch does not go through, and when batches are under way."""

import threading
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.encode import encode_arrays, encode_units
from pipeline.embeddings.encode_text import encode_texts
from pipeline.embeddings.parallel_encoding import AHEAD_PER_THREAD, encode_in_parallel, map_ahead
from pipeline.embeddings.pixel_networks import prepare_pixels
from pipeline.embeddings.runner import MAX_FAILED_BATCHES, Runner, run_all

SHUFFLENET = BACKBONES["shufflenet"]
MINILM = BACKBONES["minilm"]
POISON = 13


class MeanColour(nn.Module):
    """A network whose output is known, and that raises at a picture that begins with `POISON`."""

    def __init__(self, error=RuntimeError):
        super().__init__()
        self.error, self.batches = error, []

    def forward(self, pictures):
        self.batches.append(len(pictures))
        if (pictures[:, 0, 0, 0] == POISON).any():
            raise self.error("a picture that I cannot take")
        return pictures.float().mean(dim=(1, 2)).repeat(1, 342)[:, : SHUFFLENET.width]


def movie(tmdb_id, n=2, *, is_poisoned=False):
    frames = np.full((n, 224, 224, 3), 20 + tmdb_id, dtype=np.uint8)
    if is_poisoned:
        frames[-1] = POISON
    return tmdb_id, frames


@pytest.mark.parametrize("error", [RuntimeError, ValueError, IndexError])
def test_item_at_which_the_network_raises_is_found_and_its_batch_goes_on(error):
    network = MeanColour(error)
    movies = [movie(i, is_poisoned=i == 5) for i in range(1, 13)]
    found = dict(encode_arrays(movies, network, SHUFFLENET, batch_size=16))
    assert found[5].reason is Reason.UNEXPECTED
    assert "a picture that I cannot take" in str(found[5])
    for tmdb_id, frames in movies:
        if tmdb_id != 5:
            assert found[tmdb_id][:, :3] == pytest.approx(frames.mean(axis=(1, 2)))
    assert network.batches == [16, 8, 8, 4, 2, 1, 1, 2, 4, 16]


def test_movie_over_several_batches_is_one_error():
    found = list(encode_arrays([movie(1, 5, is_poisoned=True)], MeanColour(), SHUFFLENET,
                               batch_size=2))  # fmt: skip
    assert [(i, error.reason) for i, error in found] == [(1, Reason.UNEXPECTED)]


def test_network_that_never_works_is_broken_and_no_movies_fault():
    taken = []

    def items():
        for i in range(1, 100):
            taken.append(i)
            yield movie(i, 1, is_poisoned=True)

    with pytest.raises(RuntimeError, match="I cannot take"):
        list(encode_arrays(items(), MeanColour(), SHUFFLENET, batch_size=1))
    assert len(taken) == MAX_FAILED_BATCHES


def test_some_bad_movies_among_good_ones_never_stop_the_loop():
    movies = [movie(i, 1, is_poisoned=i % 4 > 0) for i in range(1, 4 * MAX_FAILED_BATCHES)]
    found = dict(encode_arrays(movies, MeanColour(), SHUFFLENET, batch_size=2))
    assert [i for i, made in found.items() if isinstance(made, np.ndarray)] == list(
        range(4, 4 * MAX_FAILED_BATCHES, 4)
    )


def test_text_at_which_the_network_raises_does_not_take_its_batch_along(random_text):
    network, tokenizer = random_text
    poison = tokenizer(["thief"])["input_ids"][0][1]

    class Picky(nn.Module):
        def forward(self, ids, mask):
            if (ids == poison).any():
                raise IndexError("no such token")
            return network(ids, mask)

    texts = [(1, "A garden."), (2, "thief"), (3, "A house."), (4, "")]
    found = dict(encode_texts(texts, Picky(), tokenizer, MINILM))
    assert "no such token" in str(found[2])
    assert found[4].reason is Reason.NO_TEXT
    assert found[1].shape == found[3].shape == (MINILM.width,)


def test_array_that_cannot_be_prepared_is_an_error_of_its_movie_alone():
    def prepare(array):
        if array[0, 0, 0, 0] == POISON:
            raise ValueError("odd")
        return prepare_pixels(array, SHUFFLENET)

    run = Runner(MeanColour(), device="cpu", size=4, use_bf16=False, width=SHUFFLENET.width)
    movies = [movie(1), movie(2, 1, is_poisoned=True), movie(3)]
    found = dict(encode_units(movies, run, prepare, SHUFFLENET.width))
    assert found[2].reason is Reason.MALFORMED
    assert "odd" in str(found[2])
    assert not isinstance(found[1], ItemError)
    assert not isinstance(found[3], ItemError)


def test_batches_under_way_come_back_to_their_movies():
    """As on a GPU, where the next batch is made and sent before the last one is through."""
    run = Runner(MeanColour(), device="cpu", size=3, use_bf16=False, width=SHUFFLENET.width)
    run.depth = 2
    movies = [movie(i, 1 + i % 4, is_poisoned=i == 7) for i in range(1, 20)]
    prepare = lambda array: prepare_pixels(array, SHUFFLENET)  # noqa: E731
    found = dict(encode_units(movies, run, prepare, SHUFFLENET.width))
    assert isinstance(found.pop(7), ItemError)
    for tmdb_id, frames in movies:
        if tmdb_id != 7:
            assert found[tmdb_id][:, :3] == pytest.approx(frames.mean(axis=(1, 2)))


def test_no_more_batches_are_under_way_than_the_device_wants():
    class Counting:
        depth, under_way, most = 2, 0, 0

        def start(self, x):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            return lambda: self.collect(x)

        def collect(self, x):
            self.under_way -= 1
            return x

    run = Counting()
    batches = [SimpleNamespace(inputs=(i,), finish=lambda x: [(x, x)]) for i in range(10)]
    assert list(run_all(run, batches)) == [(i, i) for i in range(10)]
    assert run.most == 3


def test_several_devices_share_the_movies():
    threads = set()

    class Seen(MeanColour):
        def forward(self, pictures):
            threads.add(threading.get_ident())
            both.wait(timeout=10)
            return super().forward(pictures)

    both = threading.Barrier(2)
    movies = [movie(i) for i in range(1, 9)]
    encode = partial(encode_arrays, network=Seen(), backbone=SHUFFLENET, batch_size=2)
    found = dict(encode_in_parallel(movies, [encode, encode]))
    assert sorted(found) == list(range(1, 9))
    assert len(threads) == 2


def test_threads_work_ahead_in_order_and_within_the_bound():
    taken = []

    def items():
        for i in range(100):
            taken.append(i)
            yield i

    results = map_ahead(lambda i: -i, items(), threads=3)
    assert next(results) == 0
    assert len(taken) == 3 * AHEAD_PER_THREAD + 1
    assert list(results) == [-i for i in range(1, 100)]


def test_error_of_work_done_ahead_reaches_the_reader_at_its_turn():
    results = map_ahead(lambda i: 1 // i, [1, 0, 1], threads=2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_half_a_batch_without_memory_is_halved_without_blame():
    class Small(MeanColour):
        def forward(self, pictures):
            if len(pictures) > 2:
                raise torch.OutOfMemoryError("the device is full")
            return super().forward(pictures)

    movies = [movie(i, is_poisoned=i == 2) for i in range(1, 5)]
    found = dict(encode_arrays(movies, Small(), SHUFFLENET, batch_size=8))
    assert [i for i, made in found.items() if isinstance(made, ItemError)] == [2]
