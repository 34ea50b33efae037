"""How long and how fast a network learns."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.optim import lr_scheduler

from pipeline.core.errors import TrainingError


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns; defaults are reference implementation 001's.

    Attributes:
        learning_rate, weight_decay: Of the optimizer; of "adam" and "sgd" the decay is plain L2.
        max_epochs: At most so many passes over the training set.
        patience: Epochs without a better `monitor` before training stops.
        plateau_factor, plateau_patience: The learning rate is multiplied by the factor after so
            many epochs without a better `monitor` ("plateau").
        checkpoint_every_epochs: A kill costs at most so many epochs; the result is the same.
        checkpoint_every_steps: Also after so many steps inside an epoch; 0 for never.
        seed: Of weights, dropout and the order of movies.
        cpu_threads: Of torch while training. Steps of 16 movies are too small to share: on two
            busy cores a second thread made them three times slower. It also changes last digits,
            so it belongs to what a repeated training must have the same.
        optimizer: "adamw", "adam" or "sgd".
        amsgrad: Of the first two.
        momentum: Of "sgd".
        scheduler: "plateau", "step" or "none".
        step_epochs, step_factor: The learning rate is multiplied by the factor after so many
            epochs ("step").
        gradient_clip: Longest gradient, over all weights; 0 for any.
        monitor: What early stopping, the plateau and the choice of the best weights look at. The
            loss, because a small validation set gives the same macro-F1 many epochs in a row.
        monitor_mode: "min" or "max": which way it gets better.

    Source:
        Reference implementation 001, "Training Configuration", and systems.md on its code.
    """

    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    max_epochs: int = 50
    patience: int = 10
    plateau_factor: float = 0.5
    plateau_patience: int = 5
    checkpoint_every_epochs: int = 1
    checkpoint_every_steps: int = 0
    seed: int = 42
    cpu_threads: int = 1
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    amsgrad: bool = False
    momentum: float = 0.9
    scheduler: Literal["plateau", "step", "none"] = "plateau"
    step_epochs: int = 10
    step_factor: float = 0.1
    gradient_clip: float = 0.0
    monitor: str = "val_loss"
    monitor_mode: Literal["min", "max"] = "min"

    def is_better(self, value: float, than: float) -> bool:
        """Whether a monitored value beats another; one that is no number beats nothing."""
        return value < than if self.monitor_mode == "min" else value > than


def make_optimizer(weights: Iterable[nn.Parameter], schedule: Schedule) -> torch.optim.Optimizer:
    """Build the optimizer over all weights that are learned.

    Raises:
        TrainingError: It is none of the known ones.
    """
    # fused: one pass over the weights per step, on the CPU too
    learned = [weight for weight in weights if weight.requires_grad]
    rate, decay = schedule.learning_rate, schedule.weight_decay
    if schedule.optimizer in ("adamw", "adam"):
        kind = torch.optim.AdamW if schedule.optimizer == "adamw" else torch.optim.Adam
        return kind(learned, rate, weight_decay=decay, amsgrad=schedule.amsgrad, fused=True)
    if schedule.optimizer == "sgd":
        return torch.optim.SGD(
            learned, rate, momentum=schedule.momentum, weight_decay=decay, fused=True
        )
    raise TrainingError(f"expected the optimizer adamw, adam or sgd, got {schedule.optimizer!r}")


def make_scheduler(
    optimizer: torch.optim.Optimizer, schedule: Schedule
) -> lr_scheduler.LRScheduler | None:
    """Build what lowers the learning rate; None for a rate that stays.

    Raises:
        TrainingError: It is none of the known ones.
    """
    if schedule.scheduler == "plateau":
        return lr_scheduler.ReduceLROnPlateau(
            optimizer,
            mode=schedule.monitor_mode,
            factor=schedule.plateau_factor,
            patience=schedule.plateau_patience,
        )
    if schedule.scheduler == "step":
        return lr_scheduler.StepLR(optimizer, schedule.step_epochs, schedule.step_factor)
    if schedule.scheduler == "none":
        return None
    raise TrainingError(f"expected the scheduler plateau, step or none, got {schedule.scheduler!r}")
