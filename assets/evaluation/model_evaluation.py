"""Judging a saved model: its answers about its test part, read back from its own folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from assets.models.experiment_data import ExperimentData
from assets.models.experiments import FACTS_FILE, Experiment
from pipeline.core.errors import TrainingError
from resources.run_context import RunContext

SCORES_FILE = "scores.json"
CARD_FILE = "MODEL_CARD.md"

SEED = 42
"""Of every bootstrap."""


def judge_model(run_context: RunContext, experiment_data: ExperimentData, experiment: Experiment):
    """Ask an experiment's saved model about its test part; give `pipeline.evaluation`'s result."""
    from pipeline.models.training.model_registry import load_trained, predict

    folder = experiment.folder(run_context)
    facts = read_facts(folder)
    if facts["data_hash"] != experiment_data.table.data_hash:
        raise TrainingError(
            f"The model in {folder} was trained on other features than there are now. "
            "Materialize the model again, then its evaluation."
        )
    saved = load_trained(folder / experiment.system.model_file)
    return result_of(
        experiment_data,
        experiment,
        experiment.variant,
        "model",
        predict(
            saved, experiment_data.features_of(experiment), test_rows(experiment_data, experiment)
        ),
        history=facts["history"],
        best_epoch=facts["best_epoch"],
        facts={name: facts[name] for name in ("parameters", "train_s", "config")},
    )


def keep_judgement(folder: Path, result: Any, summary: Mapping[str, Any]) -> None:
    """Put scores and card of a model into its folder; `marquee evaluate` compares with them."""
    from pipeline.evaluation.metrics.split_results import score_result
    from pipeline.evaluation.report.model_card import render_card
    from pipeline.evaluation.report.result_json import plain

    scores = {k: asdict(score) for k, score in score_result(result, seed=SEED).items()}
    text = json.dumps(plain(scores), indent=1, allow_nan=False)
    (folder / SCORES_FILE).write_text(text + "\n", encoding="utf-8")
    (folder / CARD_FILE).write_text(render_card(read_facts(folder), summary), encoding="utf-8")


def read_facts(folder: Path) -> dict[str, Any]:
    """Read what a model's folder says of it."""
    path = folder / FACTS_FILE
    if not path.is_file():
        raise TrainingError(f"There is no model in {folder}: it has no {FACTS_FILE}. Train it.")
    return json.loads(path.read_text(encoding="utf-8"))


def test_rows(experiment_data: ExperimentData, experiment: Experiment) -> np.ndarray:
    """Return the rows of an experiment's test part."""
    return np.flatnonzero(experiment_data.split(experiment) == "test")


def result_of(
    experiment_data: ExperimentData,
    experiment: Experiment,
    variant: str,
    kind: str,
    answers: np.ndarray,
    **more: Any,
):
    """Put answers beside the truth."""
    from pipeline.evaluation.metrics.split_results import SplitResult
    from pipeline.models.estimators.baselines import PRIOR

    rows, parts, target = (
        test_rows(experiment_data, experiment),
        experiment_data.split(experiment),
        experiment_data.target(experiment),
    )
    told = {part: int((parts == part).sum()) for part in ("train", "val", "test")}
    facts: Mapping[str, Any] = more.pop("facts", {})
    return SplitResult(
        task=experiment.task,
        split=experiment.split,
        variant=variant,
        kind=kind,
        tmdb_ids=experiment_data.table.table["tmdb_id"].to_numpy()[rows],
        y_true=target.values[rows],
        answers=answers,
        rows={**told, "excluded": int((parts == "").sum())},
        facts={**target.facts, **facts},
        franchises=experiment_data.table.table["franchise"].to_numpy()[rows],
        is_drawn=variant == PRIOR,
        **more,
    )
