"""One fold of real movies: predictions of ours and of the peers for its test set, with whole
records and as before release.
"""

import tempfile
import time
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

CUT = " as before release"
"""Ends the name of a prediction for the movies as before release."""

MEMBERS = ("gaussian process", "boosting", "extra trees", "ridge on embeddings")

LEFT_OUT = {
    "track records of people and companies": ("_history_",),
    "track records of composer, photographer, editor and leads": (
        "composer_", "photographer_", "editor_", "lead_",
    ),
    "calendar": ("weekday", "day_of_year", "days_to_", "release_month"),
    "predecessors in the franchise": ("forerunners", "is_sequel"),
    "prices": ("log10_budget_real", "log10_price_level"),
    "people, companies and genres": ("owners",),
    "plot": ("text",),
}  # fmt: skip
"""Ablations: what boosting lacks, by the beginnings, or parts, of its columns' names."""

Predictions = Mapping[str, np.ndarray]


def answer_fold(
    movies: RealMovies,
    parts: np.ndarray,
    seed: int,
    hyperparameters: Mapping,
    transformers: bool = False,
    ablations: bool = False,
) -> Predictions:
    """Train everything on one fold and ask about its test movies.

    Args:
        movies: All of them.
        parts: "train", "val" or "test" of each, object (movies,).
        seed: Of all models.
        hyperparameters: For our estimators, as far as each knows them; empty for their own.
        transformers: Whether the transformers are trained, which take most of the time.
        ablations: Whether boosting is fitted without each new input, too.

    Returns:
        By name, (test movies, ...): `row`, `true`, `blend` (mean, low, high), its members, `peer`,
        each also as before release; `peer_class`, `true_class`, `blend_class`; `cpu_s`, the time of
        the blend, the same in every row; with transformers `plain`, `text_only` and `masked`, with
        ablations one per row of `LEFT_OUT`, `no dropout` and `counts`.
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
    preds |= _ask_blend(inputs, target, parts, seed, hyperparameters)
    if transformers:
        preds |= _ask_transformers(inputs, target, parts, seed, hyperparameters)
    peer = Peer(inputs, target, seed)
    best = peer.tune(train, val)
    preds |= peer.predict(np.concatenate([train, val]), test, best)
    if ablations:
        preds |= peer.ablate(np.concatenate([train, val]), test, best)
    return preds | _classify(peer, best, revenue_usd, preds, np.concatenate([train, val]), test)


def _ask_blend(inputs, target, parts: np.ndarray, seed: int, hyperparameters: Mapping) -> dict:
    from pipeline.models.training.cut_features import features_before_release
    from pipeline.models.training.model_registry import predict

    start = time.process_time()
    trained = _train("blend", inputs, target, parts, seed, hyperparameters)
    test = np.flatnonzero(parts == "test")
    preds = {}
    for end, features in (("", inputs), (CUT, features_before_release(inputs))):
        preds["blend" + end] = predict(trained, features, test)
        members = trained.network.predict_members(features, test)
        preds |= {name + end: members[name] for name in MEMBERS if name in members}
    return preds | {"cpu_s": np.full(len(test), time.process_time() - start)}


def _ask_transformers(inputs, target, parts, seed: int, hyperparameters: Mapping) -> dict:
    from pipeline.models.systems.box_office import MASKED, PLAIN, TEXT_ONLY
    from pipeline.models.training.model_registry import predict

    test = np.flatnonzero(parts == "test")
    names = {"plain": PLAIN, "text_only": TEXT_ONLY, "masked": MASKED}
    return {
        key: predict(_train(name, inputs, target, parts, seed, hyperparameters), inputs, test)[:, 0]
        for key, name in names.items()
    }


def _train(name: str, inputs, target, parts: np.ndarray, seed: int, hyperparameters: Mapping):
    from pipeline.models.systems.box_office import BOX_OFFICE
    from pipeline.models.training.estimator import RunConfig, list_hyperparameters

    estimator = BOX_OFFICE.estimators()[name]
    known = list_hyperparameters(estimator.config)
    own = {key: value for key, value in hyperparameters.items() if key in known}
    with tempfile.TemporaryDirectory() as folder:
        run = RunConfig(Path(folder), seed=seed, hyperparameters=own, accelerator="cpu")
        return estimator.train(inputs, target, parts, run)


class Peer:
    """Scikit-learn's boosting on the blend's inputs, fitted to the same movies and cut copies."""

    def __init__(self, inputs, target, seed: int):
        self.inputs, self.target, self.seed = inputs, target, seed

    def columns(self, fit: np.ndarray, asked: np.ndarray) -> tuple:
        """Return columns of the fitted rows and their copies, of those asked whole and cut; and
        the columns' names.
        """
        from pipeline.models.estimators.blend_baselines import read_blend_inputs
        from pipeline.models.training.cut_features import features_before_release
        from pipeline.models.training.movie_reader import name_numbers

        cut = features_before_release(self.inputs)
        whole, before = (
            read_blend_inputs(self.inputs, self.target, fit, asked, seed=self.seed, asked=some)
            for some in (None, cut)
        )
        known = [np.hstack([*part.values()]) for part in (whole.known, whole.copies)]
        names = [
            name
            for key, part in whole.known.items()
            for name in (name_numbers(self.inputs) if key == "numbers" else [key] * part.shape[1])
        ]
        asked_of = [np.hstack([*some.asked.values()]) for some in (whole, before)]
        return np.vstack(known), *asked_of, np.array(names)

    def tune(self, train: np.ndarray, val: np.ndarray) -> dict:
        """Return the hyperparameters with the least error on the validation part."""
        known, asked, _, _ = self.columns(train, val)
        errors = [
            np.mean((self._fit(known, train, own).predict(asked) - self.target.values[val]) ** 2)
            for own in PEER_HYPERPARAMETERS
        ]
        return PEER_HYPERPARAMETERS[int(np.argmin(errors))]

    def predict(self, fit: np.ndarray, test: np.ndarray, own: Mapping) -> dict:
        """Predict the test movies with whole records and as before release."""
        known, whole, cut, _ = self.columns(fit, test)
        model = self._fit(known, fit, own)
        return {"peer": model.predict(whole), "peer" + CUT: model.predict(cut)}

    def ablate(self, fit: np.ndarray, test: np.ndarray, own: Mapping) -> dict:
        """Predict without each input, without credits dropout, and with completeness put back."""
        known, whole, cut, names = self.columns(fit, test)
        preds = {}
        for what, beginnings in LEFT_OUT.items():
            kept = np.array([not any(part in name for part in beginnings) for name in names])
            model = self._fit(known[:, kept], fit, own)
            preds[what] = model.predict(whole[:, kept])
            preds[what + CUT] = model.predict(cut[:, kept])
        alone = self._fit(known[: len(fit)], fit, own)
        preds |= {"no dropout": alone.predict(whole), "no dropout" + CUT: alone.predict(cut)}
        return preds | self._put_counts_back(known[: len(fit)], whole, cut, fit, test, own)

    def _put_counts_back(self, known, whole, cut, fit, test, own: Mapping) -> dict:
        from pipeline.core.record_cuts import cut_before_release
        from pipeline.splits.completeness import measure_completeness

        records = self.inputs.records
        counts = measure_completeness(records)
        fewer = measure_completeness([cut_before_release(record) for record in records])
        model = self._fit(np.hstack([known, counts[fit]]), fit, own)
        return {
            "counts": model.predict(np.hstack([whole, counts[test]])),
            "counts" + CUT: model.predict(np.hstack([cut, fewer[test]])),
        }

    def _fit(self, known: np.ndarray, fit: np.ndarray, own: Mapping):
        from sklearn.ensemble import HistGradientBoostingRegressor

        values = np.tile(self.target.values[fit], len(known) // len(fit))
        return _boost(HistGradientBoostingRegressor, known, values, self.seed, own)


def _boost(make, known: np.ndarray, values: np.ndarray, seed: int, own: Mapping):
    from threadpoolctl import threadpool_limits

    fixed = {"l2_regularization": 1.0, "max_features": 0.5, "early_stopping": False}
    with threadpool_limits(1):
        return make(**own, **fixed, random_state=seed).fit(known, values)


def _classify(peer: Peer, best: Mapping, revenue_usd, preds: Predictions, fit, test) -> dict:
    from sklearn.ensemble import HistGradientBoostingClassifier

    from pipeline.core.revenue_classes import classify, fit_edges
    from pipeline.models.estimators.ordinal_estimator import cut_into_classes

    edges = fit_edges(revenue_usd[fit], 8)
    known, whole, _, _ = peer.columns(fit, test)
    labels = np.tile(classify(revenue_usd[fit], edges), 2)
    small = {**best, "max_iter": 80}
    classes = _boost(HistGradientBoostingClassifier, known, labels, peer.seed, small)
    centre = float(np.log10(revenue_usd[fit]).mean())
    return {
        "peer_class": classes.predict(whole),
        "true_class": classify(revenue_usd[test], edges),
        "blend_class": cut_into_classes(preds["blend"][:, 0], edges, centre),
    }
