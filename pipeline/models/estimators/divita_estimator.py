"""How DIViTA is trained: a random window of clips per movie and epoch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial

import numpy as np
import torch

from pipeline.core.errors import TrainingError
from pipeline.core.systems import TaskKind
from pipeline.models.networks.divita import ANSWER_BATCH, DROPOUT, EARLY, KIND, LATE, build_divita
from pipeline.models.networks.streams import specify_streams
from pipeline.models.training.batches import Batch, Transform
from pipeline.models.training.estimator import Inputs, Target, Trained, Training
from pipeline.models.training.fitting import Plan, fit_plan
from pipeline.models.training.objectives import make_objective
from pipeline.models.training.schedule import Schedule

PUBLISHED = Schedule(
    optimizer="adamw", amsgrad=True, learning_rate=1e-4, max_epochs=100, patience=20,
    plateau_patience=10,
)  # fmt: skip
"""The plateau's factor and the weight decay are not said; they are `Schedule`'s. Source: seed 002's
code."""


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
        Seed 002 and its code.
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
class DivitaEstimator:
    """One variant of DIViTA.

    Attributes:
        name: In folders and reports.
        config: Its published hyperparameters.
        small: Hyperparameters that make it fit for a demonstration.
    """

    name: str
    config: DivitaConfig = field(default_factory=DivitaConfig)
    small: Mapping[str, object] = field(default_factory=dict)

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train; see `Estimator.train`."""
        config = training.turn(self.config)
        plan = _plan(config, inputs, target)
        return fit_plan(plan, inputs, target, parts, training)


def _plan(config: DivitaConfig, inputs: Inputs, target: Target) -> Plan:
    if target.task.kind is not TaskKind.LABELS:
        raise TrainingError(f"wanted labels, came {target.task.name} ({target.task.kind})")
    if config.fusion not in (LATE, EARLY):
        raise TrainingError(f"wanted the fusion {LATE!r} or {EARLY!r}, came {config.fusion!r}")
    specs = specify_streams(inputs.table, config.streams)
    return Plan(
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
        transform=window_transform(config.window_clips),
        val_batch=ANSWER_BATCH,
    )


def window_transform(window_clips: int) -> Transform:
    """Return what cuts a random window out of every sequence that is longer."""
    return partial(_cut_windows, window_clips)


def _cut_windows(window_clips: int, batch: Batch, seed: int) -> Batch:
    """Cut windows; streams of the same length, such as a trailer's two, are cut at the same clip.

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
