"""Attributes of objects, by comparing pictures with words: zero-shot CLIP over a vocabulary.

Source: arXiv 2103.00020, section 3.1: cosines between a picture and "a photo of a ..." for each
word, times the temperature, through a softmax.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from pipeline.core.errors import ConfigurationError, ItemError
from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.encode import encode_arrays
from pipeline.embeddings.encode_text import encode_texts
from pipeline.embeddings.runner import Item

TEMPERATURE = 100.0
"""CLIP's trained factor, at its upper bound. Source: arXiv 2103.00020, section 2.5."""

PROMPT = "a photo of a {} thing"
"""Around each word; the words of a vocabulary are adjectives."""

ATTRIBUTES_PER_OBJECT = 2
"""The most probable ones are kept. Source: reference implementation 000, whose example has two."""

VOCABULARY = Path(__file__).with_name("attributes.txt")
"""Ours, where the user provides none."""

_WORD = re.compile(r"[^\x00-\x1f\x7f,]{1,60}")


def parse_vocabulary(text: str) -> tuple[str, ...]:
    r"""Read attributes, one a line; blank lines and lines that begin with # are skipped.

    Raises:
        ConfigurationError: A word cannot be written in `attr_bbox`, is repeated, or there are
            fewer than two: a softmax over one word is always 1.

    Example:
        >>> parse_vocabulary("# colours\ngold\n\nsilver\n")
        ('gold', 'silver')
    """
    words: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if not _WORD.fullmatch(word):
            raise ConfigurationError(
                f"line {number} of the vocabulary: expected a word of at most 60 characters "
                f"without commas, got {word[:60]!r}"
            )
        if word in words:
            raise ConfigurationError(f"line {number} of the vocabulary: {word!r} appears twice")
        words.append(word)
    if len(words) < 2:
        raise ConfigurationError(f"a vocabulary needs at least two words, got {len(words)}")
    return tuple(words)


def read_vocabulary(path: Path | None = None) -> tuple[str, ...]:
    """Read a file of attributes, ours where none is named; see `parse_vocabulary`.

    Raises:
        ConfigurationError: It cannot be read, is no UTF-8 text, or as `parse_vocabulary`.
    """
    path = path or VOCABULARY
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigurationError(
            f"the vocabulary {path.name} cannot be read ({err.__class__.__name__}): name a file of "
            "attributes, one a line, by MARQUEE_ATTRIBUTES"
        ) from err
    return parse_vocabulary(text)


class AttributeClassifier:
    """Assigns to pictures the words of a vocabulary that fit them best."""

    def __init__(
        self,
        vocabulary: tuple[str, ...],
        pictures: tuple[nn.Module, Backbone],
        texts: tuple[nn.Module, PreTrainedTokenizerBase, Backbone],
        *,
        device: str = "cpu",
    ):
        """Embed the vocabulary once.

        Args:
            vocabulary: See `parse_vocabulary`.
            pictures: CLIP's image encoder with its row of the table.
            texts: CLIP's text encoder of the same weights, its tokenizer and its row.
            device: torch's name of the device.
        """
        self._vocabulary, self._device = vocabulary, device
        self._network, self._backbone = pictures
        prompts = [(i, PROMPT.format(word)) for i, word in enumerate(vocabulary)]
        self._words = _unit(np.stack(_in_order(encode_texts(prompts, *texts, device=device))))

    def __call__(self, crops: list[np.ndarray]) -> list[tuple[tuple[str, float], ...]]:
        """Classify pictures, uint8 (height, width, 3): their most probable words, best first."""
        items = [(i, crop[None]) for i, crop in enumerate(crops)]
        vectors = encode_arrays(items, self._network, self._backbone, device=self._device)
        return [self._classify(vector) for vector in _in_order(vectors)]

    def _classify(self, vector: np.ndarray) -> tuple[tuple[str, float], ...]:
        cosines = self._words @ _unit(vector)[0]  # (words,)
        probabilities = torch.softmax(torch.from_numpy(TEMPERATURE * cosines), dim=0).numpy()
        best = np.argsort(-probabilities, kind="stable")[:ATTRIBUTES_PER_OBJECT]
        return tuple((self._vocabulary[i], round(float(probabilities[i]), 4)) for i in best)


def _in_order(items: Iterable[Item]) -> list[np.ndarray]:
    """Return embeddings in the order of their numbers, which begin at 0.

    Raises:
        ItemError: One of them failed.
    """
    vectors: dict[int, np.ndarray] = {}
    for number, vector in items:
        if isinstance(vector, ItemError):
            raise vector
        vectors[number] = vector
    return [vectors[i] for i in range(len(vectors))]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
