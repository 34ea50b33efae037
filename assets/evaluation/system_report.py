"""The evaluation of a system: its models, baselines and noise ceiling on the same movies, and what
its report shows beside their scores.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from assets.evaluation.model_evaluation import evaluate_model, make_result, write_scores
from assets.evaluation.notices import find_notices
from assets.evaluation.stored_reports import reports_folder
from assets.models.baselines import load_baselines
from assets.models.experiment_data import ExperimentData, open_experiment_data
from assets.models.experiments import Experiment, read_experiments, read_left_out
from assets.orchestration.asset_specs import FEATURE_SOURCES
from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.segment_errors import assign_segments
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.sample_plots import draw_samples, sample_predictions
from pipeline.evaluation.plots.task_plots import Plot
from pipeline.evaluation.report.evaluation_files import write_evaluation
from pipeline.evaluation.report.evaluation_summary import SEED, Subject
from pipeline.evaluation.report.prediction_table import write_predictions
from pipeline.evaluation.report.stored_results import RESULTS_FILE
from pipeline.models.estimators.blend_baselines import BLEND_BASELINES
from pipeline.models.systems.system import System
from resources.run_context import RunContext

NOISE_CEILING = "reachable limit"
"""The name under which evaluations store the noise ceiling; on synthetic films alone."""


def evaluate_system(run_context: RunContext, system: System) -> Mapping[str, Path]:
    """Evaluate all that was trained; write the report, and scores and card of each model.

    Returns:
        The report's files by name; where nothing was trained they say why.
    """
    data, experiments = (
        open_experiment_data(run_context, system), read_experiments(run_context, system)
    )  # fmt: skip
    results = list(_evaluate(run_context, system, data, experiments))
    folder = reports_folder(run_context, system)
    if not results:
        shutil.rmtree(folder, ignore_errors=True)  # pictures and model of an earlier evaluation
    paths = write_evaluation(
        folder,
        results,
        _describe_subject(run_context, system, data, experiments),
        segments=_assign_segments(system, data),
        samples=_draw_samples(system, data, results, folder),
    )
    if results:
        table = data.table.table
        titles = dict(zip(table["tmdb_id"].tolist(), table["title"].tolist(), strict=True))
        write_predictions(folder, results, titles)
    summary = run_context.store.read_json(
        run_context.store.path("reports", system.name, RESULTS_FILE)
    )
    of_models = (result for result in results if result.kind == "model")
    for experiment, result in zip(experiments, of_models, strict=True):
        write_scores(experiment.folder(run_context), result, summary)
    # the main model of the first split, not of the one with the best test score: that would be
    # tuning on test sets
    main = Experiment(system, system.tasks[0], system.headline, system.main_variant)
    model = main.folder(run_context) / system.model_file
    if model.is_file():
        shutil.copyfile(model, folder / model.name)
    return paths


def _evaluate(
    run_context: RunContext, system: System, data: ExperimentData, experiments: Sequence[Experiment]
) -> Iterator[SplitResult]:
    """Evaluate every model, baseline and, on synthetic films, the noise ceiling."""
    for task in system.tasks:
        for split in system.split_names(task):
            of_split = [e for e in experiments if e.task is task and e.split == split]
            if not of_split:
                continue
            for experiment in of_split:
                yield evaluate_model(run_context, data, experiment)
            first = of_split[0]
            for name, preds in _load_fair_baselines(run_context, data, of_split).items():
                yield make_result(data, first, name, "baseline", preds)
            if run_context.source.about.get("kind") == "generated" and task.noise_ceiling:
                from assets.evaluation.noise_ceiling import ceiling_predictions  # the simulator

                preds = ceiling_predictions(run_context, data, first, task.noise_ceiling)
                yield make_result(data, first, NOISE_CEILING, "limit", preds)


def _load_fair_baselines(
    run_context: RunContext, data: ExperimentData, experiments: Sequence[Experiment]
) -> Mapping[str, np.ndarray]:
    """Read the baselines of one table of experiments; see `needs_blend_baselines`.

    Where a blend was trained on a split on which none is by default, its baselines are fitted now.
    """
    system, task, split = (getattr(experiments[0], name) for name in ("system", "task", "split"))
    stored = load_baselines(run_context, system, task, split)
    if not needs_blend_baselines(system, [experiment.variant for experiment in experiments]):
        return {name: preds for name, preds in stored.items() if name not in BLEND_BASELINES}
    if set(BLEND_BASELINES) <= set(stored):
        return stored
    return {**stored, **data.predict_blend_baselines(task, split)}


def needs_blend_baselines(system: System, variants: Sequence[str]) -> bool:
    """Return whether a blend is among the models of a table, or the system's main variant is one.

    Example:
        >>> from pipeline.models.systems.revenue import CUT_BLEND, REVENUE
        >>> needs_blend_baselines(REVENUE, ["all streams", CUT_BLEND])
        True
        >>> needs_blend_baselines(REVENUE, ["all streams"])
        False
    """
    return system.is_blend or not set(system.blend_variants).isdisjoint(variants)


def _describe_subject(
    run_context: RunContext,
    system: System,
    data: ExperimentData,
    experiments: Sequence[Experiment],
) -> Subject:
    left_out = read_left_out(run_context, system)
    trained = {experiment.task.name for experiment in experiments}
    notes = data.table.notes
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
            "data hash": data.table.data_hash,
            "films": str(len(data.table)),
        },
        missing={
            task.name: explain_missing([one for one in left_out if one["task"] == task.name])
            for task in system.tasks
            if task.name not in trained
        },
        left_out=[one for one in left_out if one["task"] in trained],
        notices=find_notices(run_context),
    )


def explain_missing(left_out: Sequence[Mapping[str, str]]) -> str:
    """Return why nothing of a task was trained: the reason of its first experiment, which is the
    main variant on the first split unless others were asked for.
    """
    return left_out[0]["reason"] if left_out else "no variant of it was asked for"


def _assign_segments(system: System, data: ExperimentData) -> pd.DataFrame | None:
    """Assign each movie to its segments; None unless the first task is a regression."""
    if system.tasks[0].kind is not TaskKind.REGRESSION:
        return None
    records = data.table.records
    return assign_segments(
        data.table.table.assign(
            has_keywords=[bool(record.keywords) for record in records],
            original_language=[record.original_language for record in records],
        )
    )


def _draw_samples(
    system: System, data: ExperimentData, results: Sequence[SplitResult], folder: Path
) -> Mapping[str, Sequence[Plot]]:
    """Draw correct and wrong predictions on the headline split, where the system has pictures."""
    if system.sample_picture is None:
        return {}
    rows = {int(i): row for row, i in enumerate(data.table.table["tmdb_id"])}
    folder.mkdir(parents=True, exist_ok=True)
    drawn = dict[str, list[Plot]]()
    for result in results:
        is_main = (result.variant, result.split) == (system.main_variant, system.headline)
        if not is_main or result.task.kind is not TaskKind.CLASSES:
            continue
        sampled = sample_predictions(result, seed=SEED)
        posters = [system.sample_picture(data.features, rows[one.tmdb_id]) for one in sampled]
        path = draw_samples(sampled, posters, folder / f"{result.task.name}_samples.png")
        caption = f"{result.variant} on {result.split}, sampled at random from its test films."
        drawn[result.task.name] = [Plot("Correct and wrong predictions", caption, path)]
    return drawn
