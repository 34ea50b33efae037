import threading
import time

import pytest

from pipeline.embeddings.parallel_encoding import WAITING_PER_ENCODER, encode_in_parallel


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_item_is_encoded_once(workers):
    found = encode_in_parallel(range(200), [lambda share: (-i for i in share)] * workers)
    assert sorted(found) == sorted(-i for i in range(200))


def test_error_of_one_encoder_reaches_the_reader_and_stops_the_others():
    def encode(share):
        for item in share:
            if item == 3:
                raise ValueError("three")
            yield item

    with pytest.raises(ValueError, match="three"):
        list(encode_in_parallel(range(10_000_000), [encode] * 2))


def test_error_of_the_stream_reaches_the_reader():
    def items():
        yield 1
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        list(encode_in_parallel(items(), [iter] * 2))


def test_reader_that_stops_early_leaves_no_thread_behind():
    before = threading.active_count()
    results = encode_in_parallel(range(10_000_000), [iter] * 3)
    next(results)
    results.close()
    assert threading.active_count() == before


def test_encoders_wait_for_a_slow_reader():
    """Results of 10,000 movies must not pile up in memory."""
    made = []
    results = encode_in_parallel(
        range(10_000), [lambda share: (made.append(i) or i for i in share)] * 2
    )
    next(results)
    time.sleep(0.2)
    assert len(made) <= 2 * (WAITING_PER_ENCODER + 1) + 1
    results.close()


def test_each_of_several_encoders_has_its_share():
    both = threading.Barrier(2)

    def named(name):
        return lambda share: ((name, i) for i in share if both.wait(timeout=10) >= 0)

    found = list(encode_in_parallel(range(6), [named("a"), named("b")]))
    assert sorted(i for _, i in found) == list(range(6))
    assert {name for name, _ in found} == {"a", "b"}
