"""Several heads on one trunk: the target, and what else is learned beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.tasks import Target, TaskKind
from pipeline.models.training.fitted import Objective


@dataclass(frozen=True)
class Head:
    """Which outputs and which columns of the stacked targets belong to one target.

    Attributes:
        kind: Of its task.
        start, stop: Its outputs.
        first, last: Its columns of `stack_targets`, the last one not included.
    """

    kind: TaskKind
    start: int
    stop: int
    first: int
    last: int


def heads_of(target: Target, extras: Sequence[Target]) -> list[Head]:
    """Return each target its outputs, the main one first."""
    heads: list[Head] = []
    outputs = columns = 0
    for some in (target, *extras):
        wide = 1 if some.task.kind is TaskKind.REGRESSION else len(some.task.class_names)
        deep = wide if some.task.kind is TaskKind.LABELS else 1
        heads.append(Head(some.task.kind, outputs, outputs + wide, columns, columns + deep))
        outputs, columns = outputs + wide, columns + deep
    return heads


def stack_targets(target: Target, extras: Sequence[Target]) -> np.ndarray:
    """Put targets side by side: float32 (movies, columns), NaN for unknown."""
    parts = []
    for some in (target, *extras):
        values = some.values.astype(np.float32)
        if some.task.kind is TaskKind.CLASSES:
            values = np.where(some.is_known, values, np.nan).astype(np.float32)
        parts.append(values if values.ndim == 2 else values[:, None])
    return np.hstack(parts)


def make_heads_objective(main: Objective, heads: Sequence[Head], weight: float) -> Objective:
    """Add the extra heads' losses to the main one's; scores are of the main head alone.

    Args:
        main: Loss and scores of the first head.
        heads: From `heads_of`.
        weight: Of each extra head.
    """
    first, *others = heads

    def main_head(outputs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        actual = target[:, first.first : first.last]
        actual = actual[:, 0].long() if first.kind is TaskKind.CLASSES else actual
        return outputs[:, first.start : first.stop], actual

    def loss(outputs: Tensor, target: Tensor) -> Tensor:
        total = main.loss(*main_head(outputs, target))
        for head in others:
            preds = outputs[:, head.start : head.stop]
            total = total + weight * _masked_loss(head, preds, target[:, head.first : head.last])
        return total

    def score(outputs: Tensor, target: Tensor) -> Mapping[str, float]:
        preds, actual = main_head(outputs, target)
        return {"main_loss": float(main.loss(preds, actual)), **main.score(preds, actual)}

    return Objective(loss, score)


def _masked_loss(head: Head, preds: Tensor, target: Tensor) -> Tensor:
    known = ~torch.isnan(target).any(dim=1)  # (batch,)
    if not known.any():
        return preds.sum() * 0
    preds, target = preds[known], target[known]
    if head.kind is TaskKind.CLASSES:
        return F.cross_entropy(preds, target[:, 0].long())
    if head.kind is TaskKind.LABELS:
        return F.binary_cross_entropy_with_logits(preds, target)
    return F.mse_loss(preds, target)
