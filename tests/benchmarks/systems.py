"""Scores of the systems on real movies, beside gradient boosting on the same folds."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.real_folds import CUT, FOLDS, LEFT_OUT, MEMBERS, answer_fold
from benchmarks.real_movies import RealMovies, read_real_movies
from benchmarks.report import BenchRow
from benchmarks.systems_genre import measure_genre
from pipeline.evaluation.metrics.intervals import Interval, bootstrap

DATA = Path("../shared/data")
SEED = 7

BOOSTING = "scikit-learn boosting, tuned: the same inputs, dropout and refit"
TEXT_ONLY = "text-only transformer of the same size"

RMSE_RATIO = 0.965
CUT_RATIO = 0.97
CUT_OVER_WHOLE = 1.05
MOST_BIAS = 0.03
DATE_RATIO = 0.98
DATE_COVERAGE = 0.87
MOST_OFF_COVERAGE = 0.03
TEXT_RATIO = 0.85
MACRO_F1 = 0.33
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
    full: bool = False,
) -> list[BenchRow]:
    """Train and score on five folds by franchise.

    Args:
        data: A folder of public dumps, with `tmdb5000` in it.
        seed: Of folds and models.
        films: At most so many, for tests.
        hyperparameters: For our estimators, for tests.
        full: Whether transformers are trained, too, and boosting without each new input: several
            times as long.
    """
    movies = read_real_movies(data, limit=films)
    preds, later = ask_all(movies, seed, hyperparameters or {}, full=full)
    rows = [row for make in ROWS for row in make(preds, seed)] + _by_date(later, seed)
    rows += [*_segments(preds, movies, seed), *measure_genre(movies, seed)]
    return [*rows, *_transformers(preds, seed), *_ablations(preds)] if full else rows


def ask_all(
    movies: RealMovies, seed: int, hyperparameters: Mapping[str, object], *, full: bool = False
) -> tuple[Predictions, Predictions]:
    """Return every movie's answers from the fold that tests it, in the folds' order, and those of
    the latest movies by models of the older ones.
    """
    from pipeline.splits.by_date import split_by_date
    from pipeline.splits.random_split import split_into_folds
    from pipeline.splits.targets import quantiles

    log10 = np.log10(movies.table["revenue_usd"].to_numpy(float))
    splits = split_into_folds(movies.table, quantiles(log10), FOLDS, seed=seed)
    arguments = [(movies, parts, seed, hyperparameters, full, full) for parts in splits.values()]
    arguments.append((movies, split_by_date(movies.table), seed, hyperparameters))
    workers = min(PROCESSES, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        *folds, later = pool.map(_answer, arguments)
    preds = {name: np.concatenate([fold[name] for fold in folds]) for name in folds[0]}
    franchises = movies.table["franchise"].to_numpy()
    cpu_s = np.array([fold["cpu_s"][0] for fold in folds])
    return (
        {**preds, "franchise": franchises[preds["row"]], "cpu_s": cpu_s},
        {**later, "franchise": franchises[later["row"]]},
    )


def _answer(arguments: tuple) -> Predictions:
    return answer_fold(*arguments)


def _box_office(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    whole, cut = preds["blend"], preds["blend" + CUT]
    true, n = preds["true"], len(preds["true"])
    errors = [rmse(true, some[:, 0]) for some in (whole, cut)]
    rows = [
        _errors(f"box_office: blend, {n} films", whole[:, 0], preds, "peer", BOOSTING,
                RMSE_RATIO, seed),
        _errors("box_office as before release: blend", cut[:, 0], preds, "peer" + CUT, BOOSTING,
                CUT_RATIO, seed),
        BenchRow("box_office as before release, over whole records", errors[1],
                 "RMSE of log10 $", "the blend with whole records", errors[0], CUT_OVER_WHOLE,
                 why=_members(preds)),
    ]  # fmt: skip
    for name, some in (("box_office", whole), ("box_office as before release", cut)):
        rows += [_bias(name, some, true), _coverage(name, some, true)]
    return rows


def _by_date(preds: Predictions, seed: int) -> list[BenchRow]:
    rows = []
    for end, target in (("", DATE_RATIO), (CUT, None)):
        name, blend, true = f"box_office by date{end}", preds["blend" + end], preds["true"]
        covered = float(np.mean((true >= blend[:, 1]) & (true <= blend[:, 2])))
        rows += [
            _errors(f"{name}: blend, {len(true)} films", blend[:, 0], preds, "peer" + end,
                    BOOSTING, target, seed),
            BenchRow(f"{name}: 90 % intervals cover", covered, "share", "nominal", 0.9, None,
                     limit=DATE_COVERAGE, better="higher",
                     why=f"predicted minus actual: {np.mean(blend[:, 0] - true):+.4f}"),
        ]  # fmt: skip
    return rows


def _members(preds: Predictions) -> str:
    alone = ", ".join(
        f"{name + end} {rmse(preds['true'], preds[name + end]):.4f}"
        for name in MEMBERS
        for end in ("", CUT)
        if name in preds
    )
    return f"members alone: {alone}; CPU time of the blend {preds['cpu_s'].sum():.0f} s"


def _bias(name: str, preds: np.ndarray, true: np.ndarray) -> BenchRow:
    bias = float(np.mean(preds[:, 0] - true))
    return BenchRow(f"{name}: absolute bias", abs(bias), "log10 $", "the most that is allowed",
                    MOST_BIAS, 1.0, why=f"predicted minus actual: {bias:+.4f}")  # fmt: skip


def _coverage(name: str, preds: np.ndarray, true: np.ndarray) -> BenchRow:
    covered = float(np.mean((true >= preds[:, 1]) & (true <= preds[:, 2])))
    width = float(np.mean(preds[:, 2] - preds[:, 1]))
    return BenchRow(f"{name}: 90 % intervals, coverage off .9", abs(covered - 0.9), "share",
                    "the most that is allowed", MOST_OFF_COVERAGE, 1.0,
                    why=f"covered: {covered:.4f}; width {width:.3f} log10 $")  # fmt: skip


def _segments(preds: Predictions, movies: RealMovies, seed: int) -> Sequence[BenchRow]:
    """Count the segments of at least fifty films whose coverage is off, in each test set."""
    from pipeline.evaluation.metrics.metric_names import COVERED, LEAST_MOVIES
    from pipeline.evaluation.metrics.segment_errors import assign_segments, score_segments
    from pipeline.evaluation.metrics.split_results import SplitResult
    from pipeline.models.systems.box_office import LOG10_REVENUE

    languages = [record.original_language for record in movies.records]
    table = movies.table.assign(original_language=languages)
    ids = table["tmdb_id"].to_numpy()[preds["row"]]
    rows = []
    for name, end in (("box_office", ""), ("box_office as before release", CUT)):
        result = SplitResult(
            LOG10_REVENUE, "folds", "blend", "model", ids, preds["blend" + end], preds["true"]
        )
        scored = score_segments(result, assign_segments(table), seed=seed)
        large = [row for row in scored if int(str(row["movies"])) >= LEAST_MOVIES]
        off = [
            f"{row['grouping']} {row['group']} {row['interval_coverage_score'].estimate:.3f}"
            for row in large
            if row["is_off"]
        ]
        rows.append(
            BenchRow(f"{name}: segments whose 90 % intervals cover less than {COVERED[0]} or more "
                     f"than {COVERED[1]}", float(len(off)), "segments", "all of fifty films",
                     float(len(large)), None, limit=0.0, why=", ".join(off) or "all within")
        )  # fmt: skip
    return rows


def _transformers(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    return [
        _errors("box_office: blend", preds["blend"][:, 0], preds, "text_only", TEXT_ONLY,
                TEXT_RATIO, seed),
        _errors("box_office: transformer alone", preds["masked"], preds, "text_only", TEXT_ONLY,
                None, seed),
        _errors("box_office: masked pretraining", preds["masked"], preds, "plain",
                "the same transformer without pretraining", None, seed),
    ]  # fmt: skip


def _ablations(preds: Predictions) -> Sequence[BenchRow]:
    """Compare boosting without an input, or with completeness, with boosting as it is."""
    named = {what: f"without {what}" for what in LEFT_OUT}
    named |= {"no dropout": "without credits dropout",
              "counts": "without dropout, with counts of what is filled in"}  # fmt: skip
    return [
        BenchRow(f"ablation{end}: boosting {words}", rmse(preds["true"], preds[what + end]),
                 "RMSE of log10 $", "boosting with all inputs",
                 rmse(preds["true"], preds["peer" + end]), None)
        for what, words in named.items()
        for end in ("", CUT)
    ]  # fmt: skip


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
