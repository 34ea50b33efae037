import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pipeline.core.ragged import pack_ragged
from pipeline.models.training.batches import Batch, Batches, read_ahead, step_seed, take_batch


def movies(n: int = 7) -> SimpleNamespace:
    """Text tells the row; row i has i % 3 frames."""
    frames = pack_ragged([np.full((row % 3, 2), row, np.float16) for row in range(n)])
    streams = {"text": np.arange(n, dtype=np.float32)[:, None], "frames": frames}
    masks = {"text": np.ones(n, bool), "frames": frames.lengths > 0}
    return SimpleNamespace(streams=streams, masks=masks, data_hash="d")


def batches(n: int = 7, **more) -> Batches:
    wanted = {"batch_size": 3, **more}
    return Batches(movies(n), ("text", "frames"), np.arange(n), np.arange(n), **wanted)


def rows(passed: list[Batch]) -> list[list[int]]:
    return [batch.streams["text"][:, 0].int().tolist() for batch in passed]


def test_a_sequence_is_padded_and_its_mask_says_where():
    batch = take_batch(movies(), ("frames",), np.array([1, 2, 3]))
    assert batch.streams["frames"].shape == (3, 2, 2)
    assert batch.masks["frames"].tolist() == [[True, False], [True, True], [False, False]]
    assert not len(batch.target)


def test_frames_of_a_movie_that_the_mask_leaves_out_are_masked():
    table = movies()
    table.masks["frames"][2] = False
    assert not take_batch(table, ("frames",), np.array([1, 2])).masks["frames"][1].any()


def test_pass_without_seed_is_in_order_and_whole():
    assert rows(list(batches())) == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(batches()) == 3


def test_single_row_left_over_joins_the_last_batch_where_rows_are_shuffled():
    shuffled = batches(shuffle_seed=1)
    sizes = [len(batch) for batch in rows(list(shuffled))]
    assert sizes == [3, 4]
    assert len(shuffled) == 2
    assert sorted(row for batch in rows(list(shuffled)) for row in batch) == list(range(7))
    assert len(batches(1, shuffle_seed=1)) == 1


def test_order_depends_on_seed_and_epoch_alone():
    one, other = batches(30, shuffle_seed=1), batches(30, shuffle_seed=1)
    first = rows(list(one))
    one.epoch = other.epoch = 4
    assert rows(list(one)) == rows(list(other)) != first


def test_pass_taken_up_inside_goes_on_with_the_same_batches():
    whole, rest = batches(30, shuffle_seed=1), batches(30, shuffle_seed=1)
    whole.epoch = rest.epoch = 2
    rest.first_step = 4
    assert rows(list(whole))[4:] == rows(list(rest))


def test_transform_gets_a_seed_for_each_seed_epoch_and_step():
    def noise(batch: Batch, seed: int) -> Batch:
        draw = torch.rand(1, generator=torch.Generator().manual_seed(seed))
        return Batch({**batch.streams, "noise": draw}, batch.masks, batch.target)

    def draws(epoch: int, seed: int, first_step: int = 0) -> list[float]:
        some = batches(9, shuffle_seed=seed, transform=noise)
        some.epoch, some.first_step = epoch, first_step
        return [batch.streams["noise"].item() for batch in some]

    assert draws(0, 1) == draws(0, 1)
    assert draws(0, 1)[1:] == draws(0, 1, first_step=1)
    assert len({*draws(0, 1), *draws(1, 1), *draws(0, 2)}) == 9


def test_every_step_reads_one_of_the_tables_drawn_by_its_seed():
    other = movies(60)
    other.streams["text"] = other.streams["text"] + 100

    def read(first_step: int = 0) -> list[list[int]]:
        some = batches(60, shuffle_seed=1, copies=[other])
        some.first_step = first_step
        return rows(list(some))

    is_copy = [row[0] >= 100 for row in read()]
    assert 4 < sum(is_copy) < 16
    assert all(
        (value >= 100) == copy for row, copy in zip(read(), is_copy, strict=True) for value in row
    )
    assert sorted(value % 100 for row in read() for value in row) == list(range(60))
    assert read(first_step=5) == read()[5:]


def test_step_seeds_differ_and_fit_a_generator():
    seeds = {step_seed(s, e, k) for s in range(4) for e in range(4) for k in range(4)}
    assert len(seeds) == 64
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_error_while_reading_ahead_comes_up_at_its_place():
    def broken():
        yield 1
        raise OSError("no disk")

    items = read_ahead(broken())
    assert next(items) == 1
    with pytest.raises(OSError, match="no disk"):
        next(items)


def test_pass_that_is_left_early_leaves_no_thread():
    before = threading.active_count()
    passing = iter(batches(30))
    next(passing)
    assert threading.active_count() == before + 1
    passing.close()
    assert threading.active_count() == before
