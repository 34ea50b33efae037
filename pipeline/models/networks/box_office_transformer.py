"""Reference implementation 000's network: a transformer encoder over typed field tokens of a movie.

Published layer sizes are not known; these are ours, chosen to train in a minute on one core.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.models.training.batches import take_batch
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.inference import PREDICT_BATCH
from pipeline.models.training.movie_reader import ALL_FIELDS, FIELDS, PAD, RevenueModel
from pipeline.models.training.schedule import Schedule

CHUNK = 9
"""Numbers per token: a role's track record is one token."""

BUCKETS = 8
LEVEL_90 = 1.645
"""Half the width of a normal distribution's 90 % interval, in standard deviations."""


@dataclass(frozen=True)
class TransformerConfig:
    """How the transformer is built and trained.

    Attributes:
        width, layers, heads, feedforward: Of the encoder.
        dropout: Inside the encoder and on tokens.
        batch_size: Movies per step.
        fields: Owners that become tokens; see `MAX_OF_FIELD`.
        uses_numbers, uses_text, uses_regions: Which other tokens there are.
        pretraining: "" for none, or some of "masked" and "grounding", with a plus between.
        pretraining_epochs: At most so many passes of each.
        schedule: Of fine-tuning; pretraining takes its rate, seed and threads.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    feedforward: int = 128
    dropout: float = 0.2
    batch_size: int = 64
    fields: tuple[str, ...] = FIELDS
    uses_numbers: bool = True
    uses_text: bool = True
    uses_regions: bool = True
    pretraining: str = ""
    pretraining_epochs: int = 15
    schedule: Schedule = field(
        default_factory=lambda: Schedule(
            learning_rate=1e-3, weight_decay=0.05, max_epochs=25, patience=5, plateau_patience=2,
            gradient_clip=1.0,
        )
    )  # fmt: skip

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what becomes tokens."""
        others = {
            "numbers": self.uses_numbers, "text": self.uses_text, "regions": self.uses_regions
        }  # fmt: skip
        return (*self.fields, *(name for name, uses in others.items() if uses))


class BoxOfficeTransformer(RevenueModel):
    """Tokens of numbers, owners, text and poster regions → encoder → mean and log deviation.

    Args:
        reader: Arguments of its `MovieReader`.
        text_width, region_width: Of those streams; 0 for no such token.
        width, layers, heads, feedforward, dropout: See `TransformerConfig`.
        uses_numbers: Whether there are tokens of numbers.
        mean, sd: Of the training set's log10 revenue.
    """

    reach: Tensor

    def __init__(
        self,
        reader: Mapping[str, Any],
        text_width: int,
        region_width: int,
        width: int,
        layers: int,
        heads: int,
        feedforward: int,
        dropout: float,
        uses_numbers: bool,
        mean: float,
        sd: float,
    ):
        super().__init__(
            reader, text_width=text_width, region_width=region_width, width=width, layers=layers,
            heads=heads, feedforward=feedforward, dropout=dropout, uses_numbers=uses_numbers,
            mean=mean, sd=sd,
        )  # fmt: skip
        self.mean, self.sd = mean, sd
        self.n_chunks = -(-reader["n_numbers"] // CHUNK) if uses_numbers else 0
        self.number_weight = nn.Parameter(torch.randn(max(self.n_chunks, 1), 2 * CHUNK, width) / 6)
        self.number_place = nn.Parameter(torch.randn(max(self.n_chunks, 1), width) / 6)
        self.owner = nn.Embedding(reader["n_owners"] + 2, width, padding_idx=PAD)
        self.field = nn.Embedding(len(ALL_FIELDS) + 1, width)
        self.bucket = nn.Embedding(BUCKETS, width)
        self.place = nn.Parameter(torch.zeros(self.reader.n_tokens, width))
        self.text = nn.Linear(text_width, width) if text_width else None
        self.region = nn.Linear(region_width, width) if region_width else None
        self.summary = nn.Parameter(torch.randn(width) / 6)
        self.drop = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            width, heads, feedforward, dropout, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.register_buffer("reach", torch.full((2,), LEVEL_90, dtype=torch.float64))
        self.head = nn.Linear(width, 2)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        nn.init.normal_(self.owner.weight, std=0.1)

    @property
    def streams(self) -> tuple[str, ...]:
        """Names of the streams that it reads."""
        extra = [n for n, there in (("text", self.text), ("regions", self.region)) if there]
        return ("numbers", "owners", "fields", "buckets", *extra)

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Predict log10 revenue.

        Args:
            streams: From `MovieReader.read`.
            masks: By stream; of `regions` (batch, longest).

        Returns:
            Mean and logarithm of the standard deviation, (batch, 2), in log10 dollars.
        """
        tokens, there = self.tokens(streams, masks)
        raw = self.head(self.encode(tokens, there)[:, 0])  # (batch, 2)
        deviation = raw[:, 1].clamp(-3, 2) + float(np.log(self.sd))
        return torch.stack([self.mean + self.sd * raw[:, 0], deviation], dim=1)

    def tokens(
        self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return tokens (batch, tokens, width), the summary first, and which are there."""
        owners = streams["owners"].long()  # (batch, owners)
        batch = len(owners)
        parts = [self.summary.expand(batch, 1, -1)]
        there = [torch.ones(batch, 1, dtype=torch.bool, device=owners.device)]
        if self.n_chunks:
            parts.append(self._number_tokens(streams["numbers"]))
            there.append(there[0].expand(batch, self.n_chunks))
        parts.append(
            self.owner(owners)
            + self.field(streams["fields"].long())
            + self.bucket(streams["buckets"].long())
            + self.place
        )
        there.append(owners != PAD)
        if self.text is not None:
            parts.append(self.text(streams["text"])[:, None])
            there.append(masks["text"][:, None])
        if self.region is not None:
            parts.append(self.region(streams["regions"]))
            there.append(masks["regions"])
        return torch.cat(parts, dim=1), torch.cat(there, dim=1)

    def encode(self, tokens: Tensor, there: Tensor) -> Tensor:
        """Run the encoder; tokens that are not there are not looked at."""
        encoded = self.encoder(self.drop(tokens), src_key_padding_mask=~there)
        return self.norm(encoded)  # (batch, tokens, width)

    def chunk(self, numbers: Tensor) -> Tensor:
        """Cut numbers into (batch, chunks, CHUNK), NaN where unknown and behind the last one."""
        missing = self.n_chunks * CHUNK - numbers.shape[1]
        padded = nn.functional.pad(numbers, (missing, 0), value=float("nan"))
        return padded.unflatten(1, (self.n_chunks, CHUNK))

    def _number_tokens(self, numbers: Tensor) -> Tensor:
        chunks = self.chunk(numbers)  # (batch, chunks, CHUNK)
        both = torch.cat([chunks.nan_to_num(0.0), chunks.isnan().to(chunks)], dim=2)
        return torch.einsum("bci,ciw->bcw", both, self.number_weight) + self.number_place

    @torch.inference_mode()
    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue: float64 (rows, 2), mean and standard deviation."""
        fields = self.reader.read(features, rows)
        self.eval()
        parts = [np.zeros((0, 2))]
        for start in range(0, len(rows), PREDICT_BATCH):
            some = np.arange(start, min(start + PREDICT_BATCH, len(rows)))
            batch = take_batch(fields, [n for n in self.streams if n in fields.streams], some)
            streams, masks = self.fill(batch.streams, batch.masks, len(some))
            preds = self(streams, masks).double().numpy()
            parts.append(np.stack([preds[:, 0], np.exp(preds[:, 1])], axis=1))
        return np.concatenate(parts)

    def fill(
        self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor], n: int
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Mask what the features lack altogether."""
        streams, masks = dict(streams), dict(masks)
        for name, layer, steps in (("text", self.text, ()), ("regions", self.region, (1,))):
            if layer is not None and name not in streams:
                streams[name] = torch.zeros(n, *steps, layer.in_features)
                masks[name] = torch.zeros(n, *steps, dtype=torch.bool)
        return streams, masks


def as_interval(preds: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Turn means and deviations into means and ends of a 90 % interval, float64 (n, 3).

    Args:
        preds: Mean and standard deviation, (n, 2).
        reach: How many deviations the interval reaches down and up, (2,).

    Example:
        >>> as_interval(np.array([[7.0, 0.5]]), np.array([2.0, 1.0])).tolist()
        [[7.0, 6.0, 7.5]]
    """
    mean, sd = preds[:, 0], preds[:, 1]
    return np.stack([mean, mean - reach[0] * sd, mean + reach[1] * sd], axis=1)


def calibrate_interval(preds: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Calibrate how far 90 % intervals must reach, by movies not trained on (conformal prediction).

    Args:
        preds: Mean and standard deviation, (n, 2).
        actual: Actual values, (n,).

    Returns:
        Deviations down and up, (2,); a twentieth of the movies lies beyond each.
    """
    off = (actual - preds[:, 0]) / preds[:, 1]
    rank = min(1.0, 0.95 * (len(off) + 1) / len(off))
    return np.maximum([np.quantile(-off, rank), np.quantile(off, rank)], 0.0)
