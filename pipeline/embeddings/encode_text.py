"""Texts of many movies become embeddings: batches of one padded length, within a token budget."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.runner import Embedded, Item, Runner, finite_or_error, run_all
from pipeline.embeddings.text import tokenize

TOKEN_BUDGET, GPU_TOKEN_BUDGET = 4096, 65_536
"""Tokens per batch on a CPU and on a GPU, padding included."""

TEXTS_AT_ONCE = 4096
"""Texts sorted by length together: enough for batches with little padding, little memory."""

PAD_TO = 16
"""Texts are padded to a multiple of so many tokens, and a batch holds one padded length: then an
embedding is the same to the last bit whatever its neighbours, also when a killed run resumes.
BERT's pooler and CLIP's projection are one product per batch, and round otherwise in another."""


def encode_texts(
    items: Iterable[tuple[int, str]],
    network: nn.Module,
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
        network: The backbone, a `TextNetwork`; left as it is, see `fused_copy`.
        tokenizer: Its tokenizer.
        backbone: Its row of the table.
        device: torch's name of the device.
        token_budget: Tokens per batch, padding included, by default `TOKEN_BUDGET`, on a GPU
            `GPU_TOKEN_BUDGET`; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (width,)), or (tmdb_id, error `NO_TEXT`) for an empty text; in another
        order than `items`.

    Raises:
        RuntimeError: The network fails at everything, or memory does not suffice for one text.
    """
    default = GPU_TOKEN_BUDGET if device.startswith("cuda") else TOKEN_BUDGET
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
    tokenizer: PreTrainedTokenizerBase,
    max_tokens: int,
    budget: Callable[[], int],
) -> Iterator[_TextBatch | Item]:
    """Turn texts into batches, the longest first; empty texts are errors."""
    items = iter(items)
    pad_id = cast("int", tokenizer.pad_token_id)  # its stubs allow every special value
    while some := list(islice(items, TEXTS_AT_ONCE)):
        texts = [(tmdb_id, text) for tmdb_id, text in some if text.strip()]
        for tmdb_id, text in some:
            if not text.strip():
                yield tmdb_id, ItemError(Reason.NO_TEXT, "expected a text, got an empty one")
        ids = tokenize(tokenizer, [text for _, text in texts], max_tokens) if texts else []
        lengths = [padded_length(tokens, max_tokens) for tokens in ids]
        order = sorted(range(len(ids)), key=lengths.__getitem__, reverse=True)
        while order:
            length = lengths[order[0]]
            n_most = max(1, budget() // length)
            batch = [i for i in order[:n_most] if lengths[i] == length]
            order = order[len(batch) :]
            inputs = pad([ids[i] for i in batch], pad_id, length)
            yield _TextBatch([texts[i][0] for i in batch], inputs)


def padded_length(tokens: list[int], max_tokens: int) -> int:
    """Return the length to which a text is padded: at most the network's number of positions.

    Example:
        >>> padded_length([1] * 17, 77), padded_length([1] * 70, 77)
        (32, 77)
    """
    return min(-(-len(tokens) // PAD_TO) * PAD_TO, max_tokens)


def pad(ids: list[list[int]], pad_id: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad token ids to one length: ids and mask, both int64 (texts, tokens)."""
    padded = torch.full((len(ids), length), pad_id)
    mask = torch.zeros((len(ids), length), dtype=torch.int64)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return padded, mask
