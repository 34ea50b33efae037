"""Kernel ridge regression of labels on plots: their embeddings, words and parts of words."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from scipy.linalg import get_lapack_funcs
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.records import plot_text
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.summaries import summarise

TEXT = "text"

MAX_MOVIES = 4_000
"""Time grows with the cube of the movies that are compared with; of more, so many are drawn."""

SHARPNESS = 3.0
"""Two plots are alike by exp(-SHARPNESS * (1 - cosine of their embeddings)), whose principal
components are divided by the square roots of their deviations."""

HASHED = 2**16
"""Places of hashed words, and as many of parts of words."""

WORDS = {"analyzer": "word", "ngram_range": (1, 2), "stop_words": "english"}
PARTS = {"analyzer": "char_wb", "ngram_range": (3, 5)}
_BUILD: Any = HashingVectorizer  # its stub knows no norm of None
_COUNTERS = tuple(
    _BUILD(n_features=HASHED, norm=None, alternate_sign=False, **own) for own in (WORDS, PARTS)
)

SHARE_OF_WORDS = 0.4
"""Of the likeness by TF-IDF so much is of words and pairs of words, the rest of parts of words."""

MIN_DOCUMENTS = 2
"""Words that fewer plots have count nothing."""

TFIDF_SHARES = (0.0, 0.25, 0.5, 1.0)
"""How much the likeness by TF-IDF counts; leave-one-out errors choose one of these."""

PENALTIES = (0.5, 1.0, 2.0)
"""Strengths of the penalty; leave-one-out errors choose one."""


class PlotKernel(nn.Module):
    """Labels of the plots it compares with, weighed by likeness; buffers only.

    Args:
        n_movies: How many movies it compares with.
        width: Of the embeddings.
        n_hashed: How many hashed words these movies have together.
        n_labels: How many labels it predicts.
    """

    centre: Tensor
    turn: Tensor
    known: Tensor
    idf: Tensor
    tfidf_share: Tensor
    hashed_weights: Tensor
    hashed_places: Tensor
    hashed_starts: Tensor
    dual: Tensor
    base: Tensor

    def __init__(self, n_movies: int, width: int, n_hashed: int, n_labels: int):
        super().__init__()
        self.arguments = {
            "n_movies": n_movies, "width": width, "n_hashed": n_hashed, "n_labels": n_labels,
        }  # fmt: skip
        shapes = {
            "centre": (width,), "turn": (width, width), "known": (n_movies, width),
            "idf": (2 * HASHED,), "tfidf_share": (1,), "dual": (n_movies, n_labels),
            "base": (n_labels,),
        }  # fmt: skip
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("hashed_weights", torch.zeros(n_hashed, dtype=torch.float32))
        self.register_buffer("hashed_places", torch.zeros(n_hashed, dtype=torch.int32))
        self.register_buffer("hashed_starts", torch.zeros(n_movies + 1, dtype=torch.int32))

    @classmethod
    def fit(
        cls, features: FeatureSet, rows: np.ndarray, labels: np.ndarray, seed: int
    ) -> tuple["PlotKernel", np.ndarray]:
        """Fit to labels, 0 or 1, (rows, labels), of movies with or without a plot.

        Returns:
            The model, and what it predicts for each of these movies without its own labels, float64
            (rows, labels): by leave-one-out, and as any other movie where it was not drawn.
        """
        order = np.random.default_rng(seed).permutation(len(rows))
        chosen = np.sort(order[:MAX_MOVIES])
        counts = _count(features, rows[chosen])
        idf = _fit_idf(counts)
        tfidf = _weigh(counts, idf)
        vectors = _vectors(features, rows[chosen])
        model = cls(len(chosen), vectors.shape[1], tfidf.nnz, labels.shape[1])
        model.idf.copy_(torch.from_numpy(idf))
        model.hashed_weights.copy_(torch.from_numpy(tfidf.data))
        model.hashed_places.copy_(torch.from_numpy(tfidf.indices))
        model.hashed_starts.copy_(torch.from_numpy(tfidf.indptr))
        model._fit_turn(vectors[(vectors != 0).any(axis=1)])
        model.known.copy_(torch.from_numpy(model._turned(vectors)))
        held_out = model._solve(features, rows[chosen], labels[chosen].astype(np.float64))
        preds = np.zeros(labels.shape)
        preds[chosen] = held_out
        others = np.setdiff1d(np.arange(len(rows)), chosen)
        preds[others] = model.predict(features, rows[others])
        return model, preds

    def _fit_turn(self, vectors: np.ndarray) -> None:
        """Find the embeddings' principal components and how much each counts."""
        if not len(vectors):
            return
        centre = vectors.mean(axis=0)
        _, spread, components = np.linalg.svd(vectors - centre, full_matrices=False)
        spread = spread / np.sqrt(len(vectors))
        kept = spread > 1e-6
        turn = np.zeros(self.turn.shape)
        turn[:, : kept.sum()] = components[kept].T / np.sqrt(spread[kept])
        self.centre.copy_(torch.from_numpy(centre))
        self.turn.copy_(torch.from_numpy(turn))

    def _turned(self, vectors: np.ndarray) -> np.ndarray:
        """Return embeddings by component, at unit length; zeros where there is none."""
        has = (vectors != 0).any(axis=1)
        turned = (vectors - self.centre.numpy()) @ self.turn.numpy() * has[:, None]
        return turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)

    def _solve(self, features: FeatureSet, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Choose the share of TF-IDF and the penalty; return leave-one-out predictions."""
        base = labels.mean(axis=0)
        alike, words = self._parts(features, rows)
        share, penalty = _choose(alike, words, labels - base)
        dual, off = _leave_one_out(alike + share * words, penalty, labels - base)
        self.dual.copy_(torch.from_numpy(dual))
        self.tfidf_share.fill_(share)
        self.base.copy_(torch.from_numpy(base))
        return labels - off

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict labels, float64 (rows, labels): near 0 to 1, not quite probabilities."""
        if not len(rows):
            return np.zeros((0, len(self.base)))
        alike, words = self._parts(features, rows)
        return (alike + self.tfidf_share.item() * words) @ self.dual.numpy() + self.base.numpy()

    def _parts(self, features: FeatureSet, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return likeness by embedding and by TF-IDF, float64 (rows, known movies) each."""
        asked, known = self._turned(_vectors(features, rows)), self.known.numpy()
        alike = np.exp(-SHARPNESS * (1 - asked @ known.T))
        alike *= np.outer(asked.any(axis=1), known.any(axis=1))
        hashed = (self.hashed_weights, self.hashed_places, self.hashed_starts)
        shape = (len(known), 2 * HASHED)
        tfidf = csr_matrix(tuple(part.numpy() for part in hashed), shape=shape)
        words = _weigh(_count(features, rows), self.idf.numpy()) @ tfidf.T
        return alike, words.toarray().astype(np.float64)


def _choose(alike: np.ndarray, words: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Choose the share of TF-IDF and the penalty by leave-one-out errors, which single precision
    tells apart in half of the time.
    """
    alike, words, values = (np.asarray(some, dtype=np.float32) for some in (alike, words, values))
    best, chosen = np.inf, (TFIDF_SHARES[0], PENALTIES[0])
    for share in TFIDF_SHARES if words.any() else TFIDF_SHARES[:1]:
        kernel = alike + np.float32(share) * words
        for penalty in PENALTIES:
            _, off = _leave_one_out(kernel, penalty, values)
            if (error := float(np.mean(off**2, dtype=np.float64))) < best:
                best, chosen = error, (share, penalty)
    return chosen


def _leave_one_out(
    kernel: np.ndarray, penalty: float, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solve kernel ridge regression.

    Args:
        kernel: Likeness of movies, (n, n), in the precision that is computed in.
        penalty: Its strength.
        values: Centred values, (n, labels).

    Returns:
        Weights of the movies, and by how much each movie's values lie above what is predicted
        without it, (n, labels) each. Both follow from the inverse of a Cholesky factor, a third of
        the work of an inverse. Source: Rifkin and Lippert 2007, "Notes on Regularized Least
        Squares", section 3.
    """
    inverse = _invert_factor(kernel + penalty * np.eye(len(kernel), dtype=kernel.dtype))
    dual = inverse.T @ (inverse @ values)
    return dual, dual / (inverse**2).sum(axis=0)[:, None]


def _invert_factor(matrix: np.ndarray) -> np.ndarray:
    """Return the inverse of the lower Cholesky factor, with zeros above the diagonal."""
    factorise, invert = get_lapack_funcs(("potrf", "trtri"), (matrix,))
    factor, failed = factorise(matrix, lower=1)
    if not failed:
        factor, failed = invert(factor, lower=1, overwrite_c=1)
    if failed:
        raise TrainingError("expected plots whose likeness can be solved for; lower SHARPNESS")
    return np.tril(factor)


def _count(features: FeatureSet, rows: np.ndarray) -> tuple[csr_matrix, csr_matrix]:
    """Count hashed words, and parts of words, of plots: (rows, HASHED) each."""
    plots = [plot_text(features.records[row]) if features.records else "" for row in rows]
    words, parts = zip(*(_count_plot(plot) for plot in plots), strict=True) if plots else ((), ())
    return _stack(words), _stack(parts)


Counts = tuple[np.ndarray, np.ndarray]
"""Places of hashed words, and how often each is there."""


@lru_cache(maxsize=20_000)
def _count_plot(plot: str) -> tuple[Counts, Counts]:
    """Count one plot's words and parts of words; every split and member asks again."""
    counted = [counter.transform([plot]) for counter in _COUNTERS]
    words, parts = ((csr.indices, csr.data) for csr in map(csr_matrix, counted))
    return words, parts


def _stack(counts: Sequence[Counts]) -> csr_matrix:
    starts = np.cumsum([0, *(len(places) for places, _ in counts)])
    places = np.concatenate([np.zeros(0, np.int32), *(own for own, _ in counts)])
    data = np.concatenate([np.zeros(0), *(own for _, own in counts)])
    return csr_matrix((data, places, starts), shape=(len(counts), HASHED))


def _fit_idf(counts: tuple[csr_matrix, csr_matrix]) -> np.ndarray:
    """Fit the weight of each hashed word, float64 (2 * HASHED,); 0 of rare ones."""
    weights = []
    for part in counts:
        documents = np.bincount(part.indices, minlength=HASHED)
        idf = TfidfTransformer().fit(part).idf_
        weights.append(np.where(documents >= MIN_DOCUMENTS, idf, 0.0))
    return np.concatenate(weights)


def _weigh(counts: tuple[csr_matrix, csr_matrix], idf: np.ndarray) -> csr_matrix:
    """Return TF-IDF, float32 (rows, 2 * HASHED); products of rows are shares of words and parts."""
    shares = (SHARE_OF_WORDS, 1 - SHARE_OF_WORDS)
    parts = [
        _scale_rows(part, own) * np.sqrt(share)
        for part, own, share in zip(counts, np.split(idf, 2), shares, strict=True)
    ]
    both = csr_matrix(hstack(parts), dtype=np.float32)
    both.eliminate_zeros()
    both.sort_indices()
    return both


def _scale_rows(counts: csr_matrix, idf: np.ndarray) -> csr_matrix:
    """Return logarithms of counts times weights, each row at unit length."""
    tfidf = csr_matrix(counts, dtype=np.float64, copy=True)
    tfidf.data = (1 + np.log(tfidf.data)) * idf[tfidf.indices]
    return csr_matrix(normalize(tfidf))


def _vectors(features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    table = features.table
    vectors = summarise(table.streams[TEXT], rows).astype(np.float64)
    return vectors * np.asarray(table.masks[TEXT])[rows][:, None]
