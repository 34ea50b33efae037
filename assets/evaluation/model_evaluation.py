"""Evaluation of one saved model on its test set, read back from its own folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from assets.models.experiment_data import ExperimentData
from assets.models.experiments import Experiment, read_facts
from pipeline.core.errors import TrainingError
from pipeline.evaluation.metrics.split_results import ResultKind, SplitResult, score_result
from pipeline.evaluation.report.best_variant import VAL_SCORE
from pipeline.evaluation.report.evaluation_summary import SEED
from pipeline.evaluation.report.model_card import CARD_FILE, render_card
from pipeline.evaluation.report.result_json import as_json
from pipeline.models.estimators.baselines import PRIOR
from pipeline.models.training.cut_features import features_before_release
from pipeline.models.training.estimator import Estimator, FeatureSet
from pipeline.models.training.model_registry import Saved, load_trained, predict
from pipeline.models.training.movie_reader import FIELDS
from pipeline.models.training.summaries import METADATA
from resources.compute.device import one_thread
from resources.run_context import RunContext

SCORES_FILE = "scores.json"

DAYS_BEFORE = (30, 180, 365)
"""Days before release as of which the main model predicts too; earlier films' revenues, prices and
predecessors are read as of then, what records do not date is not."""


def evaluate_model(
    run_context: RunContext, experiment_data: ExperimentData, experiment: Experiment
) -> SplitResult:
    """Predict an experiment's test set with its saved model.

    Raises:
        TrainingError: There is no model, or it was trained on other features than the store holds.
    """
    folder = experiment.folder(run_context)
    facts = read_facts(folder)
    if facts["data_hash"] != experiment_data.table.data_hash:
        raise TrainingError(
            f"The model in {folder} was trained on other features than there are now. "
            "Materialize the model again, then its evaluation."
        )
    saved = load_trained(folder / experiment.system.model_file)
    features, rows = (
        experiment_data.features_of(experiment), experiment_data.rows(experiment, "test")
    )  # fmt: skip
    cut, earlier = None, dict[int, np.ndarray]()
    if experiment.variant == experiment.system.main_variant and reads_records(experiment):
        cut = _predict(saved, features_before_release(features), rows)
        for days in DAYS_BEFORE:
            earlier[days] = _predict(saved, features_before_release(features, days), rows)
    return make_result(
        experiment_data,
        experiment,
        experiment.variant,
        "model",
        _predict(saved, features, rows),
        cut_preds=cut,
        earlier_preds=earlier,
        history=facts["history"],
        best_epoch=facts["best_epoch"],
        facts={
            **{name: facts[name] for name in ("parameters", "train_s", "config")},
            **{name: facts[name] for name in (VAL_SCORE,) if facts.get(name) is not None},
        },
    )


def _predict(saved: Saved, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    """Predict on one thread, as `marquee predict` does: the last digits depend on it."""
    with one_thread():
        return predict(saved, features, rows)


def reads_records(experiment: Experiment) -> bool:
    """Return whether an experiment's network reads fields of records, not embeddings alone."""
    estimator: Estimator = experiment.system.estimators()[experiment.variant]
    return not {METADATA, "numbers", *FIELDS}.isdisjoint(estimator.reads)


def write_scores(folder: Path, result: SplitResult, summary: Mapping[str, Any]) -> None:
    """Write scores and card into a model's folder; `marquee evaluate` compares with the scores."""
    scores = {name: asdict(score) for name, score in score_result(result, seed=SEED).items()}
    text = json.dumps(as_json(scores), indent=1, allow_nan=False)
    (folder / SCORES_FILE).write_text(text + "\n", encoding="utf-8")
    (folder / CARD_FILE).write_text(render_card(read_facts(folder), summary), encoding="utf-8")


def make_result(
    experiment_data: ExperimentData,
    experiment: Experiment,
    variant: str,
    kind: ResultKind,
    preds: np.ndarray,
    **more: Any,
) -> SplitResult:
    """Pair predictions on an experiment's test set with the actual values."""
    sets, rows = experiment_data.split(experiment), experiment_data.rows(experiment, "test")
    target, table = experiment_data.target(experiment), experiment_data.table.table
    sizes = {name: int((sets == name).sum()) for name in ("train", "val", "test")}
    facts: Mapping[str, Any] = more.pop("facts", {})
    return SplitResult(
        task=experiment.task,
        split=experiment.split,
        variant=variant,
        kind=kind,
        tmdb_ids=table["tmdb_id"].to_numpy()[rows],
        preds=preds,
        target=target.values[rows],
        set_sizes={**sizes, "excluded": int((sets == "").sum())},
        facts={**target.facts, **facts},
        franchises=table["franchise"].to_numpy()[rows],
        is_sampled=variant == PRIOR,
        **more,
    )
