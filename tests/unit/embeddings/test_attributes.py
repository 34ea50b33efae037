import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel

from pipeline.core.errors import ConfigurationError
from pipeline.embeddings.attributes import (
    PROMPT,
    AttributeClassifier,
    parse_vocabulary,
    read_vocabulary,
)
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.pixel_networks import ClipImageTrunk, wrap_trunk
from pipeline.embeddings.text import build_random_text, build_text_network, tokenize

WORDS = ("gold", "silver", "striped")


@pytest.fixture(scope="module")
def tokenizer():
    return build_random_text(BACKBONES["minilm"])[1]


@pytest.fixture(scope="module")
def clip(tokenizer):
    texts = {
        "num_hidden_layers": 1,
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.sep_token_id,
    }
    config = CLIPConfig(
        text_config=texts,
        vision_config={"num_hidden_layers": 1},
        logit_scale_init_value=float(np.log(100)),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return CLIPModel(config).eval().requires_grad_(False)


def test_confidences_are_clips_own_shares_of_the_vocabulary(clip, tokenizer):
    pictures, texts = BACKBONES["clip_image"], BACKBONES["clip_text"]
    image = wrap_trunk(pictures, ClipImageTrunk(Vision(clip)))
    text = build_text_network(texts, Text(clip))
    classify = AttributeClassifier(WORDS, (image, pictures), (text, tokenizer, texts))
    crop = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    (attributes,) = classify([crop])
    pixels = torch.addcmul(
        image.shift, torch.from_numpy(crop).permute(2, 0, 1).float(), image.scale
    )
    logits = []
    for word in WORDS:
        ids = torch.tensor(tokenize(tokenizer, [PROMPT.format(word)], texts.max_tokens))
        logits.append(clip(input_ids=ids, pixel_values=pixels[None]).logits_per_image[0])
    shares = torch.cat(logits).softmax(0)
    expected = dict(zip(WORDS, shares.tolist(), strict=True))
    assert [word for word, _ in attributes] == sorted(expected, key=expected.get, reverse=True)[:2]
    for word, confidence in attributes:
        assert confidence == pytest.approx(expected[word], abs=1e-3)


def test_crops_of_any_size_are_classified_together(clip, tokenizer):
    pictures, texts = BACKBONES["clip_image"], BACKBONES["clip_text"]
    image = wrap_trunk(pictures, ClipImageTrunk(Vision(clip)))
    classify = AttributeClassifier(
        WORDS, (image, pictures), (build_text_network(texts, Text(clip)), tokenizer, texts)
    )
    crops = [np.full(shape, 99, dtype=np.uint8) for shape in ((1, 1, 3), (40, 13, 3), (300, 20, 3))]
    assert [len(attributes) for attributes in classify(crops)] == [2, 2, 2]
    assert classify([]) == []


class Vision(torch.nn.Module):
    """CLIP's image encoder, with the outputs of its own class."""

    def __init__(self, clip):
        super().__init__()
        self.clip = clip

    def forward(self, pixel_values):
        self.image_embeds = self.clip.get_image_features(pixel_values).pooler_output
        return self


class Text(torch.nn.Module):
    """CLIP's text encoder, with the outputs of its own class."""

    def __init__(self, clip):
        super().__init__()
        self.clip = clip

    def forward(self, input_ids, attention_mask):
        self.text_embeds = self.clip.get_text_features(input_ids, attention_mask).pooler_output
        return self


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gold\nsil,ver\n", "line 2.*commas"),
        ("gold\n\ngold\n", "line 3.*twice"),
        ("gold\n", "at least two words, got 1"),
        ("gold\n" + "x" * 61, "line 2.*60 characters"),
    ],
)
def test_vocabulary_that_cannot_be_used_is_refused_by_line(text, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_vocabulary(text)


def test_our_own_vocabulary_is_there_and_usable():
    words = read_vocabulary()
    assert len(words) > 100
    assert {"gold", "silver", "smiling"} <= set(words)


def test_vocabulary_that_cannot_be_read_is_refused_by_name(tmp_path):
    (tmp_path / "looks.txt").write_bytes(b"gold\n\xff\n")
    for name in ("looks.txt", "none.txt"):
        with pytest.raises(ConfigurationError, match=rf"{name} cannot be read.*MARQUEE_ATTRIBUTES"):
            read_vocabulary(tmp_path / name)
