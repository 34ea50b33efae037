"""What a batch holds besides leaves no trace in an embedding, not in its last bit."""

import numpy as np

from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.encode import encode_arrays


def test_an_embedding_is_the_same_to_the_last_bit_in_a_full_and_in_a_last_batch(shufflenet):
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (19, 64, 64, 3), dtype=np.uint8)
    given = {}
    for cuts in ([19], [1, 18], [7, 5, 7], [16, 3]):
        parts = np.split(pictures, np.cumsum(cuts)[:-1])
        found = dict(encode_arrays(enumerate(parts), shufflenet, BACKBONES["shufflenet"]))
        given[len(given)] = np.concatenate([found[i] for i in range(len(parts))])
        alone = dict(encode_arrays([(0, parts[0])], shufflenet, BACKBONES["shufflenet"]))
        assert np.array_equal(alone[0], found[0])
    assert all(np.array_equal(given[0], other) for other in given.values())
