"""What a report shows beside the scores: its banner, segments of films, sampled predictions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from assets.evaluation.model_evaluation import SEED
from assets.models.experiment_data import ExperimentData
from assets.orchestration.asset_specs import FEATURE_SOURCES
from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.models.systems.system import System
from resources.run_context import RunContext


def subject_of(run_context: RunContext, system: System, experiment_data: ExperimentData):
    """Return what an evaluation is about, for its banner."""
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


def segments_of(system: System, experiment_data: ExperimentData):
    """Return each movie's budget, decade, franchise and keywords; None unless a regression."""
    if system.tasks[0].kind is not TaskKind.REGRESSION:
        return None
    from pipeline.evaluation.metrics.segment_errors import assign_segments

    table, records = experiment_data.table.table, experiment_data.table.records
    return assign_segments(table.assign(has_keywords=[bool(r.keywords) for r in records]))


def samples_of(
    system: System, experiment_data: ExperimentData, results: Sequence[SplitResult], folder: Path
) -> Mapping[str, Sequence]:
    """Draw correct and wrong predictions on the headline split, where the system has pictures."""
    if system.sample_picture is None:
        return {}
    from pipeline.evaluation.plots.sample_plots import draw_samples, sample_predictions
    from pipeline.evaluation.plots.task_plots import Plot

    rows = {int(i): row for row, i in enumerate(experiment_data.table.table["tmdb_id"])}
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for result in results:
        is_main = (result.variant, result.split) == (system.main_variant, system.headline)
        if not is_main or result.task.kind is not TaskKind.CLASSES:
            continue
        sampled = sample_predictions(result, seed=SEED)
        posters = [
            system.sample_picture(experiment_data.features, rows[one.tmdb_id]) for one in sampled
        ]
        path = draw_samples(sampled, posters, folder / f"{result.task.name}_samples.png")
        caption = f"{result.variant} on {result.split}, sampled at random from its test films."
        drawn[result.task.name] = [Plot("Correct and wrong predictions", caption, path)]
    return drawn
