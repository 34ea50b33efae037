"""What a report says around the scores: the banner, kinds of films, pictures of hits and misses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.evaluation.model_evaluation import SEED
from assets.models.experiment_data import ExperimentData
from assets.orchestration.asset_specs import FEATURE_SOURCES
from pipeline.core.tasks import TaskKind
from pipeline.models.systems.system import System
from resources.run_context import RunContext


def subject_of(run_context: RunContext, system: System, experiment_data: ExperimentData):
    """Say what an evaluation is about."""
    from pipeline.evaluation.report.evaluation_summary import Subject

    notes = experiment_data.table.notes
    weights = "; ".join(
        f"{name.replace('_', ' ')}: {notes[name]}"
        for name in dict.fromkeys(spec.name for spec, _ in FEATURE_SOURCES.values())
        if notes.get(name, "none") != "none"
    )
    return Subject(
        system=system.name,
        source=run_context.source.label,
        weights=weights,
        main_variant=system.main_variant,
        seed=SEED,
        notes={
            "preset": notes["preset"],
            "data hash": experiment_data.table.data_hash,
            "films": str(len(experiment_data.table)),
        },
    )


def groups_of(system: System, experiment_data: ExperimentData):
    """Name every film's budget, decade, franchise and keywords, where a number is predicted."""
    if system.tasks[0].kind is not TaskKind.REGRESSION:
        return None
    from pipeline.evaluation.metrics.segment_errors import name_groups

    table = experiment_data.table.table
    return name_groups(
        table.assign(has_keywords=[bool(r.keywords) for r in experiment_data.table.records])
    )


def samples_of(
    system: System, experiment_data: ExperimentData, results: Sequence[Any], folder: Path
) -> Mapping[str, Sequence[Any]]:
    """Draw correct and wrong predictions on the headline split, where the system has pictures."""
    if system.sample_picture is None:
        return {}
    from pipeline.evaluation.plots.sample_plots import choose_samples, draw_samples
    from pipeline.evaluation.plots.task_plots import Picture

    rows = {int(i): row for row, i in enumerate(experiment_data.table.table["tmdb_id"])}
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for result in results:
        is_main = (result.variant, result.split) == (system.main_variant, system.headline)
        if not is_main or result.task.kind is not TaskKind.CLASSES:
            continue
        samples = choose_samples(result, seed=SEED)
        pictures = [
            system.sample_picture(experiment_data.features, rows[sample.tmdb_id])
            for sample in samples
        ]
        path = draw_samples(samples, pictures, folder / f"{result.task.name}_samples.png")
        caption = f"{result.variant} on {result.split}, drawn at random from its test films."
        drawn[result.task.name] = [Picture("Hits and misses", caption, path)]
    return drawn
