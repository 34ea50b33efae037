"""Movies whose pictures show a hidden number by their colour: what pixel networks learn."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from pipeline.core.tasks import Target, Task, TaskKind
from pipeline.models.training.estimator import FeatureSet

CLASSES = Task("comedy_horror", TaskKind.CLASSES, "balanced_accuracy_score", ("comedy", "horror"))
LABELS = Task("genre_labels", TaskKind.LABELS, "macro_ap_score", ("Action", "Drama", "Horror"))
NUMBER = Task("score", TaskKind.REGRESSION, "mae_error", unit="standard deviations")


@dataclass(frozen=True)
class Table:
    streams: dict = field(default_factory=dict)
    masks: dict = field(default_factory=dict)
    data_hash: str = "d1"


@dataclass(frozen=True)
class Movies:
    """Red where the hidden number is high, blue where it is low; 48×72 and noisy."""

    n: int = 120
    seed: int = 3
    lacking: tuple[int, ...] = ()

    @cached_property
    def hidden(self) -> np.ndarray:
        return np.random.default_rng(self.seed).uniform(-1, 1, self.n)

    @property
    def parts(self) -> np.ndarray:
        return np.array(["train", "train", "train", "val", "test"] * (self.n // 5), dtype=object)

    def poster(self, row: int) -> np.ndarray | None:
        return None if row in self.lacking else self._paint(row, 1, (72, 48))[0]

    def frames(self, row: int) -> np.ndarray | None:
        return None if row in self.lacking else self._paint(row, 3 + row % 5, (32, 32))

    def _paint(self, row: int, count: int, size: tuple[int, int]) -> np.ndarray:
        rng = np.random.default_rng((self.seed, row))
        shade = 128 + 100 * self.hidden[row]
        pictures = rng.integers(0, 60, (count, *size, 3))
        pictures[..., 0] += int(shade) - 28
        pictures[..., 2] += int(255 - shade) - 28
        return pictures.clip(0, 255).astype(np.uint8)

    @property
    def inputs(self) -> FeatureSet:
        masks = {"poster": np.array([row not in self.lacking for row in range(self.n)])}
        masks["frames"] = masks["poster"]
        return FeatureSet(Table({}, masks), load_poster=self.poster, load_frames=self.frames)

    def target(self, task: Task = CLASSES, *, is_shuffled: bool = False) -> Target:
        hidden = self.hidden
        if is_shuffled:
            hidden = np.random.default_rng(9).permutation(hidden)
        if task.kind is TaskKind.CLASSES:
            return Target(task, (hidden > 0).astype(np.int64), {})
        if task.kind is TaskKind.REGRESSION:
            return Target(task, hidden / hidden.std(), {})
        labels = np.stack([hidden > 0, hidden < 0.5, hidden < -0.5], axis=1)
        return Target(task, labels.astype(np.float32), {})

    def rows(self, part: str = "test") -> np.ndarray:
        return np.flatnonzero(self.parts == part)


def area_under_curve(preds: np.ndarray, is_true: np.ndarray) -> float:
    """By its definition: how often a true one is reported to be likelier than another."""
    pairs = preds[is_true][:, None] - preds[~is_true][None]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)
