"""The batch loop: items of many movies flow through one network in full batches.

What belongs here: making batches across movies and giving results back by movie. What does not:
decoding, files, and the networks themselves.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.image import ImageNetwork, to_square
from pipeline.embeddings.runner import Runner
from pipeline.embeddings.text import TextNetwork, tokenize
from pipeline.errors import ItemError
from pipeline.outcomes import Reason

BATCH_SIZE = 16
"""Pictures per batch; on a CPU more is slower (it leaves the cache), on a GPU pass more."""

TOKEN_BUDGET = 4096
"""Tokens per batch of texts, padding included."""

PAD_TO = 16
"""Texts are padded to a multiple of so many tokens, and a batch holds one padded length: then an
embedding is the same to the last bit whatever its neighbours, also when a killed run goes on."""

TEXTS_AT_ONCE = 4096
"""Texts sorted by length together: enough for batches with little padding, little memory."""


def encode_images(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    network: ImageNetwork,
    backbone: Backbone,
    *,
    device: str = "cpu",
    batch_size: int = BATCH_SIZE,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the pictures of many movies; each movie comes out as soon as it is complete.

    A batch is filled with pictures of several movies. A movie that cannot be embedded comes out
    as an error, and so does one that came in as an error; its neighbours are not touched.

    Args:
        items: (tmdb_id, uint8 RGB (pictures, height, width, 3)), or an error in place of pictures.
        network: The backbone; moved to `device`.
        backbone: Its row of the table.
        device: torch's name of the device.
        batch_size: Pictures per batch; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (pictures, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        RuntimeError: The network failed for another reason than memory.
    """
    run = Runner(network, device=device, size=batch_size, use_bf16=use_bf16)
    waiting: deque[_Movie] = deque()
    for tmdb_id, pictures in items:
        if isinstance(pictures, ItemError) or (pictures := _checked(pictures)) is None:
            yield tmdb_id, pictures or ItemError(Reason.MALFORMED, _WANTED)
            continue
        square = to_square(torch.from_numpy(pictures), backbone)
        features = np.empty((len(square), backbone.width), dtype=np.float32)
        waiting.append(_Movie(tmdb_id, square, features))
        while sum(movie.n_left for movie in waiting) >= run.size:
            yield from _embed_next(waiting, run)
    while waiting:
        yield from _embed_next(waiting, run)


def encode_texts(
    items: Iterable[tuple[int, str]],
    network: TextNetwork,
    tokenizer: PreTrainedTokenizerBase,
    backbone: Backbone,
    *,
    device: str = "cpu",
    token_budget: int = TOKEN_BUDGET,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the texts of many movies, those of like length together.

    Args:
        items: (tmdb_id, text).
        network: The backbone; moved to `device`.
        tokenizer: Its tokenizer.
        backbone: Its row of the table.
        device: torch's name of the device.
        token_budget: Tokens per batch, padding included; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (width,)), or (tmdb_id, error `NO_TEXT`) for an empty text; in another
        order than `items`.

    Raises:
        RuntimeError: The network failed for another reason than memory.
    """
    run = Runner(network, device=device, size=token_budget, use_bf16=use_bf16)
    items = iter(items)
    while some := list(islice(items, TEXTS_AT_ONCE)):
        texts = [(tmdb_id, text) for tmdb_id, text in some if text.strip()]
        for tmdb_id, text in some:
            if not text.strip():
                yield tmdb_id, ItemError(Reason.NO_TEXT, "wanted a text, got an empty one")
        if not texts:
            continue
        ids = tokenize(tokenizer, [text for _, text in texts], backbone.max_tokens)
        order = deque(sorted(range(len(texts)), key=lambda i: _padded(ids[i]), reverse=True))
        while order:
            batch = _next_batch(order, ids, run.size)
            features = run(*_pad([ids[i] for i in batch], tokenizer.pad_token_id))
            for i, feature in zip(batch, features, strict=True):
                yield _result(texts[i][0], feature)


@dataclass
class _Movie:
    """A movie on its way: which of its pictures went into batches already."""

    tmdb_id: int
    pictures: torch.Tensor
    features: np.ndarray
    n_done: int = 0

    @property
    def n_left(self) -> int:
        return len(self.pictures) - self.n_done


_WANTED = "wanted a non-empty uint8 array (pictures, height, width, 3)"


def _checked(pictures: np.ndarray) -> np.ndarray | None:
    """Return the pictures in a form that torch takes, or None where they are none."""
    is_usable = pictures.dtype == np.uint8 and pictures.ndim == 4 and pictures.shape[3] == 3
    if not is_usable or not pictures.size:
        return None
    if not pictures.flags.writeable or not pictures.flags.c_contiguous:
        return np.array(pictures)  # torch warns of memory that must not be written
    return pictures


def _embed_next(
    waiting: deque[_Movie], run: Runner
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed one batch off the front of the queue and yield the movies that it completes."""
    parts: list[tuple[_Movie, slice]] = []
    n_free = run.size
    for movie in waiting:
        part = slice(movie.n_done, min(len(movie.pictures), movie.n_done + n_free))
        parts.append((movie, part))
        n_free -= part.stop - part.start
        if not n_free:
            break
    features = run(torch.cat([movie.pictures[part] for movie, part in parts]))
    at = 0
    for movie, part in parts:
        n = part.stop - part.start
        movie.features[part] = features[at : at + n]
        movie.n_done, at = part.stop, at + n
    while waiting and not waiting[0].n_left:
        movie = waiting.popleft()
        yield _result(movie.tmdb_id, movie.features)


def _result(tmdb_id: int, features: np.ndarray) -> tuple[int, np.ndarray | ItemError]:
    if not np.isfinite(features).all():
        return tmdb_id, ItemError(Reason.UNEXPECTED, "the embedding is not finite")
    return tmdb_id, features


def _padded(tokens: list[int]) -> int:
    return -(-len(tokens) // PAD_TO) * PAD_TO


def _next_batch(order: deque[int], ids: list[list[int]], token_budget: int) -> list[int]:
    """Take texts of one padded length off the front, as many as the budget allows."""
    length = _padded(ids[order[0]])
    batch = [order.popleft()]
    while order and _padded(ids[order[0]]) == length and length * (len(batch) + 1) <= token_budget:
        batch.append(order.popleft())
    return batch


def _pad(ids: list[list[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad token ids to one length: ids and mask, both int64 (texts, tokens)."""
    longest = max(map(_padded, ids))
    padded = torch.full((len(ids), longest), pad_id)
    mask = torch.zeros((len(ids), longest), dtype=torch.int64)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return padded, mask
