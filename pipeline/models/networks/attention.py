"""Attention fusion: every stream is a token, and the network learns which ones to listen to.

Source: reference implementation 001 lists it among its extensions without figures; the widths are
ours.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from pipeline.core.tasks import TaskKind
from pipeline.models.networks.fusion import DROPOUT, StreamNetwork, stream_kind
from pipeline.models.networks.streams import StreamSpec
from pipeline.models.training.inference import Output

WIDTH = 256
HEADS = 4


class AttentionFusion(StreamNetwork):
    """Streams → tokens of 256 and a query → one transformer block → outputs.

    A stream that the movie lacks is no token: nobody attends to it.
    """

    def __init__(
        self,
        specs: Sequence[StreamSpec],
        n_outputs: int,
        dropout: float = DROPOUT,
        *,
        output: Output | None = None,
    ):
        super().__init__(specs, output or Output(TaskKind.CLASSES, n_outputs))
        self.to_token = nn.ModuleDict({s.name: nn.Linear(s.width_out, WIDTH) for s in specs})
        self.asking = nn.Parameter(torch.zeros(1, 1, WIDTH))
        nn.init.normal_(self.asking, std=0.02)
        self.block = nn.TransformerEncoderLayer(
            WIDTH, HEADS, dim_feedforward=2 * WIDTH, dropout=dropout, batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Dropout(dropout), nn.Linear(WIDTH, n_outputs)
        )

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch; see `FusionNetwork.forward`."""
        features = self.encode(streams, masks)
        tokens = [
            self.to_token[spec.name](some)  # (batch, 256)
            for spec, some in zip(self.specs, features, strict=True)
        ]
        asking = self.asking.expand(len(tokens[0]), -1, -1)  # (batch, 1, 256)
        seen = torch.cat([asking, torch.stack(tokens, dim=1)], dim=1)  # (batch, 1 + streams, 256)
        has = [masks[spec.name] for spec in self.specs]
        has = [mask if mask.ndim == 1 else mask.any(dim=1) for mask in has]
        absent = ~torch.stack([torch.ones_like(has[0]), *has], dim=1)  # (batch, 1 + streams)
        summary = self.block(seen, src_key_padding_mask=absent)[:, 0]  # (batch, 256)
        return self.output.scale(self.head(summary))


ATTENTION = stream_kind(AttentionFusion)
"""The network as saved models name it."""
