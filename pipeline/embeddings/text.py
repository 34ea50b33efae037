"""Text backbones: their tokens, their pooling, and a random one for tests and demonstrations."""

from dataclasses import replace
from itertools import product
from string import ascii_lowercase, digits, punctuation

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn
from transformers import BertConfig, BertModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from pipeline.embeddings.backbones import Backbone, Pooling


class TextNetwork(nn.Module):
    """A text backbone with its pooling."""

    def __init__(self, backbone: Backbone, trunk: nn.Module):
        super().__init__()
        self.trunk = trunk
        self._pooling = backbone.pooling

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Embed token ids (batch, tokens), with 1 in the mask where there is a token."""
        output = self.trunk(input_ids=input_ids, attention_mask=attention_mask)
        if self._pooling is Pooling.PROJECTED:
            return output.text_embeds.float()  # (batch, width)
        if self._pooling is Pooling.POOLER:
            return output.pooler_output.float()  # (batch, width)
        x = output.last_hidden_state  # (batch, tokens, width)
        if self._pooling is Pooling.CLS:
            return x[:, 0].float()  # (batch, width)
        mask = attention_mask[:, :, None].float()  # (batch, tokens, 1)
        mean = (x.float() * mask).sum(dim=1) / mask.sum(dim=1).clamp_min(1.0)
        return nn.functional.normalize(mean, dim=1)  # (batch, width)


def build_text_network(backbone: Backbone, trunk: nn.Module) -> TextNetwork:
    """Put the backbone's pooling on a transformers model, in float32 and evaluation mode."""
    return TextNetwork(backbone, trunk).eval().requires_grad_(False)


def tokenize(
    tokenizer: PreTrainedTokenizerBase, texts: list[str], max_tokens: int
) -> list[list[int]]:
    """Turn texts into token ids, special ones included, truncated at `max_tokens`."""
    encoded = tokenizer(
        texts,
        truncation=True,
        max_length=max_tokens,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        split_special_tokens=True,  # a plot's "[SEP]" is letters, not the end of a text
    )
    return encoded["input_ids"]


def build_random_text(backbone: Backbone) -> tuple[TextNetwork, PreTrainedTokenizerBase]:
    """Build a placeholder for a text backbone without weights: the right width, no training.

    A BERT of two layers with random parameters over pieces of up to two letters, whatever the
    backbone, pooled by the masked mean. Its vectors differ by the letters of a text alone.
    """
    tokenizer = _letter_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=backbone.width,
        num_hidden_layers=2,
        num_attention_heads=backbone.width // 64,
        intermediate_size=2 * backbone.width,
        max_position_embeddings=backbone.max_tokens,
        pad_token_id=_PAD_ID,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        trunk = BertModel(config, add_pooling_layer=False)
    for shared in (trunk.embeddings.position_embeddings, trunk.embeddings.token_type_embeddings):
        nn.init.zeros_(shared.weight)  # what all texts have in common would hide the rest
    return build_text_network(replace(backbone, pooling=Pooling.MASKED_MEAN), trunk), tokenizer


_PAD_ID = 0
"""The special tokens are the first of the vocabulary, and the padding is the first of them."""


def _letter_tokenizer() -> PreTrainedTokenizerBase:
    letters = list(ascii_lowercase + digits)
    pairs = ["".join(pair) for pair in product(ascii_lowercase, repeat=2)]
    pieces = [*letters, *pairs]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokens = [*special, *punctuation, *pieces, *(f"##{piece}" for piece in pieces)]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
