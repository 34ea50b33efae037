"""The four ways from token vectors to one vector, each against transformers' own output."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, CLIPTextConfig, CLIPTextModelWithProjection

from pipeline.embeddings.backbones import BACKBONES, Pooling
from pipeline.embeddings.encode_text import encode_texts
from pipeline.embeddings.text import build_random_text, build_text_network, tokenize

BERT_ROWS = ["bert-base-uncased", "bert-base-uncased-pooler", "bert-base-uncased-mean"]
TEXTS = {
    1: "A retired thief comes back for one last night.",
    2: "Run.",
    3: "Two sisters inherit a lighthouse, a debt and a secret that the whole island keeps. " * 9,
}


@pytest.fixture(scope="module")
def tokenizer():
    return build_random_text(BACKBONES["minilm"])[1]


@pytest.fixture(scope="module")
def bert(tokenizer):
    config = BertConfig(vocab_size=len(tokenizer), hidden_size=768, num_hidden_layers=1)
    return draw(lambda: BertModel(config))


@pytest.fixture(scope="module")
def clip(tokenizer):
    eos = tokenizer.sep_token_id
    config = CLIPTextConfig(
        vocab_size=len(tokenizer), num_hidden_layers=2, eos_token_id=eos, pad_token_id=eos
    )
    return draw(lambda: CLIPTextModelWithProjection(config))


def draw(build):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build().eval().requires_grad_(False)


def expected(trunk, backbone, ids):
    found = trunk(input_ids=ids)
    if backbone.pooling is Pooling.PROJECTED:
        return found.text_embeds[0]
    if backbone.pooling is Pooling.POOLER:
        return found.pooler_output[0]
    x = found.last_hidden_state[0]
    return (
        x[0] if backbone.pooling is Pooling.CLS else torch.nn.functional.normalize(x.mean(0), dim=0)
    )


def check(backbone, trunk, tokenizer, **options):
    network = build_text_network(backbone, trunk)
    found = dict(encode_texts(TEXTS.items(), network, tokenizer, backbone, **options))
    for tmdb_id, text in TEXTS.items():
        ids = torch.tensor(tokenize(tokenizer, [text], backbone.max_tokens))
        alone = expected(trunk, backbone, ids).numpy()
        vector = found[tmdb_id]
        assert vector.shape == (backbone.width,)
        assert vector @ alone / np.linalg.norm(vector) / np.linalg.norm(alone) >= 0.99999
        assert np.abs(vector - alone).max() <= 1e-3 * np.abs(alone).max()


@pytest.mark.parametrize("name", BERT_ROWS)
def test_bert_is_pooled_as_its_row_says(name, bert, tokenizer):
    check(BACKBONES[name], bert, tokenizer)


def test_clips_text_is_projected_from_its_end_whatever_the_padding(clip, tokenizer):
    check(BACKBONES["clip_text"], clip, tokenizer, token_budget=200)


@pytest.mark.parametrize("use_bf16", [False, True])
def test_clips_text_is_the_same_to_the_last_bit_whatever_its_neighbours(clip, tokenizer, use_bf16):
    backbone = BACKBONES["clip_text"]
    network = build_text_network(backbone, clip)
    texts = [(i, " ".join(["word"] * (1 + 7 * i % 40))) for i in range(12)]

    def embed(items):
        found = encode_texts(items, network, tokenizer, backbone, use_bf16=use_bf16)
        return {i: vector.tobytes() for i, vector in found}

    assert embed(texts[1::3]).items() <= embed(texts).items()


def test_a_text_that_fills_all_of_clips_places_is_not_padded_beyond_them(clip, tokenizer):
    backbone = BACKBONES["clip_text"]
    ids = tokenize(tokenizer, [TEXTS[3]], backbone.max_tokens)
    assert len(ids[0]) == backbone.max_tokens == clip.config.max_position_embeddings == 77


def test_rows_of_bert_share_their_weights_and_differ_in_nothing_but_the_pooling():
    rows = [BACKBONES[name] for name in BERT_ROWS]
    assert len({row.weights for row in rows}) == 1
    assert len({row.pooling for row in rows}) == 3


@pytest.mark.parametrize("word", ["[SEP]", "[PAD]", "[CLS]", "[UNK]"])
def test_control_token_in_a_plot_is_letters(tokenizer, word):
    controls = set(tokenizer.all_special_ids)
    (ids,) = tokenize(tokenizer, [f"a {word} b"], 64)
    assert not controls & set(ids[1:-1])
    assert tokenize(tokenizer, ["a b"], 64) == [[ids[0], ids[1], ids[-2], ids[-1]]]
