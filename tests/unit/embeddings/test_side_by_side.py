import threading

import pytest

from pipeline.embeddings.side_by_side import encode_side_by_side


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_item_is_encoded_once(workers):
    found = encode_side_by_side(range(200), lambda share: (-i for i in share), workers=workers)
    assert sorted(found) == sorted(-i for i in range(200))


def test_error_of_one_encoder_reaches_the_reader_and_stops_the_others():
    def encode(share):
        for item in share:
            if item == 3:
                raise ValueError("three")
            yield item

    with pytest.raises(ValueError, match="three"):
        list(encode_side_by_side(range(10_000_000), encode, workers=2))


def test_error_of_the_stream_reaches_the_reader():
    def items():
        yield 1
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        list(encode_side_by_side(items(), iter, workers=2))


def test_reader_that_stops_early_leaves_no_thread_behind():
    before = threading.active_count()
    results = encode_side_by_side(range(10_000_000), iter, workers=3)
    next(results)
    results.close()
    assert threading.active_count() == before
