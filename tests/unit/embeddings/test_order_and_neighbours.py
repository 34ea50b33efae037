"""An embedding of sound or text is its movie's own: whatever the order, the batches, the company.

Each is compared with the plain network in float32, one item at a time. Texts that end in token
vectors are the same to the last bit; elsewhere a product's kernel is chosen by the size of the
batch, and sums in another order. Pictures and clips: see `test_every_backbone`.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import (
    ASTConfig,
    ASTModel,
    BertConfig,
    BertModel,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
)

from pipeline.embeddings.audio import build_audio_network, prepare_sound
from pipeline.embeddings.backbones import BACKBONES, Modality, Pooling
from pipeline.embeddings.encode import encode_arrays
from pipeline.embeddings.encode_text import encode_texts
from pipeline.embeddings.text import build_random_text, build_text_network, tokenize

N_MOVIES = 4
ORDERS = ([0, 1, 2, 3], [2, 0, 3, 1], [3, 1])
"""Of the movies: as they come, mixed up, and in other company."""


HEARD_OR_READ = [b for b in BACKBONES.values() if b.modality in (Modality.AUDIO, Modality.TEXT)]


@pytest.fixture(params=HEARD_OR_READ, ids=lambda b: b.name)
def case(request):
    """Return how a backbone embeds, its movies, their plain features, and whether bits agree."""
    row = request.param
    return (audio_case if row.modality is Modality.AUDIO else text_case)(row)


def audio_case(row):
    row = replace(row, window_s=1.28)  # a tenth of the length, a hundredth of the attention
    config = ASTConfig(hidden_size=row.width, num_hidden_layers=1, max_length=128)
    network = build_audio_network(draw(lambda: ASTModel(config)))
    rng = np.random.default_rng(0)
    movies = {i: rng.normal(0, 900 * (i + 1), 9_000).astype(np.int16) for i in range(N_MOVIES)}
    plain = {i: network(prepare_sound(track, row)).numpy() for i, track in movies.items()}

    def encode(items, size):
        rate_hz = row.sample_rate_hz
        return encode_arrays(items, network, row, sample_rate_hz=rate_hz, batch_size=size)

    return encode, movies, plain, False


def text_case(row):
    tokenizer = build_random_text(BACKBONES["minilm"])[1]
    network = build_text_network(row, draw_trunk(row, tokenizer))
    plots = ["A thief.", "Two sisters and a lighthouse. " * 6, "Run, run!", "Love at sea, twice."]
    movies = dict(enumerate(plots))
    plain = {}
    for i, plot in movies.items():
        ids = torch.tensor(tokenize(tokenizer, [plot], row.max_tokens))
        plain[i] = network(ids, torch.ones_like(ids)).numpy()
    return (
        lambda items, size: encode_texts(items, network, tokenizer, row, token_budget=64 * size),
        movies,
        plain,
        row.pooling in (Pooling.CLS, Pooling.MASKED_MEAN),
    )


def draw_trunk(row, tokenizer):
    n_tokens = len(tokenizer)
    if row.pooling is Pooling.PROJECTED:
        end = tokenizer.sep_token_id
        config = CLIPTextConfig(
            vocab_size=n_tokens,
            num_hidden_layers=1,
            bos_token_id=None,
            eos_token_id=end,
            pad_token_id=end,
        )
        return draw(lambda: CLIPTextModelWithProjection(config))
    heads = {"num_attention_heads": row.width // 64, "intermediate_size": row.width}
    config = BertConfig(vocab_size=n_tokens, hidden_size=row.width, num_hidden_layers=1, **heads)
    return draw(lambda: BertModel(config))


def draw(build):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build()


def cosines(a, b):
    a, b = np.atleast_2d(a), np.atleast_2d(b)
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@torch.inference_mode()
def test_an_embedding_is_its_movies_own_in_any_order_and_company(case):
    encode, movies, plain, is_exact = case
    found = [dict(encode([(i, movies[i]) for i in order], 1 + n)) for n, order in enumerate(ORDERS)]
    assert [set(one) for one in found] == [set(order) for order in ORDERS]
    for one in found:
        for i, vectors in one.items():
            assert vectors.shape[-1] == plain[i].shape[-1]
            assert cosines(vectors, plain[i]).min() >= 0.999
            assert cosines(vectors, found[0][i]).min() >= 0.99999
            assert not is_exact or np.array_equal(vectors, found[0][i])
