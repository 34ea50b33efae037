"""How DIViTA is trained: a random window of clips per movie and epoch."""

from dataclasses import asdict, dataclass, field
from functools import partial

import numpy as np
import torch

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, TaskKind
from pipeline.models.networks.divita import (
    DROPOUT,
    EARLY,
    KIND,
    LATE,
    VAL_BATCH,
    Divita,
    build_divita,
)
from pipeline.models.networks.streams import specify_streams
from pipeline.models.training.batches import Batch
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.fitting import NetworkEstimator, TrainingSpec
from pipeline.models.training.objectives import make_objective
from pipeline.models.training.schedule import Schedule

PUBLISHED = Schedule(
    optimizer="adamw", amsgrad=True, learning_rate=1e-4, max_epochs=100, patience=20,
    plateau_patience=10,
)  # fmt: skip
"""The plateau's factor and the weight decay are not published; they are `Schedule`'s. Source: the
code of reference implementation 002."""


@dataclass(frozen=True)
class DivitaConfig:
    """How DIViTA is trained; defaults are the published ones.

    Attributes:
        streams: Names of the streams; those that the table lacks are left out.
        fusion: "late" (each stream its own block, logits averaged) or "early" (one block).
        window_clips: Clips in a row that an epoch sees of a longer trailer; where nothing is
            learned the whole trailer counts.
        batch_size: Movies per step.
        dropout: Inside the block.
        schedule: AdamW with amsgrad, epochs, patience, seed.

    Source:
        Reference implementation 002 and its code.
    """

    streams: tuple[str, ...] = ("clip_frames", "clips")
    fusion: str = LATE
    window_clips: int = 30
    batch_size: int = 32
    dropout: float = DROPOUT
    schedule: Schedule = PUBLISHED

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of its streams."""
        return self.streams


@dataclass(frozen=True)
class DivitaEstimator(NetworkEstimator[DivitaConfig, Divita]):
    """One variant of DIViTA."""

    config: DivitaConfig = field(default_factory=DivitaConfig)

    def specify(
        self, config: DivitaConfig, features: FeatureSet, target: Target, _: np.ndarray
    ) -> TrainingSpec[Divita]:
        """Specify the network; targets are labels."""
        if target.task.kind is not TaskKind.LABELS:
            raise TrainingError(f"expected labels, got {target.task.name} ({target.task.kind})")
        if config.fusion not in (LATE, EARLY):
            raise TrainingError(f"expected the fusion {LATE!r} or {EARLY!r}, got {config.fusion!r}")
        specs = specify_streams(features.table, config.streams)
        return TrainingSpec(
            kind=KIND,
            build=build_divita,
            arguments={
                "streams": [asdict(spec) for spec in specs],
                "n_labels": len(target.task.class_names),
                "fusion": config.fusion,
                "dropout": config.dropout,
            },
            streams=[spec.name for spec in specs],
            config=config,
            objective=lambda rows: make_objective(target, rows),
            transform=partial(cut_windows, config.window_clips),
            val_batch=VAL_BATCH,
        )


def cut_windows(window_clips: int, batch: Batch, seed: int) -> Batch:
    """Cut a random window out of every sequence that is longer.

    Streams of the same length, such as a trailer's two, are cut at the same clip.

    A movie's place is drawn once, as a share of what its stream has more than a window.
    """
    n_movies = len(next(iter(batch.masks.values())))
    places = torch.rand(n_movies, generator=torch.Generator().manual_seed(seed))
    streams, masks = dict(batch.streams), dict(batch.masks)
    for name, mask in masks.items():
        if mask.ndim == 2 and mask.shape[1] > window_clips:
            spare = (mask.sum(dim=1) - window_clips).clamp(min=0)  # (batch,)
            first = (places * (spare + 1)).long().clamp(max=spare)
            at = first[:, None] + torch.arange(window_clips)  # (batch, window)
            masks[name] = mask.gather(1, at)
            wide = at[..., None].expand(-1, -1, streams[name].shape[2])
            streams[name] = streams[name].gather(1, wide)
    return Batch(streams, masks, batch.target)
