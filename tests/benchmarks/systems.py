"""Scores of the systems on real movies, beside gradient boosting on the same folds."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.real_folds import FOLDS, answer_fold
from benchmarks.real_movies import RealMovies, read_real_movies
from benchmarks.report import BenchRow
from pipeline.evaluation.metrics.intervals import Interval, bootstrap

DATA = Path("../shared/data")
SEED = 7

BOOSTING = "scikit-learn boosting: metadata, track records, TF-IDF"
TEXT_ONLY = "text-only transformer of the same size"

RMSE_RATIO = 0.95
TEXT_RATIO = 0.85
MACRO_F1 = 0.34
WITHIN_ONE = 0.68
RESAMPLES = 2000
PROCESSES = 2

Predictions = Mapping[str, np.ndarray]


def measure(
    data: Path = DATA,
    seed: int = SEED,
    *,
    films: int | None = None,
    hyperparameters: Mapping[str, object] | None = None,
) -> list[BenchRow]:
    """Train and score on five folds by franchise; a quarter of an hour on two cores.

    Args:
        data: A folder of public dumps, with `tmdb5000` in it.
        seed: Of folds and models.
        films: At most so many, for tests.
        hyperparameters: For our estimators, for tests.
    """
    movies = read_real_movies(data, limit=films)
    preds = ask_all(movies, seed, hyperparameters or {})
    return [row for make in ROWS for row in make(preds, seed)]


def ask_all(movies: RealMovies, seed: int, hyperparameters: Mapping[str, object]) -> Predictions:
    """Return every movie's answers from the fold that tests it, in the folds' order."""
    from pipeline.splits.random_split import split_into_folds
    from pipeline.splits.targets import quantiles

    log10 = np.log10(movies.table["revenue_usd"].to_numpy(float))
    splits = split_into_folds(movies.table, quantiles(log10), FOLDS, seed=seed)
    arguments = [(movies, parts, seed, hyperparameters) for parts in splits.values()]
    workers = min(PROCESSES, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        folds = list(pool.map(_answer, arguments))
    preds = {name: np.concatenate([fold[name] for fold in folds]) for name in folds[0]}
    return preds | {"franchise": movies.table["franchise"].to_numpy()[preds["row"]]}


def _answer(arguments: tuple) -> Predictions:
    return answer_fold(*arguments)


def _box_office(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    parts = ("transformer", "gaussian process", "boosting", "plain", "text_only")
    alone = ", ".join(f"{name} {rmse(preds['true'], preds[name]):.4f}" for name in parts)
    blend = preds["blend"]
    covered = np.mean((preds["true"] >= blend[:, 1]) & (preds["true"] <= blend[:, 2]))
    peers = (("peer", BOOSTING, RMSE_RATIO), ("text_only", TEXT_ONLY, TEXT_RATIO))
    rows = [
        _errors(f"box_office: blend, {len(blend)} films", blend[:, 0], preds, *peer, seed)
        for peer in peers
    ]
    rows += [
        _errors("box_office: transformer alone", preds["transformer"], preds, "text_only",
                TEXT_ONLY, None, seed),
        _errors("box_office: masked pretraining", preds["transformer"], preds, "plain",
                "the same transformer without pretraining", None, seed),
        BenchRow("box_office: 90 % intervals cover", float(covered), "share", "nominal", 0.9, None,
                 better="higher", why=f"parts alone: {alone}"),
    ]  # fmt: skip
    return rows


def _errors(
    name: str,
    ours: np.ndarray,
    preds: Predictions,
    key: str,
    peer: str,
    target: float | None,
    seed: int,
) -> BenchRow:
    true, theirs = preds["true"], preds[key]
    ratio = draw_interval(
        preds, seed, lambda some: rmse(true[some], ours[some]) / rmse(true[some], theirs[some])
    )
    why = f"95 % interval of the ratio, paired bootstrap of franchises: {_ends(ratio)}"
    errors = rmse(preds["true"], ours), rmse(preds["true"], preds[key])
    return BenchRow(name, errors[0], "RMSE of log10 $", peer, errors[1], target, why=why)


def _revenue(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    from sklearn.metrics import f1_score

    def macro_f1(true: np.ndarray, classes: np.ndarray) -> float:
        occurring = np.unique(true)  # as `pipeline.evaluation.metrics.class_metrics` has it
        return float(f1_score(true, classes, labels=occurring, average="macro", zero_division=0))

    def within_one(true: np.ndarray, classes: np.ndarray) -> float:
        return float(np.mean(np.abs(true - classes) <= 1))

    rows = []
    for word, score, limit in (
        ("macro-F1", macro_f1, MACRO_F1), ("±1 accuracy", within_one, WITHIN_ONE),
    ):  # fmt: skip
        interval = draw_interval(
            preds, seed,
            lambda some, score=score: score(preds["true_class"][some], preds["blend_class"][some]),
        )  # fmt: skip
        ours, peer = (score(preds["true_class"], preds[k]) for k in ("blend_class", "peer_class"))
        rows.append(
            BenchRow(f"revenue: {word} of eight quantile classes", ours, "share", BOOSTING, peer,
                     None, limit=limit, better="higher",
                     why=f"95 % interval: {_ends(interval)}")
        )  # fmt: skip
    return rows


def rmse(true: np.ndarray, preds: np.ndarray) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((true - preds) ** 2)))


def draw_interval(preds: Predictions, seed: int, score: Callable[[np.ndarray], float]) -> Interval:
    """Return the 95 % interval of a score of some rows; whole franchises are drawn."""
    drawn = bootstrap(
        lambda draws: {"score": np.array([score(some) for some in draws])},
        len(preds["true"]),
        seed=seed,
        franchises=preds["franchise"],
        resamples=RESAMPLES,
    )
    return drawn["score"].interval()


def _ends(interval: Interval) -> str:
    return f"{interval.low:.4f} to {interval.high:.4f}"


ROWS: tuple[Callable[[Predictions, int], Sequence[BenchRow]], ...] = (_box_office, _revenue)
"""What is shown; further systems add a function here."""
