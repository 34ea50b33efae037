"""A Gaussian process over a movie's fields: smooth where boosting cuts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from pipeline.models.training.batches import StreamArrays
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import UNKNOWN, MovieReader, RevenueModel, name_numbers

FIT_MOVIES = 500
"""Kernel weights are found on so many movies of the training set; the mean uses all of them."""

FIT_DRAWS = 4
"""Where there are more, the likelihoods of so many draws are added up: weights of a single one are
a matter of luck."""

FIT_STEPS = 40
"""Most steps of L-BFGS, which end at a likelihood that 100 steps of Adam do not reach, in half the
time."""

_BOUNDS = (-10.0, 5.0)
"""Of the logarithms of the kernel's weights."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "money": ("log10_budget",), "time": ("log10_price_level", "release_year"),
    "runtime": ("runtime_min",), "series": ("forerunners", "is_sequel"), "genre": ("genre_",),
    "origin": ("language_", "certification_", "is_united_states"),
    "director": ("director_",), "cast": ("lead_", "cast_"),
    "company": ("company_", "producer_"), "writer": ("writer_",),
    "crew": ("composer_", "photographer_", "editor_"), "calendar": ("",),
}  # fmt: skip
"""Groups of columns by the beginnings of their names: the kernel finds how far each reaches."""

_REACH, _LINEAR, _SMOOTH, _NOISE = 1.0, 0.1, 0.3, 1.0
"""Where the search for the kernel's weights begins, in units of the target's variance."""

CLIP = 4.0

Views = Mapping[str, Tensor]


class KernelModel(RevenueModel):
    """Mean of a Gaussian process, with the training movies it compares with; buffers only.

    The kernel is a smooth one over the numbers, in which every group of columns has a reach of its
    own, plus linear ones over each group, over the text embedding and over shared owners.

    Args:
        reader: Arguments of its reader.
        n_movies: Training movies.
        text_width: Of the text embedding; 0 for none.
        groups: Place of its group for each number.
    """

    text_mean: Tensor
    log_weights: Tensor
    dual: Tensor
    centre: Tensor

    def __init__(
        self, reader: Mapping[str, Any], n_movies: int, text_width: int, groups: Sequence[int]
    ):
        super().__init__(reader, n_movies=n_movies, text_width=text_width, groups=list(groups))
        self.groups = np.asarray(groups, dtype=np.int64)
        widths = {
            "numbers": len(groups), "text": text_width, "owners": self.reader.n_tokens
        }  # fmt: skip
        for name, width in widths.items():
            self.register_buffer(f"known_{name}", torch.zeros(n_movies, width))
        self.register_buffer("text_mean", torch.zeros(text_width))
        n_groups = int(self.groups.max(initial=0)) + 1
        self.register_buffer("log_weights", _first_weights(n_groups).log())
        self.register_buffer("dual", torch.zeros(n_movies, dtype=torch.float64))
        self.register_buffer("centre", torch.zeros(2, dtype=torch.float64))

    @classmethod
    def fit(
        cls,
        reader: MovieReader,
        features: FeatureSet,
        rows: np.ndarray,
        values: np.ndarray,
        seed: int,
    ) -> "KernelModel":
        """Fit to log10 revenues of the training set."""
        fields = reader.read(features, rows)
        text = np.asarray(fields.streams.get("text", np.zeros((len(rows), 0), np.float32)))
        groups = group_numbers(name_numbers(features))
        model = cls(reader.arguments, len(rows), text.shape[1], groups)
        model.reader.load_state_dict(reader.state_dict())
        has = fields.masks.get("text", np.zeros(len(rows), bool))
        if has.any():
            model.text_mean.copy_(torch.from_numpy(text[has].mean(axis=0)))
        views = model._view(fields)
        for name, view in views.items():
            getattr(model, f"known_{name}").copy_(view)
        centre = torch.tensor([values.mean(), values.std() or 1.0], dtype=torch.float64)
        standard = (torch.from_numpy(values) - centre[0]) / centre[1]
        model.centre.copy_(centre)
        model.log_weights.copy_(_search(views, model.groups, standard, seed))
        weights = model.log_weights.exp()
        gram = _kernel(weights, model.groups, views, views)
        gram.diagonal().add_(weights[-1])
        model.dual.copy_(torch.cholesky_solve(standard[:, None], torch.linalg.cholesky(gram))[:, 0])
        return model

    @torch.inference_mode()
    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue, float64 (rows,)."""
        known = {name: getattr(self, f"known_{name}") for name in _VIEWS}
        asked = self._view(self.reader.read(features, rows))
        gram = _kernel(self.log_weights.exp(), self.groups, asked, known)
        return (self.centre[0] + self.centre[1] * (gram @ self.dual)).numpy()

    def _view(self, fields: StreamArrays) -> Views:
        numbers = torch.from_numpy(np.asarray(fields.streams["numbers"])).clamp(-CLIP, CLIP)
        text = torch.zeros(len(numbers), len(self.text_mean))
        if "text" in fields.streams and len(self.text_mean):
            has = torch.from_numpy(fields.masks["text"])
            whole = torch.from_numpy(np.asarray(fields.streams["text"]))
            text = nn.functional.normalize(whole - self.text_mean, dim=1) * has[:, None]
        owners = torch.from_numpy(np.asarray(fields.streams["owners"]))
        return {"numbers": numbers, "text": text, "owners": owners}


_VIEWS = ("numbers", "text", "owners")


def group_numbers(names: Sequence[str]) -> list[int]:
    """Return the place of each column's group among those of `GROUPS` that there are.

    Example:
        >>> group_numbers(["log10_budget", "weekday", "genre_war", "log10_budget_real"])
        [0, 2, 1, 0]
    """
    found = [
        next(k for k, starts in enumerate(GROUPS.values()) if name.startswith(starts))
        for name in names
    ]
    return np.unique(found, return_inverse=True)[1].tolist()


def _first_weights(n_groups: int) -> Tensor:
    """Return the weights of reach and linear kernel by group, of text, owners, smooth and noise."""
    reach, linear = [_REACH / n_groups * 2] * n_groups, [_LINEAR] * (n_groups + 2)
    return torch.tensor([*reach, *linear, _SMOOTH, _NOISE], dtype=torch.float64)


def _split(weights: Tensor) -> tuple[Tensor, Tensor, float, float]:
    """Split weights into reaches (groups,), linear ones (groups + 2,), smooth and noise."""
    n_groups = (len(weights) - 4) // 2
    return weights[:n_groups], weights[n_groups:-2], weights[-2].item(), weights[-1].item()


def _scales(weights: Tensor, groups: np.ndarray) -> Tensor:
    """Return by what each column is multiplied, so that a group counts alike whatever its width."""
    return (weights[groups] / torch.from_numpy(np.bincount(groups)[groups])).sqrt()


def _owner_weights(owners: Tensor, n_owners: int) -> csr_matrix:
    """Turn vocabulary places (n, tokens) into sparse rows of unit length, (n, n_owners + 1)."""
    rows, tokens = np.nonzero(owners.numpy() > UNKNOWN)
    hot = csr_matrix(
        (np.ones(len(rows)), (rows, owners.numpy()[rows, tokens].astype(np.int64))),
        shape=(len(owners), n_owners + 1),
    )
    counts = np.diff(hot.indptr)  # an owner that is named twice counts once
    hot.data = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    return hot


def _share_owners(a: Views, b: Views) -> Tensor:
    n_owners = int(max(view["owners"].max().item() for view in (a, b)))
    owners = [_owner_weights(view["owners"], n_owners) for view in (a, b)]
    return torch.from_numpy((owners[0] @ owners[1].T).toarray())


def _kernel(weights: Tensor, groups: np.ndarray, a: Views, b: Views) -> Tensor:
    reach, linear, smooth, _ = _split(weights)
    numbers = [view["numbers"].double() for view in (a, b)]
    near, straight = _scales(reach, groups), _scales(linear[:-2], groups)
    mixed = torch.cdist(numbers[0] * near, numbers[1] * near).square_().mul_(-0.5).exp_()
    mixed.mul_(smooth).addmm_(numbers[0] * straight, (numbers[1] * straight).T)
    text = [view["text"].double() for view in (a, b)]
    mixed.addmm_(text[0], text[1].T, alpha=linear[-2].item())
    return mixed.add_(_share_owners(a, b), alpha=linear[-1].item())


def _parts(view: Views, groups: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return squared distances of all pairs by group, (groups, n * n), and linear kernels of
    groups, text and owners, (groups + 2, n * n).
    """
    ones = torch.ones(int(groups.max()) + 1, dtype=torch.float64)
    numbers = view["numbers"].double() * _scales(ones, groups)
    parts = [numbers[:, groups == k] for k in range(len(ones))]
    text = view["text"].double()
    linear = [*(part @ part.T for part in parts), text @ text.T, _share_owners(view, view)]
    far = [torch.cdist(part, part).square_() for part in parts]
    return torch.stack(far).flatten(1), torch.stack(linear).flatten(1)


def _search(views: Views, groups: np.ndarray, standard: Tensor, seed: int) -> Tensor:
    """Find the logarithms of the kernel's weights by the marginal likelihood of some movies."""
    rng = np.random.default_rng(seed)
    n_draws = FIT_DRAWS if len(standard) > FIT_MOVIES else 1
    draws = [rng.permutation(len(standard))[:FIT_MOVIES] for _ in range(n_draws)]
    parts = [_parts({name: v[some] for name, v in views.items()}, groups) for some in draws]
    first = _first_weights(int(groups.max()) + 1).log().numpy()

    def evaluate(logs: np.ndarray) -> tuple[float, np.ndarray]:
        weights = torch.from_numpy(logs).exp()
        pairs = zip(parts, draws, strict=True)
        found = [_likelihood(weights, *own, standard[some]) for own, some in pairs]
        slope = torch.stack([one for _, one in found]).sum(dim=0)
        return sum(loss for loss, _ in found), slope.numpy()

    bounds, steps = [_BOUNDS] * len(first), {"maxiter": FIT_STEPS}
    found = minimize(evaluate, first, jac=True, method="L-BFGS-B", bounds=bounds, options=steps)
    return torch.from_numpy(found.x)


def _likelihood(
    weights: Tensor, far: Tensor, linear: Tensor, values: Tensor
) -> tuple[float, Tensor]:
    """Return the negative log marginal likelihood, less a constant, and its derivative by the logs
    of the weights.

    Source: Rasmussen and Williams 2006, equation 5.9. By hand it takes a third of what automatic
    differentiation of a Cholesky factor does.

    Args:
        weights: Of the kernel and the noise, (2 groups + 4,).
        far: From `_parts`.
        linear: From `_parts`.
        values: The standardised target, (n,).
    """
    n = len(values)
    reach, straight, height, noise = _split(weights)
    smooth = torch.exp(-0.5 * (reach @ far))
    gram = (straight @ linear).add_(smooth, alpha=height).view(n, n)
    gram.diagonal().add_(noise)
    factor = torch.linalg.cholesky(gram)
    outer = torch.cholesky_inverse(factor)
    dual = outer @ values
    loss = 0.5 * (values @ dual) + factor.diagonal().log().sum()
    outer = outer.addr_(dual, dual, alpha=-1.0).mul_(0.5).mT.reshape(-1)  # it is symmetric
    slopes = torch.cat([
        far @ smooth.mul_(outer) * (-0.5 * height),
        linear @ outer,
        smooth.sum()[None],
        outer[:: n + 1].sum()[None],
    ])  # fmt: skip
    return loss.item(), slopes * weights
