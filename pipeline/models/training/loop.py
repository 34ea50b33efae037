"""The training loop that every network shares: early stopping, checkpoints, exact resume."""

import logging
import signal
import threading
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.models.training.batches import Batches
from pipeline.models.training.fitted import EpochHook, Fitted, Objective, ResumeHook
from pipeline.models.training.learner import EpochLog, Learner, Save, Stop
from pipeline.models.training.schedule import Schedule

_CHATTY = ("lightning", "lightning.pytorch", "lightning.pytorch.utilities.rank_zero")


def fit_network(
    network: nn.Module,
    objective: Objective,
    train: Batches,
    val: Batches,
    schedule: Schedule,
    *,
    folder: Path,
    fingerprint: str,
    on_epoch: EpochHook | None = None,
    on_resume: ResumeHook | None = None,
    accelerator: str = "auto",
) -> Fitted:
    """Train until the validation set gains no more; leave the best weights in the network.

    An interrupted training resumes at its last checkpoint, also inside an epoch, and ends with
    the weights of an undisturbed one (bit by bit on a CPU). A finished one is read back.

    Args:
        network: forward(streams, masks) gives outputs; its first weights are the caller's.
        objective: Loss and scores.
        train: Batches of the training set.
        val: Those of the validation set.
        schedule: How long and how fast.
        folder: Checkpoints go to `<fingerprint>.ckpt` in it.
        fingerprint: Hash of all that shapes the result; other fingerprints' checkpoints are
            not looked at.
        on_epoch: See `RunConfig`.
        on_resume: The same.
        accelerator: The same.

    Raises:
        TrainingError: What is monitored was never a number, or is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{fingerprint}.ckpt"
    learner = Learner(network, objective, schedule, train)
    log, save = EpochLog(learner, on_epoch), Save(checkpoint, learner)
    with _quiet(), _threads(schedule.cpu_threads), torch.random.fork_rng(devices=[]):
        trainer = _make_trainer(schedule, [log, Stop(schedule), save], folder, accelerator)
        # a thread beside two that share each step slows them by more than it saves
        is_shared = schedule.cpu_threads > 1 and trainer.strategy.root_device.type == "cpu"
        train.reads_ahead = val.reads_ahead = not is_shared
        _run(trainer, learner, train, val, checkpoint if checkpoint.is_file() else None)
        save.save(trainer)
    if on_resume and log.earlier_s:
        on_resume(log.earlier_s)
    network.load_state_dict(_best_weights(log, schedule))
    network.eval()
    return Fitted(tuple(log.history), log.best_epoch)


def _best_weights(log: EpochLog, schedule: Schedule) -> Mapping[str, torch.Tensor]:
    if log.best_weights is None:
        raise TrainingError(
            f"expected a finite {schedule.monitor.replace('val_loss', 'validation loss')}, got "
            f"{[row[schedule.monitor] for row in log.history]}; lower the learning rate, or look "
            "for infinities in the features"
        )
    return log.best_weights


def _make_trainer(
    schedule: Schedule, callbacks: list[Callback], folder: Path, accelerator: str
) -> lightning.Trainer:
    return lightning.Trainer(
        accelerator=accelerator,
        devices=1,
        max_epochs=schedule.max_epochs,
        gradient_clip_val=schedule.gradient_clip or None,
        callbacks=callbacks,
        default_root_dir=folder,
        logger=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        num_sanity_val_steps=0,
    )


def _run(
    trainer: lightning.Trainer,
    learner: Learner,
    train: Batches,
    val: Batches,
    checkpoint: Path | None,
) -> None:
    in_main = threading.current_thread() is threading.main_thread()
    on_interrupt = signal.getsignal(signal.SIGINT) if in_main else None
    try:
        trainer.fit(learner, train, val, ckpt_path=checkpoint)
    except SystemExit as stop:
        # Lightning turns Ctrl-C into exit(1) and leaves the signal ignored
        raise KeyboardInterrupt from stop
    finally:
        if in_main:
            signal.signal(signal.SIGINT, on_interrupt)


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """Lightning without banners and tips, and without what it stirs up in newer torch."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)`", FutureWarning)
            warnings.filterwarnings("ignore", "You're resuming from a checkpoint", UserWarning)
            warnings.filterwarnings("ignore", "GPU available but not used", UserWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _threads(count: int) -> Generator[None, None, None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
