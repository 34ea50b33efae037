"""What random frames and keyframes of a trailer are worth to a model, on the studio's trailers.

The network has random weights: published ones see more in either kind.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.report import BenchRow
from pipeline.frames.sampling import choose_keyframes, choose_pts
from pipeline.media.timeline import Timeline
from pipeline.media.trailer import open_trailer
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.opening import trailer_cache

SEED = 7
"""Of the studio: the demo's films, whose trailers most machines have in their cache."""

MOVIES = 72
COUNT = 30
"""Frames at most of each kind."""

RANDOM = "random-frames"
FOLDS = 6
ROUNDS = 5
"""Times that the movies are put into folds anew; a movie's answers are averaged."""

RESAMPLED = 2000
BACKBONE = "shufflenet"

Choose = Callable[[Timeline, int], np.ndarray]


def measure(movies: int = MOVIES, cache: Path | None = None) -> list[BenchRow]:
    """Compare the kinds by how well its frames predict a trailer's vividness.

    Args:
        movies: Films of the studio; those without a trailer are left out.
        cache: Where trailers lie that were filmed already; the studio's own place by default.
    """
    catalogue = GeneratedCatalogue(movies, SEED, cache or trailer_cache())
    paths, wanted = zip(*_trailers(catalogue), strict=True)
    y = np.array(wanted)
    kinds: dict[str, Choose] = {"keyframes": _keyframes, RANDOM: _random}
    answers, per_trailer = {}, {}
    for kind, choose in kinds.items():
        vectors, per_trailer[kind] = _embed(paths, choose)
        answers[kind] = answer_held_out(vectors, y)
    scores = {kind: r2_score(y, given) for kind, given in answers.items()}
    low, high = difference_interval(y, answers["keyframes"], answers[RANDOM])
    difference = scores["keyframes"] - scores[RANDOM]
    found = f"difference {difference:+.3f}, 95 % from {low:+.3f} to {high:+.3f}"
    how = f"{len(y)} studio trailers, {BACKBONE} with random weights"
    many = ", ".join(f"{n:.0f} {kind}" for kind, n in per_trailer.items())
    return [
        BenchRow(f"R2 of vividness predicted from keyframes ({found})", scores["keyframes"], "R2",
                 RANDOM, scores[RANDOM], None, better="higher", note=f"{how}; a trailer has {many}")
    ]  # fmt: skip


def answer_held_out(vectors: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Answer for each movie with ridge regressions that did not see it.

    Args:
        vectors: Shape (movies, width).
        y: Shape (movies,).

    Returns:
        Mean answer over the rounds, float64, shape (movies,).
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(0, 6, 13)))
    folds = [KFold(FOLDS, shuffle=True, random_state=i) for i in range(ROUNDS)]
    return np.mean([cross_val_predict(model, vectors, y, cv=one) for one in folds], axis=0)


def r2_score(y: np.ndarray, answers: np.ndarray) -> float:
    """Return the share of the variance that answers explain.

    Example:
        >>> r2_score(np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
        0.0
    """
    return float(1 - ((y - answers) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def difference_interval(y: np.ndarray, one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return the 95 % bootstrap interval, over movies, of how much more R2 `one` has."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(y), (RESAMPLED, len(y)))
    found = [r2_score(y[rows], one[rows]) - r2_score(y[rows], other[rows]) for rows in drawn]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _trailers(catalogue: GeneratedCatalogue) -> Iterator[tuple[Path, float]]:
    from resources.studio.catalogue.details import MAIN_TRAILER

    for tmdb_id in catalogue.movie_ids():
        if path := catalogue.trailer(f"{MAIN_TRAILER}_{tmdb_id}"):
            yield path, catalogue.traits(tmdb_id).vividness


def _embed(paths: tuple[Path, ...], choose: Choose) -> tuple[np.ndarray, float]:
    """Return each trailer's mean embedding, and how many frames of it there are on average."""
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.encode import encode_arrays
    from pipeline.embeddings.pixel_networks import build_pixel_network

    backbone = BACKBONES[BACKBONE]
    network = build_pixel_network(backbone, None)
    frames = ((number, _decode(path, number, choose)) for number, path in enumerate(paths))
    vectors = dict(encode_arrays(frames, network, backbone))
    means = np.stack([vectors[number].mean(axis=0) for number in range(len(paths))])
    return means, float(np.mean([len(one) for one in vectors.values()]))


def _decode(path: Path, seed: int, choose: Choose) -> np.ndarray:
    with open_trailer(path) as trailer:
        return trailer.decode(choose(trailer.timeline, seed)).frames


def _random(timeline: Timeline, seed: int) -> np.ndarray:
    return choose_pts(timeline.pts, COUNT, seed)


def _keyframes(timeline: Timeline, seed: int) -> np.ndarray:
    return choose_keyframes(timeline.pts, timeline.key_pts, COUNT, seed)
