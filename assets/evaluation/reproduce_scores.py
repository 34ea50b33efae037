"""`marquee evaluate`: a saved model judged again, from the store that its folder lies in."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from assets.evaluation.model_evaluation import SCORES_FILE, SEED, judge_model, read_facts
from assets.models.experiment_data import open_experiment_data
from assets.models.experiments import Experiment, experiment_named, slug
from pipeline.core.errors import TrainingError
from resources.compute.environment import describe_environment
from resources.storage.ledger import Ledger
from resources.storage.store import SOURCE_MARK, Store

DEPTH = 4
"""Folders between a store's `models/` and a model's own: system, task, split, variant."""


@dataclass(frozen=True)
class Place:
    """As much of a run_context as judging needs: no source, no clients, no keys."""

    store: Store
    ledger: Ledger


def evaluate(folder: Path, console: Console) -> int:
    """Judge a saved model again and compare with the scores that its evaluation kept.

    Args:
        folder: A model's folder, inside its store, on whatever machine.
        console: Where to.

    Returns:
        Exit status: 1 where a score is another than the one kept.

    Raises:
        TrainingError: The folder is no model's, or lies in no store.
    """
    facts = read_facts(folder)
    experiment = _experiment_of(facts, folder)
    place = _open_place(folder)
    try:
        result = judge_model(
            place, open_experiment_data(place, experiment.system, experiment.task), experiment
        )
    finally:
        place.ledger.close()
    return _tell(folder, facts, result, console)


def _experiment_of(facts: dict, folder: Path) -> Experiment:
    try:
        return experiment_named(*(facts[name] for name in ("system", "task", "split", "variant")))
    except KeyError as error:
        raise TrainingError(f"{folder} holds a model of no system that marquee knows") from error


def _open_place(folder: Path) -> Place:
    root = folder.absolute().parents[DEPTH]
    if not (root / SOURCE_MARK).is_file():
        raise TrainingError(
            f"{folder} lies in no store: wanted {SOURCE_MARK} in {root}. Copy the whole store, or "
            "at least its models/, features/, splits/ and, for poster and score, posters/, frames/ "
            "and ledger.sqlite."
        )
    return Place(Store(root), Ledger(f"sqlite:///{root / 'ledger.sqlite'}"))


def _tell(folder: Path, facts: dict, result, console: Console) -> int:
    from pipeline.evaluation.metrics.split_results import score_result
    from pipeline.evaluation.report.score_differences import compare_exactly

    kept = json.loads((folder / SCORES_FILE).read_text(encoding="utf-8"))
    scores = score_result(result, seed=SEED)
    differences = compare_exactly(scores, kept)
    console.print(f"{slug(facts['variant'])}: {len(result.tmdb_ids)} test films")
    for name, score in scores.items():
        console.print(
            f"  {name}: {score.estimate!r} ({score.low!r} to {score.high!r})", highlight=False
        )
    now = describe_environment()
    other = {k: (was, now.get(k)) for k, was in facts["environment"].items() if now.get(k) != was}
    for name, (was, is_now) in other.items():
        console.print(f"  trained with {name} {was}, here {is_now}", highlight=False)
    if not differences:
        console.print("Every score is the one that was kept, to the last digit.")
        return 0
    for line in differences:
        console.print(f"  differs: {line}", highlight=False)
    return 1
