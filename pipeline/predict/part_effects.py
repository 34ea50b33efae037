"""How much each part of an input moves an answer, and whether that can be relied on.

An effect is the answer minus the answer without the part. To check it, parts are also hidden in
random halves, and a linear model of the answers says what each part adds among others. Where the
two rank the parts alike, what a part adds does not depend on what is beside it; where they do not,
parts stand in for each other or act together, and a ranking says little.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

Outcome = Callable[[np.ndarray], np.ndarray]
"""Takes which parts are kept, bool (questions, parts); returns a number of each answer to each
question, float64 (questions, answers), NaN where there is none."""

HALVES_PER_PART = 2
"""Random halves for each part; they come in pairs that hide what the other one keeps."""

LEAST_AGREEMENT = 0.5
"""Rank correlation below which effects are not to be relied on."""

SEED = 16

_RIDGE = 1e-3
_LEAST_COMPARED = 3


@dataclass(frozen=True)
class Effects:
    """What the parts of an input do to one answer.

    Attributes:
        values: The answer minus the answer without each part, float64 (parts,); NaN where there is
            no answer without it.
        agreement: Spearman's rank correlation with the effects among random halves; None where
            fewer than three parts have an effect, so that there is nothing to rank.
    """

    values: np.ndarray
    agreement: float | None

    @property
    def is_stable(self) -> bool:
        """Whether both ways agree, or there is nothing to disagree about."""
        return self.agreement is None or self.agreement >= LEAST_AGREEMENT


def measure_effects(n_parts: int, outcome: Outcome) -> list[Effects]:
    """Measure what each part does to every answer.

    Args:
        n_parts: At least one.
        outcome: Asked once: for all parts, without each, and with halves of them, which are
            `HALVES_PER_PART` for each part; a single part is not hidden in halves.

    Example:
        >>> (one,) = measure_effects(4, lambda kept: kept @ np.array([[3], [2], [1], [0]]))
        >>> one.values.tolist(), round(one.agreement, 3)
        ([3, 2, 1, 0], 1.0)
    """
    halves = _draw_halves(n_parts)
    answers = outcome(
        np.vstack([np.ones((1, n_parts), bool), ~np.eye(n_parts, dtype=bool), halves])
    )
    whole, alone, among = answers[0], answers[0] - answers[1 : n_parts + 1], answers[n_parts + 1 :]
    return [
        Effects(alone[:, one], _agreement(alone[:, one], halves, among[:, one]))
        for one in range(len(whole))
    ]


def _draw_halves(n_parts: int) -> np.ndarray:
    """Draw distinct halves of the parts, bool (halves, parts), each followed by its complement."""
    rng, found = np.random.default_rng(SEED), dict[bytes, np.ndarray]()
    half = (n_parts + 1) // 2
    distinct = math.comb(n_parts, half) * (1 + n_parts % 2)
    while n_parts >= _LEAST_COMPARED and len(found) < min(n_parts * HALVES_PER_PART, distinct):
        kept = rng.permutation(n_parts) < half
        found |= {kept.tobytes(): kept, (~kept).tobytes(): ~kept}
    return np.array(list(found.values()), bool).reshape(-1, n_parts)


def _agreement(alone: np.ndarray, halves: np.ndarray, answers: np.ndarray) -> float | None:
    is_known = ~np.isnan(answers)
    moves = ~np.isnan(alone) & (np.abs(np.nan_to_num(alone)) > 0)
    if moves.sum() < _LEAST_COMPARED or is_known.sum() < _LEAST_COMPARED:
        return None
    kept = halves[is_known].astype(np.float64)
    kept -= kept.mean(axis=0)
    wanted = answers[is_known] - answers[is_known].mean()
    added = np.linalg.solve(kept.T @ kept + _RIDGE * np.eye(kept.shape[1]), kept.T @ wanted)
    ranks = np.array([rankdata(alone[moves]), rankdata(np.round(added[moves], 12))])
    if (ranks.std(axis=1) == 0).any():  # all parts do the same
        return None
    return float(np.corrcoef(ranks)[0, 1])
