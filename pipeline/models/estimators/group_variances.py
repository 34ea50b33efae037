"""How much each group of a linear model's columns says of the target, by marginal likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

MOST_ROWS = 1000
"""Where there are more rows and more columns, variances are found on movies drawn at random that
have so many rows: there are few variances, so that more movies change little."""

FIT_STEPS = 20
"""Most steps of L-BFGS; twice as many changed no error on validation sets by .0003."""

_GROUP, _NOISE = 0.2, 0.5
"""Where the search begins, in units of the target's variance."""

_BOUNDS = (-10.0, 5.0)
"""Of the variances' logarithms."""


def scale_groups(
    views: Sequence[np.ndarray], groups: np.ndarray, values: np.ndarray, seed: int
) -> np.ndarray:
    """Return by what to multiply each column so that ridge regression with penalty 1 is the mean of
    the likeliest Gaussian process that is linear in the columns.

    Weights of a group's columns have one prior variance, the noise has another; all are chosen
    together by the marginal likelihood of the values. Groups that say nothing are all but silenced,
    however many columns they have.

    Args:
        views: Columns of the training set, about zero, none unknown: float64 (movies, columns);
            several describe the same movies differently, and share the likelihood.
        groups: Place of its group for each column, from 0 on.
        values: The target, float64 (movies,).
        seed: Of the draw, where there are more than `MOST_ROWS` rows and columns.

    Returns:
        Factors, float64 (columns,), one for each group.

    Source:
        MacKay 1992, "Bayesian interpolation"; Rasmussen and Williams 2006, section 2.1.
    """
    standard = (values - values.mean()) / (values.std() or 1.0)
    if min(len(views) * len(values), len(groups)) > MOST_ROWS:
        drawn = np.random.default_rng(seed).permutation(len(values))
        some = np.sort(drawn[: MOST_ROWS // len(views)])
        views, standard = [view[some] for view in views], standard[some]
    columns = np.vstack(views) / np.sqrt(len(views))
    n_groups = int(groups.max()) + 1
    size = np.array([np.square(columns[:, groups == k]).sum() for k in range(n_groups)])
    size = np.where(size > 0, size / len(standard), 1.0)  # a movie's mean square in each group
    evidence = Evidence.of(columns / np.sqrt(size)[groups], groups, standard)
    first = np.log([*[_GROUP] * n_groups, _NOISE])
    bounds, steps = [_BOUNDS] * len(first), {"maxiter": FIT_STEPS}
    found = minimize(
        evidence.score, first, jac=True, method="L-BFGS-B", bounds=bounds, options=steps
    )
    variances = np.exp(found.x)
    return np.sqrt(variances[:-1] / variances[-1] / size)[groups]


@dataclass(frozen=True)
class Evidence:
    """What the marginal likelihood of a linear model's values depends on.

    Attributes:
        grams: Inner products of all pairs of rows by group, (groups, n * n). Where there are fewer
            columns than rows, the rows are rotated to as many as there are columns.
        values: The target in these rows, (n,).
        rest: Sum of the squares of what no column reaches.
        more: How many values there are beyond n; less than 0 where movies have several rows.
    """

    grams: Tensor
    values: Tensor
    rest: float
    more: int

    @classmethod
    def of(cls, columns: np.ndarray, groups: np.ndarray, values: np.ndarray) -> "Evidence":
        """Take rows (views * movies, columns), divided by the root of the number of views, and
        values (movies,).
        """
        n_views = len(columns) // len(values)
        shared = np.tile(values, n_views) / np.sqrt(n_views)
        if len(columns) > columns.shape[1]:
            turned, columns = np.linalg.qr(columns)
            shared = turned.T @ shared
        parts = [columns[:, groups == k] for k in range(int(groups.max()) + 1)]
        grams = torch.stack([torch.from_numpy(part @ part.T).reshape(-1) for part in parts])
        rest = max(float(values @ values - shared @ shared), 0.0)
        return cls(grams, torch.from_numpy(shared), rest, len(values) - len(shared))

    def score(self, logs: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the negative log marginal likelihood, less a constant, and its derivative.

        Source: Rasmussen and Williams 2006, equation 5.9.

        Args:
            logs: Logarithms of the variances of groups and noise, float64 (groups + 1,).
        """
        n, variances = len(self.values), torch.from_numpy(np.exp(logs))
        noise = variances[-1].item()
        gram = (variances[:-1] @ self.grams).view(n, n)
        gram.diagonal().add_(noise)
        factor = torch.linalg.cholesky(gram)
        outer = torch.cholesky_inverse(factor)
        dual = outer @ self.values
        loss = 0.5 * (self.values @ dual) + factor.diagonal().log().sum()
        outer = outer.addr_(dual, dual, alpha=-1.0).mul_(0.5).mT.reshape(-1)  # it is symmetric
        slopes = torch.cat([self.grams @ outer, outer[:: n + 1].sum()[None]]) * variances
        slopes[-1] += 0.5 * (self.more - self.rest / noise)
        loss += 0.5 * (self.more * logs[-1] + self.rest / noise)
        return loss.item(), slopes.numpy()
