"""Batches of texts: those of one padded length together, within a budget of tokens.

What belongs here: order and padding. What does not: tokens (see `pipeline.embeddings.text`) and the
loop (see `pipeline.embeddings.encode`).
"""

from collections import deque

import torch

PAD_TO = 16
"""Texts are padded to a multiple of so many tokens, and a batch holds one padded length: then an
embedding is the same to the last bit whatever its neighbours, also when a killed run goes on."""


def padded_length(tokens: list[int], max_tokens: int) -> int:
    """Give the length to which a text is padded: never more than the network has places for.

    Example:
        >>> padded_length([1] * 17, 77), padded_length([1] * 70, 77)
        (32, 77)
    """
    return min(-(-len(tokens) // PAD_TO) * PAD_TO, max_tokens)


def sort_by_length(ids: list[list[int]], max_tokens: int) -> deque[int]:
    """Give the places of the texts in `ids`, the longest first."""
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
