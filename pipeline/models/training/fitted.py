"""What a network is trained for and what comes of it, without what trains it: Lightning takes
seconds to load, and predicting does without.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

EpochHook = Callable[[int, int, Mapping[str, float]], None]
"""Called after each epoch with its number from 1, the most there can be, and its metrics."""

ResumeHook = Callable[[float], None]
"""Called where a training resumes or read back, with the seconds that it had spent before."""


@dataclass(frozen=True)
class Objective:
    """What a network is trained for.

    Attributes:
        loss: (outputs, target) to a scalar.
        score: (outputs, target) of a whole set to named figures, such as accuracy.
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    score: Callable[[Tensor, Tensor], Mapping[str, float]]


@dataclass(frozen=True)
class Fitted:
    """What came of a training; the network itself now holds its best weights.

    Attributes:
        history: Per epoch: epoch, learning_rate, and loss and scores with `train_` and `val_`.
        best_epoch: The epoch whose weights were kept, from 1.
    """

    history: tuple[Mapping[str, float], ...]
    best_epoch: int
