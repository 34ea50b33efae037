"""DIViTA: trailers' clips through one transformer block each stream, streams fused late or early.

What belongs here: the network, and asking it. What does not: how it is trained (see
`pipeline.models.divita_recipe`) and which variants there are (see `pipeline.models.genre`).

Source: seed 002; Montalvo-Lezama et al. 2023, doi 10.1016/j.ipm.2023.103343, and its code.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.models.answering import Output, answer_streams
from pipeline.models.recipe import Inputs, NetworkKind
from pipeline.models.streams import StreamSpec
from pipeline.systems import Kind

WIDTH = 128
HEADS = 4
FEED_FORWARD = 6
"""Width of the feed-forward layer, in widths of the block."""
DROPOUT = 0.25

LATE, EARLY = "late", "early"
KIND = "divita"
ANSWER_BATCH = 64
"""Movies asked at a time: whole trailers, not windows of them."""


class MaskedNorm(nn.BatchNorm1d):
    """Batch normalisation over what is no padding; padding stays zero.

    A batch with fewer than two clips in it teaches no statistics; it is normalised by those so far.
    """

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Normalise clips.

        Args:
            values: (batch, longest, width).
            mask: bool (batch, longest), True where there is a clip.

        Returns:
            The same shape; zeros where there is none.
        """
        seen = values[mask]  # (clips, width)
        if self.training and len(seen) < 2:
            normal = F.batch_norm(
                seen, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        else:
            normal = super().forward(seen)
        return torch.zeros_like(values).masked_scatter(mask[..., None], normal)


class ClipProjection(nn.Module):
    """BatchNorm, then Linear: a stream's clips as tokens."""

    def __init__(self, width_in: int):
        super().__init__()
        self.norm = MaskedNorm(width_in)
        self.linear = nn.Linear(width_in, WIDTH)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """(batch, longest, width_in) to (batch, longest, 128)."""
        return self.linear(self.norm(values, mask))


class ClipHead(nn.Module):
    """One post-norm transformer block without positions, mean over the clips, logits."""

    def __init__(self, n_labels: int, dropout: float = DROPOUT):
        super().__init__()
        self.block = nn.TransformerEncoderLayer(
            WIDTH, HEADS, dim_feedforward=FEED_FORWARD * WIDTH, dropout=dropout, batch_first=True
        )
        self.classify = nn.Linear(WIDTH, n_labels)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Score movies that have at least one clip.

        Args:
            tokens: (batch, longest, 128).
            mask: bool (batch, longest).

        Returns:
            Logits, (batch, labels).
        """
        mixed = self.block(tokens, src_key_padding_mask=~mask)  # (batch, longest, 128)
        weights = mask.to(mixed)[..., None]  # (batch, longest, 1)
        return self.classify((mixed * weights).sum(dim=1) / weights.sum(dim=1))


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
        self.output = Output(Kind.LABELS, n_labels)
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
    streams: Sequence[Mapping[str, object]], n_labels: int, fusion: str, dropout: float
) -> Divita:
    """Build an empty network from JSON values."""
    return Divita([StreamSpec(**stream) for stream in streams], n_labels, fusion, dropout)


def _answer(network: Divita, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    return answer_streams(
        network, network.specs, inputs.table, rows, network.output, batch_size=ANSWER_BATCH
    )


DIVITA = NetworkKind(build_divita, _answer)
"""The network as saved models name it."""
