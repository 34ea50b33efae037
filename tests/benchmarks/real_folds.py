"""One fold of real movies: predictions of ours and of the peers for its test set."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.real_movies import RealMovies

FOLDS = 5

PEER_HYPERPARAMETERS = (
    {"learning_rate": 0.05, "max_iter": 120, "max_leaf_nodes": 15, "min_samples_leaf": 20},
    {"learning_rate": 0.05, "max_iter": 200, "max_leaf_nodes": 8, "min_samples_leaf": 20},
    {"learning_rate": 0.03, "max_iter": 250, "max_leaf_nodes": 15, "min_samples_leaf": 40},
)
"""The peer is tuned too: the best of these by the validation part is fitted again to both parts."""

PEER_ROLES = ("director", "writer", "producer", "cast", "company")
PEER_STATISTICS = ("movies", "mean", "highest")
TFIDF_COMPONENTS = 30

Predictions = Mapping[str, np.ndarray]


def answer_fold(
    movies: RealMovies, parts: np.ndarray, seed: int, hyperparameters: Mapping
) -> Predictions:
    """Train everything on one fold and ask about its test movies.

    Args:
        movies: All of them.
        parts: "train", "val" or "test" of each, object (movies,).
        seed: Of all models.
        hyperparameters: For our estimators; empty for their own.

    Returns:
        By name, (test movies, ...): `row`, `peer`, `peer_class`, `true_class`, `text_only`,
        `plain`, `transformer`, `gaussian process`, `boosting`, `blend` (mean, low, high) and
        `blend_class`.
    """
    from pipeline.models.systems.box_office import LOG10_REVENUE
    from pipeline.models.training.estimator import FeatureSet
    from pipeline.splits.targets import make_target

    train, val, test = (np.flatnonzero(parts == part) for part in ("train", "val", "test"))
    revenue_usd = movies.table["revenue_usd"].to_numpy(float)
    blind = np.where(parts == "test", np.nan, revenue_usd)  # nothing is even given of test movies
    inputs = FeatureSet(movies.streams, movies.records, blind)
    target = make_target(LOG10_REVENUE, movies.table, train)
    preds = {"row": test, "true": np.log10(revenue_usd[test])}
    preds |= _ask_ours(inputs, target, parts, seed, hyperparameters)
    return preds | _classify(movies, blind, preds, train, val, test, seed)


def _ask_ours(inputs, target, parts: np.ndarray, seed: int, hyperparameters: Mapping) -> dict:
    from pipeline.models.systems.box_office import BOX_OFFICE, PLAIN, TEXT_ONLY
    from pipeline.models.training.estimator import RunConfig
    from pipeline.models.training.model_registry import predict

    test = np.flatnonzero(parts == "test")
    preds = {}
    for key, name in (("blend", "blend"), ("plain", PLAIN), ("text_only", TEXT_ONLY)):
        with tempfile.TemporaryDirectory() as folder:
            trained = BOX_OFFICE.estimators()[name].train(
                inputs,
                target,
                parts,
                RunConfig(
                    Path(folder), seed=seed, hyperparameters=hyperparameters, accelerator="cpu"
                ),
            )
        preds[key] = predict(trained, inputs, test)
        if key == "blend":
            preds |= trained.network.predict_members(inputs, test)
        else:
            preds[key] = preds[key][:, 0]
    return preds


def _classify(
    movies: RealMovies, revenue_usd: np.ndarray, preds: Predictions, train, val, test, seed: int
) -> dict:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    from pipeline.core.revenue_classes import classify, fit_edges
    from pipeline.models.estimators.ordinal_estimator import cut_into_classes

    both = np.concatenate([train, val])
    true = movies.table["revenue_usd"].to_numpy(float)[test]
    log10 = np.log10(revenue_usd)
    edges = fit_edges(revenue_usd[both], 8)
    labels = classify(revenue_usd[both], edges)
    fixed = {"l2_regularization": 1.0, "max_features": 0.5, "early_stopping": False}
    with threadpool_limits(1):
        columns = _peer_columns(movies, revenue_usd, train)
        off = [
            np.mean((_fit(HistGradientBoostingRegressor, columns, train, log10[train], seed,
                          own | fixed).predict(columns[val]) - log10[val]) ** 2)
            for own in PEER_HYPERPARAMETERS
        ]  # fmt: skip
        best = PEER_HYPERPARAMETERS[int(np.argmin(off))] | fixed
        columns = _peer_columns(movies, revenue_usd, both)
        peer = _fit(HistGradientBoostingRegressor, columns, both, log10[both], seed, best)
        small = best | {"max_iter": 80}
        classes = _fit(HistGradientBoostingClassifier, columns, both, labels, seed, small)
    centre = float(log10[both].mean())
    return {
        "peer": peer.predict(columns[test]),
        "peer_class": classes.predict(columns[test]),
        "true_class": classify(true, edges),
        "blend_class": cut_into_classes(preds["blend"][:, 0], edges, centre),
    }


def _fit(
    make,
    columns: np.ndarray,
    rows: np.ndarray,
    wanted: np.ndarray,
    seed: int,
    hyperparameters: dict,
):
    return make(**hyperparameters, random_state=seed).fit(columns[rows], wanted)


def _peer_columns(movies: RealMovies, revenue_usd: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Plain metadata, simple track records, TF-IDF of plots; fitted on `rows`."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    from pipeline.core.track_records import TALENT_COLUMNS, collect_track_records, describe_talent

    tracks = collect_track_records(movies.records, revenue_usd, rows)
    wanted = {f"{role}_history_{name}" for role in PEER_ROLES for name in PEER_STATISTICS}
    talent = describe_talent(movies.records, tracks)
    talent = talent[:, [name in wanted for name in TALENT_COLUMNS]]
    reader = TfidfVectorizer(min_df=3, sublinear_tf=True, stop_words="english")
    known = reader.fit_transform([movies.texts[row] for row in rows])
    size = min(TFIDF_COMPONENTS, known.shape[1] - 1)
    plots = TruncatedSVD(size, random_state=0).fit(known).transform(reader.transform(movies.texts))
    columns = np.hstack([movies.streams.streams["metadata"], talent, plots])
    return columns[:, ~np.isnan(columns[rows]).all(axis=0)]
