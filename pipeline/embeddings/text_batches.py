"""Batches of texts: those of one padded length together, within a budget of tokens."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import torch

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason

TEXTS_AT_ONCE = 4096
"""Texts sorted by length together: enough for batches with little padding, little memory."""

TextBatch = list[tuple[int, list[int] | ItemError]]
"""Token ids by movie, or errors alone."""

PAD_TO = 16
"""Texts are padded to a multiple of so many tokens, and a batch holds one padded length: then an
embedding is the same to the last bit whatever its neighbours, also when a killed run goes on.
BERT's pooler and CLIP's projection are one product per batch, and round otherwise in another."""


def make_batches(
    items: Iterable[tuple[int, str]],
    tokenize: Callable[[list[str]], list[list[int]]],
    budget: Callable[[], int],
    max_tokens: int,
) -> Iterator[TextBatch]:
    """Turn the texts of many movies into batches, the longest first; empty texts are errors.

    Args:
        items: (tmdb_id, text).
        tokenize: Gives the token ids of texts, cut at `max_tokens`.
        budget: Tokens per batch, padding included; asked anew for every batch.
        max_tokens: The most that the network has places for.
    """
    items = iter(items)
    while some := list(islice(items, TEXTS_AT_ONCE)):
        texts = [(tmdb_id, text) for tmdb_id, text in some if text.strip()]
        empty = ItemError(Reason.NO_TEXT, "wanted a text, got an empty one")
        yield [(tmdb_id, empty) for tmdb_id, text in some if not text.strip()]
        ids = tokenize([text for _, text in texts]) if texts else []
        order = sort_by_length(ids, max_tokens)
        while order:
            batch = take_batch(order, ids, budget(), max_tokens)
            yield [(texts[i][0], ids[i]) for i in batch]


def padded_length(tokens: list[int], max_tokens: int) -> int:
    """Return the length to which a text is padded: never more than the network has places for.

    Example:
        >>> padded_length([1] * 17, 77), padded_length([1] * 70, 77)
        (32, 77)
    """
    return min(-(-len(tokens) // PAD_TO) * PAD_TO, max_tokens)


def sort_by_length(ids: list[list[int]], max_tokens: int) -> deque[int]:
    """Return the places of the texts in `ids`, the longest first."""
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
