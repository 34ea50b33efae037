"""Genres of real movies from their plots alone, beside logistic regression on the same vectors."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.real_folds import FOLDS
from benchmarks.real_movies import RealMovies
from benchmarks.report import BenchRow
from pipeline.evaluation.metrics.intervals import bootstrap
from pipeline.evaluation.metrics.label_metrics import score_labels
from pipeline.evaluation.metrics.task_scores import count_draws

RATIO = 1.03
RESAMPLES = 1000


def measure_genre(movies: RealMovies, seed: int) -> Sequence[BenchRow]:
    """Score the stack and the linear model on five folds by franchise; none without embeddings."""
    if "text" not in movies.streams.streams:
        return []
    true, ours, peer, franchises = answer_genre(movies, seed)

    def scores(rows: np.ndarray) -> dict[str, np.ndarray]:
        weights = count_draws(rows, len(true))
        found = [score_labels(preds, true, weights)["micro_ap_score"] for preds in (ours, peer)]
        return {"ours": found[0], "peer": found[1], "ratio": found[0] / found[1]}

    drawn = bootstrap(scores, len(true), seed=seed, franchises=franchises, resamples=RESAMPLES)
    ends = drawn["ratio"].interval()
    return [
        BenchRow(f"genre: ten labels from plots alone, {len(true)} films", drawn["ours"].estimate,
                 "μAP", "logistic regression on the same vectors", drawn["peer"].estimate, RATIO,
                 better="higher",
                 why=f"95 % interval of the ratio: {ends.low:.4f} to {ends.high:.4f}")
    ]  # fmt: skip


def answer_genre(movies: RealMovies, seed: int) -> tuple[np.ndarray, ...]:
    """Return labels, predictions of the stack and of the linear model, and franchises, of every
    movie from the fold that tests it.
    """
    from pipeline.models.estimators.linear_estimator import LinearConfig, LinearEstimator
    from pipeline.models.systems.genre import GENRE, GENRES, PLOTS
    from pipeline.models.training.estimator import FeatureSet, RunConfig
    from pipeline.models.training.model_registry import predict
    from pipeline.splits.random_split import EXCLUDED, split_into_folds
    from pipeline.splits.targets import balance_by, known_rows, make_target

    table = movies.table.assign(genres=[list(record.genres) for record in movies.records])
    known = known_rows(GENRES, table)[0]
    usable = table[known].reset_index(drop=True)
    folds = split_into_folds(usable, balance_by(GENRES, usable), FOLDS, seed=seed)
    streams = {"text": movies.streams.streams["text"]}
    plots = replace(movies.streams, streams=streams, columns={})
    inputs = FeatureSet(plots, movies.records)
    estimators = (GENRE.estimators()[PLOTS], LinearEstimator("linear", LinearConfig(("text",))))
    found: list[list[np.ndarray]] = [[], [], [], []]
    for parts in folds.values():
        split = np.full(len(table), EXCLUDED, dtype=object)
        split[known] = parts
        target = make_target(GENRES, table, np.flatnonzero(split == "train"))
        test = np.flatnonzero(split == "test")
        found[0].append(target.values[test])
        found[3].append(table["franchise"].to_numpy()[test])
        for place, estimator in enumerate(estimators, start=1):
            with tempfile.TemporaryDirectory() as folder:
                trained = estimator.train(inputs, target, split, RunConfig(Path(folder), seed=seed))
            found[place].append(predict(trained, inputs, test))
    return tuple(np.concatenate(part) for part in found)
