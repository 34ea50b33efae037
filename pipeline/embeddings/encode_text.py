"""Texts of many movies become embeddings: batches of one padded length, within a token budget."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.encode import GPU_FACTOR
from pipeline.embeddings.runner import Embedded, Item, Runner, finite_or_error, run_all
from pipeline.embeddings.text import TextNetwork, tokenize

TOKEN_BUDGET = 4096
"""Tokens per batch on a CPU, padding included."""

TEXTS_AT_ONCE = 4096
"""Texts sorted by length together: enough for batches with little padding, little memory."""

PAD_TO = 16
"""Texts are padded to a multiple of so many tokens, and a batch holds one padded length: then an
embedding is the same to the last bit whatever its neighbours, also when a killed run resumes.
BERT's pooler and CLIP's projection are one product per batch, and round otherwise in another."""


def encode_texts(
    items: Iterable[tuple[int, str]],
    network: TextNetwork | torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    backbone: Backbone,
    *,
    device: str = "cpu",
    token_budget: int | None = None,
    use_bf16: bool = False,
) -> Iterator[Item]:
    """Embed the texts of many movies, those of similar length together.

    Args:
        items: (tmdb_id, text).
        network: The backbone; left as it is, see `pipeline.embeddings.fuse_batchnorm`.
        tokenizer: Its tokenizer.
        backbone: Its row of the table.
        device: torch's name of the device.
        token_budget: Tokens per batch, padding included, by default `TOKEN_BUDGET`, on a GPU
            `GPU_FACTOR` times as many; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (width,)), or (tmdb_id, error `NO_TEXT`) for an empty text; in another
        order than `items`.

    Raises:
        RuntimeError: The network fails at everything, or memory does not suffice for one text.
    """
    default = TOKEN_BUDGET * (GPU_FACTOR if device.startswith("cuda") else 1)
    size = default if token_budget is None else token_budget
    run = Runner(network, device=device, size=size, use_bf16=use_bf16, width=backbone.width)
    yield from run_all(run, _make_batches(items, tokenizer, backbone.max_tokens, lambda: run.size))


@dataclass
class _TextBatch:
    """Texts of one padded length, a row each."""

    tmdb_ids: list[int]
    inputs: tuple[torch.Tensor, ...]

    def finish(self, embedded: Embedded) -> Iterator[Item]:
        """Yield every text's embedding, or its error."""
        for row, tmdb_id in enumerate(self.tmdb_ids):
            yield finite_or_error(tmdb_id, embedded.features[row], embedded.errors.get(row))


def _make_batches(
    items: Iterable[tuple[int, str]],
    tokenizer: Any,
    max_tokens: int,
    budget: Callable[[], int],
) -> Iterator[_TextBatch | Item]:
    """Turn texts into batches, the longest first; empty texts are errors."""
    items = iter(items)
    while some := list(islice(items, TEXTS_AT_ONCE)):
        texts = [(tmdb_id, text) for tmdb_id, text in some if text.strip()]
        for tmdb_id, text in some:
            if not text.strip():
                yield tmdb_id, ItemError(Reason.NO_TEXT, "expected a text, got an empty one")
        ids = tokenize(tokenizer, [text for _, text in texts], max_tokens) if texts else []
        order = sort_by_length(ids, max_tokens)
        while order:
            batch = take_batch(order, ids, budget(), max_tokens)
            inputs = pad([ids[i] for i in batch], tokenizer.pad_token_id, max_tokens)
            yield _TextBatch([texts[i][0] for i in batch], inputs)


def padded_length(tokens: list[int], max_tokens: int) -> int:
    """Return the length to which a text is padded: at most the network's number of positions.

    Example:
        >>> padded_length([1] * 17, 77), padded_length([1] * 70, 77)
        (32, 77)
    """
    return min(-(-len(tokens) // PAD_TO) * PAD_TO, max_tokens)


def sort_by_length(ids: list[list[int]], max_tokens: int) -> deque[int]:
    """Return the indices of the texts in `ids`, the longest first."""
    lengths = [padded_length(tokens, max_tokens) for tokens in ids]
    return deque(sorted(range(len(ids)), key=lengths.__getitem__, reverse=True))


def take_batch(
    order: deque[int], ids: list[list[int]], token_budget: int, max_tokens: int
) -> list[int]:
    """Take texts of one padded length off the front, as many as the budget allows."""
    length = padded_length(ids[order[0]], max_tokens)
    batch = [order.popleft()]
    while order and length * (len(batch) + 1) <= token_budget:
        if padded_length(ids[order[0]], max_tokens) != length:
            break
        batch.append(order.popleft())
    return batch


def pad(ids: list[list[int]], pad_id: int, max_tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad token ids to one length: ids and mask, both int64 (texts, tokens)."""
    longest = max(padded_length(tokens, max_tokens) for tokens in ids)
    padded = torch.full((len(ids), longest), pad_id)
    mask = torch.zeros((len(ids), longest), dtype=torch.int64)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return padded, mask
