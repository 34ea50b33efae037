"""Made-up results of all kinds, with folds, baselines and limits."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.core.tasks import Task
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.report.evaluation_summary import Subject
from pipeline.models.systems.system import System

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

SOURCE = "built-in studio, invented films (seed 7)"
WEIGHTS = "frames: shufflenet, weights: random"


def subject(system: System, **more) -> Subject:
    return Subject(
        system.name, SOURCE, WEIGHTS, system.main_variant, notes={"reachable error": "0.20"}, **more
    )


def history(names=("accuracy", "macro_f1"), epochs=3) -> list[dict[str, float]]:
    return [
        {
            "epoch": e, "learning_rate": 1e-4, "train_loss": 2 / e, "val_loss": 1 + 1 / e,
            **{f"{part}_{name}": 0.5 - 0.2 / e for name in names for part in ("train", "val")},
        }
        for e in range(1, epochs + 1)
    ]  # fmt: skip


VARIANTS = (("boosting on <metadata>", "baseline", 0.5), ("trivial", "baseline", 0.0))


def make(
    task: Task,
    splits=("80-10-10", "fold-1", "fold-2", "by-date"),
    n=40,
    models=("main", "other variant"),
    limit=True,
) -> list[SplitResult]:
    rng = np.random.default_rng(1)
    kinds = [(name, "model", 0.9 - 0.5 * k) for k, name in enumerate(models)]
    kinds += [*VARIANTS, *([("reachable limit", "limit", 3.0)] if limit else [])]
    results = []
    for k, split in enumerate(splits):
        ids = np.arange(n) + (n * k if split.startswith("fold") else 0)
        target = _target(task, n, rng)
        for name, kind, skill in kinds:
            is_model = kind == "model"
            results.append(
                SplitResult(
                    task, split, name, kind, ids, _predict(task, target, skill, rng), target,
                    history=history() if is_model else (),
                    best_epoch=2 if is_model else 0,
                    set_sizes={"train": 300, "val": 50, "test": n, "excluded": 0},
                    facts={"parameters": 12345678, "train_s": 100.0} if is_model else
                    {"expected_accuracy": 0.51} if kind == "limit" else {},
                )
            )  # fmt: skip
    return results


def _target(task, n, rng):
    wide = len(task.class_names)
    if task.kind == "classes":
        return rng.permutation(np.arange(n) % wide)
    if task.kind == "labels":
        target = (rng.random((n, wide)) < rng.uniform(0.05, 0.5, wide)).astype(float)
        target[np.arange(n), rng.integers(0, wide, n)] = 1
        return target
    return rng.normal(7.4, 0.8, n)


def _predict(task, target, skill, rng):
    wide = len(task.class_names)
    if task.kind == "classes":
        odds = np.exp(rng.normal(0, 1, (len(target), wide)) + 2 * skill * np.eye(wide)[target])
        return odds / odds.sum(axis=1, keepdims=True)
    if task.kind == "labels":
        return 1 / (1 + np.exp(-(skill * 2 * (target - 0.5) + rng.normal(0, 1, target.shape))))
    share = skill / (1 + skill)
    preds = 7.4 + share * (target - 7.4) + rng.normal(0, 0.25 + 0.1 * (1 - share), len(target))
    width = 1.645 * 0.8 * (1 - share) + 0.3
    return np.stack([preds, preds - width, preds + width], axis=1) if skill > 0.6 else preds


def segments(n=400) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "budget": pd.Categorical(np.resize(["below 1 M$", "1–10 M$", "unknown"], n)),
            "decade": pd.Categorical(np.resize(["1990s", "2000s", "2010s", "2020s"], n)),
        },
        index=pd.Index(np.arange(n), name="tmdb_id"),
    )


@pytest.fixture(name="make", scope="session")
def made_up_results():
    return make


@pytest.fixture(name="subject", scope="session")
def made_up_subject():
    return subject


@pytest.fixture(name="segments", scope="session")
def made_up_segments():
    return segments()
