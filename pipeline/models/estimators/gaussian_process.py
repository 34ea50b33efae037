"""A Gaussian process over a movie's fields: smooth where boosting cuts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from pipeline.core.track_records import TALENT_COLUMNS
from pipeline.models.training.batches import StreamArrays
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import UNKNOWN, MovieReader, RevenueModel

FIT_MOVIES = 600
"""Kernel weights are found on so many movies of the training set; the mean uses all of them."""

FIT_STEPS = 40

_FIRST = {"numbers": 1.0, "talent": 1.0, "linear_numbers": 0.1, "linear_talent": 0.1,
          "text": 0.1, "owners": 0.1, "smooth": 0.3, "noise": 1.0}  # fmt: skip
"""Where the search for the kernel's weights begins, in units of the target's variance."""

CLIP = 4.0
MISSING_WEIGHT = 0.5

Views = Mapping[str, Tensor]


class KernelModel(RevenueModel):
    """Mean of a Gaussian process, with the training movies it compares with; buffers only.

    The kernel is a smooth one over numbers and talent with a length for each of the two, plus
    linear ones over both, over the text embedding and over shared owners.
    """

    text_mean: Tensor
    log_weights: Tensor
    dual: Tensor
    centre: Tensor

    def __init__(self, reader: Mapping[str, Any], n_movies: int, text_width: int):
        super().__init__(reader, n_movies=n_movies, text_width=text_width)
        numbers, talent = split_columns(reader["n_numbers"])
        widths = {
            "numbers": 2 * numbers, "talent": 2 * talent, "text": text_width,
            "owners": self.reader.n_tokens,
        }  # fmt: skip
        for name, width in widths.items():
            self.register_buffer(f"known_{name}", torch.zeros(n_movies, width))
        self.register_buffer("text_mean", torch.zeros(text_width))
        self.register_buffer("log_weights", torch.tensor([*_FIRST.values()]).log().double())
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
        model = cls(reader.arguments, len(rows), text.shape[1])
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
        model.log_weights.copy_(_search(views, standard, seed))
        noise = model.log_weights.exp()[-1]
        gram = _kernel(model.log_weights.exp(), views, views)
        gram.diagonal().add_(noise)
        model.dual.copy_(torch.cholesky_solve(standard[:, None], torch.linalg.cholesky(gram))[:, 0])
        return model

    @torch.inference_mode()
    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue, float64 (rows,)."""
        known = {name: getattr(self, f"known_{name}") for name in _VIEWS}
        gram = _kernel(self.log_weights.exp(), self._view(self.reader.read(features, rows)), known)
        return (self.centre[0] + self.centre[1] * (gram @ self.dual)).numpy()

    def _view(self, fields: StreamArrays) -> Views:
        values = torch.from_numpy(np.asarray(fields.streams["numbers"])).clamp(-CLIP, CLIP)
        unknown = torch.isnan(values).float() * MISSING_WEIGHT
        numbers, _ = split_columns(values.shape[1])
        cut = [
            torch.cat([v.nan_to_num(0.0), u], dim=1) / v.shape[1] ** 0.5
            for v, u in zip(
                (values[:, :numbers], values[:, numbers:]),
                (unknown[:, :numbers], unknown[:, numbers:]),
                strict=True,
            )
        ]
        text = torch.zeros(len(values), len(self.text_mean))
        if "text" in fields.streams and len(self.text_mean):
            has = torch.from_numpy(fields.masks["text"])
            whole = torch.from_numpy(np.asarray(fields.streams["text"]))
            text = nn.functional.normalize(whole - self.text_mean, dim=1) * has[:, None]
        owners = torch.from_numpy(np.asarray(fields.streams["owners"]))
        return {"numbers": cut[0], "talent": cut[1], "text": text, "owners": owners}


_DENSE = ("numbers", "talent", "text")
_VIEWS = (*_DENSE, "owners")


def split_columns(n_numbers: int) -> tuple[int, int]:
    """Return how many numbers are the movie's own, and how many are track records."""
    talent = len(TALENT_COLUMNS)
    return n_numbers - talent, talent


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


def _parts(a: Views, b: Views) -> tuple[list[Tensor], list[Tensor]]:
    """Return squared distances over numbers and talent, and the four linear kernels."""
    dense = [{name: view[name].double() for name in _DENSE} for view in (a, b)]
    n_owners = int(max(view["owners"].max().item() for view in (a, b)))
    owners = [_owner_weights(view["owners"], n_owners) for view in (a, b)]
    far = [torch.cdist(dense[0][name], dense[1][name]) ** 2 for name in _DENSE[:2]]
    linear = [dense[0][name] @ dense[1][name].T for name in _DENSE]
    return far, [*linear, torch.from_numpy((owners[0] @ owners[1].T).toarray())]


def _kernel(weights: Tensor, a: Views, b: Views) -> Tensor:
    far, linear = _parts(a, b)
    mixed = torch.exp(-0.5 * (weights[0] * far[0] + weights[1] * far[1])) * weights[6]
    for weight, one in zip(weights[2:6], linear, strict=True):
        mixed.add_(one, alpha=weight.item())
    return mixed


def _search(views: Views, standard: Tensor, seed: int) -> Tensor:
    """Find the kernel's weights by the marginal likelihood of some training movies."""
    some = np.random.default_rng(seed).permutation(len(standard))[:FIT_MOVIES]
    few = {name: view[some] for name, view in views.items()}
    values = standard[some]
    far, linear = (torch.stack(parts).flatten(1) for parts in _parts(few, few))
    weights = torch.tensor([*_FIRST.values()], dtype=torch.float64).log()
    weights.grad = torch.zeros_like(weights)
    optimizer = torch.optim.Adam([weights], lr=0.15)
    for _ in range(FIT_STEPS):
        weights.grad.copy_(_slope(weights.exp(), far, linear, values))
        optimizer.step()
    return weights


def _slope(weights: Tensor, far: Tensor, linear: Tensor, values: Tensor) -> Tensor:
    """Return the derivative of the negative log marginal likelihood by the logs of the weights.

    Source: Rasmussen and Williams 2006, equation 5.9. By hand it takes a third of what automatic
    differentiation of a Cholesky factor does.

    Args:
        weights: Of the kernel and the noise, (8,).
        far: Squared distances of n movies over numbers and talent, (2, n * n).
        linear: Their four linear kernels, (4, n * n).
        values: Their standardised target, (n,).
    """
    n = len(values)
    smooth = torch.exp(-0.5 * (weights[:2] @ far))
    gram = (weights[2:6] @ linear).add_(smooth, alpha=weights[6].item()).view(n, n)
    gram.diagonal().add_(weights[7])
    outer = torch.cholesky_inverse(torch.linalg.cholesky(gram))
    dual = outer @ values
    outer = outer.addr_(dual, dual, alpha=-1.0).mul_(0.5).mT.reshape(-1)  # it is symmetric
    slopes = torch.cat([
        far @ smooth.mul_(outer) * (-0.5 * weights[6]),
        linear @ outer,
        smooth.sum()[None],
        outer[:: n + 1].sum()[None],
    ])  # fmt: skip
    return slopes * weights
