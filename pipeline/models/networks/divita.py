"""DIViTA: trailers' clips through one transformer block each stream, streams fused late or early.

Source: reference implementation 002; Montalvo-Lezama et al. 2023, doi
10.1016/j.ipm.2023.103343, and its code.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.tasks import TaskKind
from pipeline.models.networks.sequences import find_places, gather, spread
from pipeline.models.networks.streams import StreamSpec
from pipeline.models.training.estimator import FeatureSet, NetworkKind
from pipeline.models.training.inference import Output, predict_from_streams

WIDTH = 128
HEADS = 4
FEED_FORWARD = 6
"""Width of the feed-forward layer, in widths of the block."""
DROPOUT = 0.25

LATE, EARLY = "late", "early"
KIND = "divita"
VAL_BATCH = 64
"""Movies scored at a time while training: whole trailers, not windows of them."""


_STEPS = 256
"""A byte of chance tells so many probabilities apart."""


class ByteDropout(nn.Dropout):
    """Dropout for wide layers on a processor, where drawing costs as much as the arithmetic.

    torch draws a float for every value; here eight values share one 64-bit number. The share that
    is dropped is rounded to 1/256, and what is kept is scaled by the rounded share, so that means
    stay. Elsewhere than on a CPU it is torch's own.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop values while training; the shape stays."""
        if not self.training or input.device.type != "cpu":
            return F.dropout(input, self.p, self.training)
        dropped = round(self.p * _STEPS)
        if dropped in (0, _STEPS):
            return input * float(dropped == 0)
        words = torch.empty(-(-input.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        is_kept = words.view(torch.uint8)[: input.numel()].view(input.shape) >= dropped
        # bytes become floats three times faster than truth values do
        factors = is_kept.view(torch.uint8).to(input.dtype).mul_(_STEPS / (_STEPS - dropped))
        return input * factors


class ClipNorm(nn.BatchNorm1d):
    """Batch normalisation of clips, (clips, width).

    A batch with fewer than two clips in it teaches no statistics; it is normalised by those so far.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise clips, without the learned scale and shift; the shape stays."""
        learns = self.training and len(input) > 1
        if learns and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return F.batch_norm(
            input, self.running_mean, self.running_var, training=learns,
            momentum=self.momentum or 0.0, eps=self.eps,
        )  # fmt: skip


class ClipProjection(nn.Module):
    """BatchNorm, then Linear: a stream's clips as tokens.

    The norm's learned scale and shift are multiplied into the linear layer: the same result, and no
    gradient has to go back through clips.
    """

    def __init__(self, width_in: int):
        super().__init__()
        self.norm = ClipNorm(width_in)
        self.linear = nn.Linear(width_in, WIDTH)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Turn clips into tokens; what lies where there is none is never looked at.

        Args:
            values: (batch, longest, width_in).
            mask: bool (batch, longest), True where there is a clip.

        Returns:
            (batch, longest, 128); zeros where there is no clip.
        """
        places = find_places(mask)
        weight = self.linear.weight * self.norm.weight  # (128, width_in)
        bias = self.linear.bias + self.linear.weight @ self.norm.bias  # (128,)
        return spread(F.linear(self.norm(gather(values, places)), weight, bias), places, mask)


class ClipBlock(nn.Module):
    """A post-norm transformer block, with all but attention done for true clips alone.

    Its layers, their names and how they are drawn are those of torch's `TransformerEncoderLayer`;
    padding costs no arithmetic.
    """

    def __init__(self, dropout: float):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(WIDTH, HEADS, dropout, batch_first=True)
        self.linear1 = nn.Linear(WIDTH, FEED_FORWARD * WIDTH)
        self.dropout = ByteDropout(dropout)
        self.linear2 = nn.Linear(FEED_FORWARD * WIDTH, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.dropout1, self.dropout2, self.drop_shares = (ByteDropout(dropout) for _ in range(3))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Mix the clips of each movie.

        Args:
            tokens: (batch, longest, 128).
            mask: bool (batch, longest), at least one True in each row.

        Returns:
            The same shape; zeros where there is no clip.
        """
        places = find_places(mask)
        clips = gather(tokens, places)  # (clips, 128)
        clips = self.norm1(clips + self.dropout1(self._attend(clips, places, mask)))
        wide = self.dropout(torch.relu(self.linear1(clips)))  # (clips, 768)
        clips = self.norm2(clips + self.dropout2(self.linear2(wide)))
        return spread(clips, places, mask)

    def _attend(self, clips: Tensor, places: Tensor, mask: Tensor) -> Tensor:
        own = self.self_attn
        mixed = F.linear(clips, own.in_proj_weight, own.in_proj_bias)  # (clips, 3 * 128)
        split = spread(mixed, places, mask).unflatten(2, (3, HEADS, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)  # (batch, heads, longest, 32) each
        is_clip = mask[:, None, None, :]
        if self.training:
            attended = self._attend_with_dropout(query, key, value, is_clip)
        else:
            attended = F.scaled_dot_product_attention(query, key, value, attn_mask=is_clip)
        return own.out_proj(gather(attended.transpose(1, 2).flatten(2), places))  # (clips, 128)

    def _attend_with_dropout(
        self, query: Tensor, key: Tensor, value: Tensor, is_clip: Tensor
    ) -> Tensor:
        """Attend with dropout; torch's own draws a float for every pair of clips."""
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3)
        shares = scores.masked_fill(~is_clip, float("-inf")).softmax(dim=3)
        return self.drop_shares(shares) @ value  # (batch, heads, longest, 32)


class ClipHead(nn.Module):
    """One post-norm transformer block without positions, mean over the clips, logits."""

    def __init__(self, n_labels: int, dropout: float = DROPOUT):
        super().__init__()
        self.block = ClipBlock(dropout)
        self.classify = nn.Linear(WIDTH, n_labels)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Score movies that have at least one clip.

        Args:
            tokens: (batch, longest, 128).
            mask: bool (batch, longest).

        Returns:
            Logits, (batch, labels).
        """
        mixed = self.block(tokens, mask)  # (batch, longest, 128), zeros where there is no clip
        return self.classify(mixed.sum(dim=1) / mask.sum(dim=1, keepdim=True))


class Divita(nn.Module):
    """Streams of clips to logits; a stream of one vector, such as a poster's, is one clip.

    Late fusion: each stream has its own block, and the logits of those that the movie has are
    averaged. Early fusion, ours: the clips of all streams are tokens of one block. A movie that has
    none of the streams gets learned logits.
    """

    def __init__(
        self, specs: Sequence[StreamSpec], n_labels: int, fusion: str = LATE,
        dropout: float = DROPOUT,
    ):  # fmt: skip
        super().__init__()
        self.specs = tuple(specs)
        self.fusion = fusion
        self.output = Output(TaskKind.LABELS, n_labels)
        self.projections = nn.ModuleDict({s.name: ClipProjection(s.width_in) for s in specs})
        heads = [spec.name for spec in specs] if fusion == LATE else [EARLY]
        self.heads = nn.ModuleDict({name: ClipHead(n_labels, dropout) for name in heads})
        self.absent = nn.Parameter(torch.zeros(n_labels))

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch.

        Args:
            streams: By name, (batch, longest, width), or (batch, width) for one vector.
            masks: By name, bool (batch, longest), or (batch,).

        Returns:
            Logits, (batch, labels).
        """
        clips = {spec.name: _as_clips(streams[spec.name], masks[spec.name]) for spec in self.specs}
        tokens = {name: self.projections[name](*some) for name, some in clips.items()}
        has = {name: mask for name, (_, mask) in clips.items()}
        if self.fusion == EARLY:
            together = torch.cat(list(tokens.values()), dim=1)  # (batch, all clips, 128)
            tokens, has = {EARLY: together}, {EARLY: torch.cat(list(has.values()), dim=1)}
        return self._average(tokens, has)

    def _average(self, tokens: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        first = next(iter(tokens.values()))
        total = first.new_zeros(len(first), len(self.absent))  # (batch, labels)
        count = first.new_zeros(len(first), 1)
        for name, head in self.heads.items():
            rows = torch.nonzero(masks[name].any(dim=1))[:, 0]
            if len(rows):
                logits = head(tokens[name][rows], masks[name][rows])
                total = total.index_add(0, rows, logits.to(total))
                count = count.index_add(0, rows, count.new_ones(len(rows), 1))
        return torch.where(count > 0, total / count.clamp(min=1), self.absent)


def _as_clips(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    return (values[:, None], mask[:, None]) if values.ndim == 2 else (values, mask)


def build_divita(
    streams: Sequence[Mapping[str, Any]], n_labels: int, fusion: str, dropout: float
) -> Divita:
    """Build an empty network from JSON values."""
    return Divita([StreamSpec(**stream) for stream in streams], n_labels, fusion, dropout)


def _predict(network: Divita, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return predict_from_streams(network, network.specs, features.table, rows, network.output)


DIVITA = NetworkKind(build_divita, _predict)
"""The network as saved models name it."""
