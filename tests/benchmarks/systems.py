"""Scores of the systems on real movies, beside gradient boosting on the same folds."""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from benchmarks.paired_scores import Predictions
from benchmarks.real_folds import FOLDS, answer_fold
from benchmarks.real_movies import RealMovies, read_real_movies
from benchmarks.report import BenchRow
from benchmarks.systems_box_office import (
    average_seeds,
    compare_ablations,
    compare_by_date,
    compare_folds,
    compare_transformers,
    count_segments,
)
from benchmarks.systems_genre import measure_genre
from benchmarks.systems_revenue import score_revenue

DATA = Path("../shared/data")
SEED = 7
SEEDS = 3
PROCESSES = 2


def measure(
    data: Path = DATA,
    seed: int = SEED,
    *,
    seeds: int = SEEDS,
    films: int | None = None,
    hyperparameters: Mapping[str, object] | None = None,
    ablations: bool = False,
    full: bool = False,
) -> list[BenchRow]:
    """Train and score on five folds by franchise.

    Args:
        data: A folder of public dumps, with `tmdb5000` in it.
        seed: Of folds and models.
        seeds: So many, from `seed` on; genre, ablations and transformers are of the first alone.
        films: At most so many, for tests.
        hyperparameters: For our estimators, for tests.
        ablations: Whether boosting is fitted also without each new input.
        full: Whether transformers are trained, too: several times as long.
    """
    movies = read_real_movies(data, limit=films)
    known, rows, by_seed = hyperparameters or {}, [], {}
    for one in range(seed, seed + seeds):
        first = one == seed
        preds, later = ask_all(movies, one, known, full and first, ablations and first)
        found = [*compare_folds(preds, one), *score_revenue(preds, one)]
        found += [*compare_by_date(later, one), *count_segments(preds, movies, one)]
        if first:
            found += compare_transformers(preds, one) if full else []
            found += compare_ablations(preds, one) if ablations else []
        rows += [replace(row, name=f"{row.name}, seed {one}") for row in found]
        by_seed[one] = preds
    averages = average_seeds(by_seed) if seeds > 1 else []
    return [*rows, *averages, *measure_genre(movies, seed)]


def ask_all(
    movies: RealMovies,
    seed: int,
    hyperparameters: Mapping[str, object],
    transformers: bool = False,
    ablations: bool = False,
) -> tuple[Predictions, Predictions]:
    """Return every movie's answers from the fold that tests it, in the folds' order, and those of
    the latest movies by models of the older ones.
    """
    from pipeline.splits.by_date import split_by_date
    from pipeline.splits.random_split import split_into_folds
    from pipeline.splits.targets import quantiles

    log10 = np.log10(movies.table["revenue_usd"].to_numpy(float))
    splits = split_into_folds(movies.table, quantiles(log10), FOLDS, seed=seed)
    more = seed, hyperparameters, transformers, ablations
    arguments = [(movies, parts, *more) for parts in splits.values()]
    arguments.append((movies, split_by_date(movies.table), seed, hyperparameters))
    workers, spawn = min(PROCESSES, os.cpu_count() or 1), get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, torch.set_num_threads, (1,)) as pool:
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
