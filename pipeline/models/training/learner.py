"""What one epoch does: steps, scores of both sets, the schedule, history and best weights."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint, EarlyStopping
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from pipeline.core.errors import TrainingError
from pipeline.models.training.batches import Batch, Batches, step_seed
from pipeline.models.training.fitted import EpochHook, Objective
from pipeline.models.training.schedule import Schedule, make_optimizer, make_scheduler

_LOOSE_BATCHES = 16
"""Batches whose answers are kept one by one before they are joined. Thousands of small tensors that
live as long as an epoch would keep the memory of the batches between them from being used again."""


class Learner(lightning.LightningModule):
    """The network with its loss and optimizer.

    Order, dropout and transforms depend on seed, epoch and step alone: so a resumed run is exact.
    """

    def __init__(
        self, network: nn.Module, objective: Objective, schedule: Schedule, train: Batches
    ):
        super().__init__()
        self.network = network
        self.objective = objective
        self.schedule = schedule
        self.train_batches = train
        self.seen: dict[str, list[tuple[Tensor, Tensor]]] = {"train": [], "val": []}
        self.steps_done = 0

    def configure_optimizers(self) -> Any:
        """Return the schedule's optimizer, and what lowers its rate."""
        optimizer = make_optimizer(self.network.parameters(), self.schedule)
        scheduler = make_scheduler(optimizer, self.schedule)
        if scheduler is None:
            return optimizer
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "monitor": self.schedule.monitor},
        }

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Do nothing: Lightning steps after the checkpoint, so a resumed run would miss it."""

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, *_: object, **__: object
    ) -> Batch:
        """Move a batch."""
        return batch.to(device)

    def on_train_start(self) -> None:
        """Go on behind the last batch that was learned from."""
        self.train_batches.epoch = self.current_epoch
        self.train_batches.first_step = self.steps_done

    def on_train_epoch_start(self) -> None:
        """Begin an epoch; not called where one resumes inside."""
        self.train_batches.epoch = self.current_epoch
        self.train_batches.first_step = self.steps_done = 0

    def training_step(self, batch: Batch, *_: object) -> Tensor:
        """Learn from a batch."""
        self._draw_from(step_seed(self.schedule.seed, self.current_epoch, self.steps_done))
        outputs = self.network(batch.streams, batch.masks)
        self._keep("train", outputs.detach(), batch.target)
        self.steps_done += 1
        return self.objective.loss(outputs, batch.target)

    def _draw_from(self, seed: int) -> None:
        """Seed the chance of a step.

        (`torch.manual_seed` also seeds devices that are not in use: by queues that grow with every
        call, each with its stack of frames.)
        """
        torch.default_generator.manual_seed(seed)
        if self.device.type != "cpu":
            torch.get_device_module(self.device).manual_seed(seed)

    def validation_step(self, batch: Batch, *_: object) -> None:
        """Look at a batch."""
        self._keep("val", self.network(batch.streams, batch.masks), batch.target)

    def _keep(self, part: str, outputs: Tensor, target: Tensor) -> None:
        self.seen[part].append((outputs, target))
        if len(self.seen[part]) > _LOOSE_BATCHES:
            self.seen[part] = [self._join(self.seen[part])]

    def _join(self, seen: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        outputs, target = (
            torch.cat([x.to(self.device) for x in some]) for some in zip(*seen, strict=True)
        )
        return outputs, target

    def on_validation_epoch_end(self) -> None:
        """Score both sets; the training set as it went by, with dropout."""
        for part, seen in self.seen.items():
            outputs, target = self._join(seen)
            seen.clear()
            self.log(f"{part}_loss", self.objective.loss(outputs, target))
            for name, value in self.objective.score(outputs, target).items():
                self.log(f"{part}_{name}", value)
        self.steps_done = 0
        self.log("learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"])
        self._lower_rate()

    def _lower_rate(self) -> None:
        metrics = self.trainer.callback_metrics
        if self.schedule.monitor not in metrics:
            raise TrainingError(
                f"expected one of {sorted(metrics)} to monitor, got {self.schedule.monitor!r}"
            )
        for scheduler in (config.scheduler for config in self.trainer.lr_scheduler_configs):
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(metrics[self.schedule.monitor])
            else:
                scheduler.step()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep how far the epoch is, and what its scores are made of."""
        seen = [(outputs.cpu(), target.cpu()) for outputs, target in self.seen["train"]]
        checkpoint["epoch_so_far"] = {"steps": self.steps_done, "seen": seen}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what the checkpoint kept."""
        self.steps_done = checkpoint["epoch_so_far"]["steps"]
        self.seen["train"] = list(checkpoint["epoch_so_far"]["seen"])


class EpochLog(Callback):
    """History, best weights and time spent; all travel in the checkpoint.

    Attributes:
        earlier_s: Seconds that an earlier take had spent before its last checkpoint.
    """

    def __init__(self, learner: Learner, on_epoch: EpochHook | None):
        self.network, self.schedule = learner.network, learner.schedule
        self.on_epoch = on_epoch
        self.history: list[dict[str, float]] = []
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] | None = None
        self.earlier_s = 0.0
        self._began_s = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, *_: object, **__: object) -> None:
        """Keep the epoch's metrics, and its weights where they are the best so far."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch, monitor = trainer.current_epoch + 1, self.schedule.monitor
        worst = float("inf") if self.schedule.monitor_mode == "min" else -float("inf")
        best = self.history[self.best_epoch - 1][monitor] if self.best_epoch else worst
        self.history.append({"epoch": epoch, **metrics})
        if self.schedule.is_better(metrics[monitor], best):
            self.best_epoch = epoch
            weights = self.network.state_dict()
            self.best_weights = {name: value.cpu().clone() for name, value in weights.items()}
        if self.on_epoch:
            self.on_epoch(epoch, self.schedule.max_epochs, metrics)

    def state_dict(self) -> dict[str, Any]:
        """Return what the checkpoint keeps."""
        return {
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
            "spent_s": self.earlier_s + time.monotonic() - self._began_s,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what the checkpoint kept."""
        self.history = list(state_dict["history"])
        self.best_epoch = state_dict["best_epoch"]
        self.best_weights = state_dict["best_weights"]
        self.earlier_s = state_dict.get("spent_s", 0.0)


class Stop(EarlyStopping):
    """Early stopping that also remembers, when it resumes, that it had stopped."""

    def __init__(self, schedule: Schedule):
        super().__init__(
            schedule.monitor, patience=schedule.patience, mode=schedule.monitor_mode,
            check_finite=True,
        )  # fmt: skip

    def on_train_start(self, trainer: lightning.Trainer, *_: object, **__: object) -> None:
        """Stop at once where the checkpoint is of a training that had stopped."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True


class Save(Checkpoint):
    """One file with all that a killed training needs, renamed into place.

    (Lightning's `ModelCheckpoint` writes to the folder of temporary files first: where that is
    another disk, a kill leaves half a checkpoint.)
    """

    def __init__(self, path: Path, learner: Learner):
        self.path, self.learner, self.schedule = path, learner, learner.schedule

    def save(self, trainer: lightning.Trainer) -> None:
        """Write the file."""
        unfinished = self.path.with_name(f".{self.path.name}.part")
        trainer.save_checkpoint(unfinished)
        unfinished.replace(self.path)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: object, **__: object) -> None:
        """Save inside an epoch; its last step is left to the epoch's own save."""
        every, step = self.schedule.checkpoint_every_steps, self.learner.steps_done
        if every and step % every == 0 and step < len(self.learner.train_batches):
            self.save(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, *_: object, **__: object) -> None:
        """Save at the end of an epoch."""
        if (trainer.current_epoch + 1) % self.schedule.checkpoint_every_epochs == 0:
            self.save(trainer)
