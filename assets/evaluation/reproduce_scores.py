"""`marquee evaluate`: recompute a saved model's scores from the store that its folder is in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rich.console import Console

from assets.evaluation.model_evaluation import SCORES_FILE, evaluate_model
from assets.models.experiment_data import open_experiment_data
from assets.models.experiments import Experiment, experiment_named, read_facts, slug
from pipeline.core.errors import TrainingError
from pipeline.evaluation.metrics.split_results import SplitResult, score_result
from pipeline.evaluation.report.evaluation_summary import SEED
from pipeline.evaluation.report.result_json import list_differences
from resources.compute.device import describe_environment
from resources.run_context import RunContext
from resources.storage.ledger import Ledger
from resources.storage.ledger_database import sqlite_url
from resources.storage.store import SOURCE_MARK, Store

DEPTH = 4
"""Folders between a store's `models/` and a model's own: system, task, split, variant."""


@dataclass(frozen=True)
class StoreContext:
    """As much of a run context as an evaluation needs: no source, no clients, no keys."""

    store: Store
    ledger: Ledger


def evaluate(folder: Path, console: Console) -> int:
    """Recompute a saved model's scores and compare them with the stored ones.

    Returns:
        Exit status: 1 where a score differs from the stored one.

    Raises:
        TrainingError: The folder holds no model, or is in no store.
    """
    facts = read_facts(folder)
    experiment = _find_experiment(facts, folder)
    context = _open_store(folder)
    # an evaluation reads the store and the ledger alone
    run_context = cast(RunContext, context)
    try:
        data = open_experiment_data(run_context, experiment.system, experiment.task)
        result = evaluate_model(run_context, data, experiment)
    finally:
        context.ledger.close()
    return _print_comparison(folder, facts, result, console)


def _find_experiment(facts: Mapping[str, Any], folder: Path) -> Experiment:
    try:
        return experiment_named(*(facts[name] for name in ("system", "task", "split", "variant")))
    except KeyError as error:
        raise TrainingError(f"{folder} holds a model of an unknown system") from error


def _open_store(folder: Path) -> StoreContext:
    root = folder.absolute().parents[DEPTH]
    if not (root / SOURCE_MARK).is_file():
        raise TrainingError(
            f"{folder} is in no store: expected {SOURCE_MARK} in {root}. Copy the whole store, or "
            "at least its models/, features/, splits/ and, for poster and score, posters/, frames/ "
            "and ledger.sqlite."
        )
    return StoreContext(Store(root), Ledger(sqlite_url(root / "ledger.sqlite")))


def _print_comparison(
    folder: Path, facts: Mapping[str, Any], result: SplitResult, console: Console
) -> int:
    stored = json.loads((folder / SCORES_FILE).read_text(encoding="utf-8"))
    scores = score_result(result, seed=SEED)
    lines = [
        *(f"{name}: {s.estimate!r} ({s.low!r} to {s.high!r})" for name, s in scores.items()),
        *_compare_environments(facts["environment"], describe_environment()),
    ]
    differences = list_differences(scores, stored)
    console.print(f"{slug(facts['variant'])}: {len(result.tmdb_ids)} test films")
    for line in [*lines, *(f"differs: {difference}" for difference in differences)]:
        console.print(f"  {line}", highlight=False)
    if not differences:
        console.print("Every score equals the stored one, to the last digit.")
    return int(bool(differences))


def _compare_environments(trained: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    return [
        f"trained with {name} {version}, here {current.get(name)}"
        for name, version in trained.items()
        if current.get(name) != version
    ]
