"""What one epoch does: steps, scores of both parts, the schedule, history and best weights.

What belongs here: the module and callbacks that Lightning drives. What does not: starting and
taking up a training (see `pipeline.models.loop`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from torch import Tensor, nn

from pipeline.models.batches import Batch, Batches

EpochHook = Callable[[int, int, Mapping[str, float]], None]
"""Called after each epoch with its number from 1, the most there can be, and its metrics."""

MONITOR = "val_loss"
"""What early stopping, the plateau schedule and the choice of the best weights look at. The loss,
because a small validation part gives the same macro-F1 many epochs in a row."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns; defaults are seed 001's.

    Attributes:
        learning_rate, weight_decay: Of AdamW.
        max_epochs: At most so many passes over the training part.
        patience: Epochs without a lower validation loss before training stops.
        plateau_factor, plateau_patience: The learning rate is multiplied by the factor after so
            many epochs without a lower validation loss.
        checkpoint_every_epochs: A kill costs at most so many epochs; the result is the same.
        seed: Of weights, dropout and the order of movies.
        cpu_threads: Of torch while training. Steps of 16 movies are too small to share: on two
            busy cores a second thread made them three times slower. It also changes last digits,
            so it belongs to what a repeated training must have the same.

    Source:
        Seed 001, "Training Configuration", and systems.md on its code.
    """

    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    max_epochs: int = 50
    patience: int = 10
    plateau_factor: float = 0.5
    plateau_patience: int = 5
    checkpoint_every_epochs: int = 1
    seed: int = 42
    cpu_threads: int = 1


@dataclass(frozen=True)
class Task:
    """What a network is trained for.

    Attributes:
        loss: (outputs, target) to a scalar.
        score: (outputs, target) of a whole part to named figures, such as accuracy.
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    score: Callable[[Tensor, Tensor], Mapping[str, float]]


class Learner(lightning.LightningModule):
    """The network with its loss and optimizer."""

    def __init__(self, network: nn.Module, task: Task, schedule: Schedule, train: Batches):
        super().__init__()
        self.network = network
        self.task = task
        self.schedule = schedule
        self.train_batches = train
        self.seen: dict[str, list[tuple[Tensor, Tensor]]] = {"train": [], "val": []}

    def configure_optimizers(self) -> dict[str, Any]:
        """AdamW, and a learning rate that falls on a plateau."""
        optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=self.schedule.learning_rate,
            weight_decay=self.schedule.weight_decay,
            fused=True,  # one pass over the weights per step, on the CPU too
        )
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=self.schedule.plateau_factor, patience=self.schedule.plateau_patience
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": MONITOR}}

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Do nothing: Lightning steps after the checkpoint, so a resumed run would miss it."""

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, *_: object) -> Batch:
        """Move a batch."""
        return batch.to(device)

    def on_train_epoch_start(self) -> None:
        """Let order and dropout hang on seed and epoch alone: so a resumed run is exact."""
        self.train_batches.epoch = self.current_epoch
        torch.manual_seed(self.schedule.seed * 1_000_003 + self.current_epoch)

    def training_step(self, batch: Batch, *_: object) -> Tensor:
        """Learn from a batch."""
        outputs = self.network(batch.streams, batch.masks)
        self.seen["train"].append((outputs.detach(), batch.target))
        return self.task.loss(outputs, batch.target)

    def validation_step(self, batch: Batch, *_: object) -> None:
        """Look at a batch."""
        self.seen["val"].append((self.network(batch.streams, batch.masks), batch.target))

    def on_validation_epoch_end(self) -> None:
        """Score both parts; the training part as it went by, with dropout."""
        for part, seen in self.seen.items():
            outputs = torch.cat([some for some, _ in seen])
            target = torch.cat([some for _, some in seen])
            seen.clear()
            self.log(f"{part}_loss", self.task.loss(outputs, target))
            for name, value in self.task.score(outputs, target).items():
                self.log(f"{part}_{name}", value)
        self.log("learning_rate", self.optimizers().param_groups[0]["lr"])
        self.lr_schedulers().step(self.trainer.callback_metrics[MONITOR])


class EpochLog(Callback):
    """History and best weights; both travel in the checkpoint."""

    def __init__(self, max_epochs: int, on_epoch: EpochHook | None):
        self.max_epochs = max_epochs
        self.on_epoch = on_epoch
        self.history: list[dict[str, float]] = []
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] | None = None

    def on_train_epoch_end(self, trainer: lightning.Trainer, learner: Learner) -> None:
        """Keep the epoch's metrics, and its weights where they are the best so far."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch = trainer.current_epoch + 1
        best = self.history[self.best_epoch - 1][MONITOR] if self.best_epoch else float("inf")
        self.history.append({"epoch": epoch, **metrics})
        if metrics[MONITOR] < best:
            self.best_epoch = epoch
            weights = learner.network.state_dict()
            self.best_weights = {name: value.cpu().clone() for name, value in weights.items()}
        if self.on_epoch:
            self.on_epoch(epoch, self.max_epochs, metrics)

    def state_dict(self) -> dict[str, Any]:
        """Give what the checkpoint keeps."""
        return {
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what the checkpoint kept."""
        self.history = list(state_dict["history"])
        self.best_epoch = state_dict["best_epoch"]
        self.best_weights = state_dict["best_weights"]


class Stop(EarlyStopping):
    """Early stopping that also remembers, when taken up again, that it had stopped."""

    def on_train_start(self, trainer: lightning.Trainer, *_: object) -> None:
        """Stop at once where the checkpoint is of a training that had stopped."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True
