"""Evaluation: every model beside trivial answers and boosting, on the same films.

What belongs here: the assets, one for each row of the table of systems. What does not: scores,
intervals, pictures and pages (see `pipeline.evaluation`).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import numpy as np

from assets.evaluation_metadata import describe, verdicts
from assets.lineage import read_stage, write_stage
from assets.models import Trial, trials
from assets.splits import SYSTEMS, load_features
from assets.stopping import stopping
from assets.system_assets import system_asset
from pipeline.errors import TrainingError
from pipeline.systems import ALL_STREAMS, System
from pipeline.versions import hash_bytes
from resources.workplace import Workplace

LIMIT = "reachable limit"
"""Name of the answer of somebody who knows everything but the noise; the studio's films alone."""


def reports_folder(workplace: Workplace, system: System) -> Path:
    """Give the folder of a system's report."""
    return workplace.store.folder("reports") / system.name


def build_evaluation(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's scores and report."""

    @system_asset(
        system,
        "evaluation",
        group="evaluation",
        deps=[f"{system.name}_model"],
        kinds={"scikitlearn", "html"},
        metadata={
            "folder": f"reports/{system.name}/",
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn("split", "str"),
                    dg.TableColumn("variant", "str", description="model, baseline or limit"),
                    dg.TableColumn("<score>, <score>_low, <score>_high", "float"),
                ]
            ),
        },
        description=(
            f"Scores of `{system.name}` on each split's test part with bootstrap intervals, beside "
            "the majority, the prior and gradient boosting, and whether it beats them."
        ),
    )
    def evaluation(
        context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]
    ) -> dg.MaterializeResult:
        with stopping():
            from pipeline.evaluation.report import RESULTS_FILE, write_evaluation

            table = load_features(workplace, system)
            planned = list(trials(workplace, system, table.table))
            results = list(_answer(workplace, system, table, planned))
            folder = reports_folder(workplace, system)
            paths = write_evaluation(folder, results, _subject(workplace, system, table))
            _copy_best(planned, folder)
            content_hash = hash_bytes(paths[RESULTS_FILE].read_bytes())
            upstream = read_stage(workplace, system, "model").lineage
            write_stage(workplace, system, "evaluation", upstream, content_hash)
        summary = workplace.store.read_json(workplace.store.path(
            "reports", system.name, RESULTS_FILE
        ))  # fmt: skip
        for sentence in verdicts(summary):
            context.log.info(sentence)
        return dg.MaterializeResult(
            metadata=describe(workplace, summary, paths),
            data_version=dg.DataVersion(content_hash),
        )

    return evaluation


def _answer(workplace: Workplace, system: System, table, planned: list[Trial]) -> Iterator[object]:
    """Ask every model, baseline and, on generated films, the limit about its test part."""
    for split in dict.fromkeys(trial.split for trial in planned):
        of_split = [trial for trial in planned if trial.split == split]
        for trial in of_split:
            yield _ask_model(system, table, trial)
        yield from _ask_baselines(system, table, of_split[0])
        yield from _ask_limit(workplace, system, table, of_split[0])


def _ask_model(system: System, table, trial: Trial):
    from pipeline.models.saved import MODEL_FILE, load_model, predict

    saved = load_model(trial.folder / MODEL_FILE)
    if saved.facts["data_hash"] != table.data_hash:
        raise TrainingError(
            f"The model in {trial.folder} was trained on other features than there are now. "
            "Materialize the model again, then its evaluation."
        )
    return _result(
        system,
        table,
        trial,
        trial.variant,
        "model",
        predict(saved.network, table, _test_rows(trial)),
        history=saved.facts["history"],
        best_epoch=saved.facts["best_epoch"],
        facts={
            "streams": [spec.name for spec in saved.network.specs],
            "parameters": saved.network.count_parameters(),
        },
    )


def _ask_baselines(system: System, table, trial: Trial) -> Iterator[object]:
    from pipeline.models.baselines import PRIOR, answer_baselines
    from pipeline.models.recipe import Inputs
    from pipeline.target import Target

    answers = answer_baselines(
        Inputs(table),
        Target(system.tasks[0], trial.labels, {}),
        np.flatnonzero(trial.parts == "train"),
        _test_rows(trial),
    )
    for name, probabilities in answers.items():
        is_drawn = name == PRIOR
        yield _result(system, table, trial, name, "baseline", probabilities, is_drawn=is_drawn)


def _ask_limit(workplace: Workplace, system: System, table, trial: Trial) -> Iterator[object]:
    """On generated films alone: their law of revenue is known."""
    about = workplace.source.about
    if about.get("kind") != "generated":
        return
    from pipeline.splits.labels import reachable_probabilities
    from resources.studio.generated import GeneratedCatalogue
    from resources.studio.opening import trailer_cache
    from resources.studio.truth import NOISE_SD, expected_log10_revenue

    ids = table.table["tmdb_id"].to_numpy()[_test_rows(trial)]
    catalogue = GeneratedCatalogue(about["size"], about["seed"], trailer_cache())
    means = np.array([expected_log10_revenue(catalogue, int(i)) for i in ids])
    probabilities = reachable_probabilities(means, NOISE_SD, trial.edges_usd)
    expected = round(float(probabilities.max(axis=1).mean()), 4)
    yield _result(
        system, table, trial, LIMIT, "limit", probabilities, facts={"expected_accuracy": expected}
    )


def _test_rows(trial: Trial) -> np.ndarray:
    return np.flatnonzero(trial.parts == "test")


def _result(system: System, table, trial: Trial, variant: str, kind: str, answers, **more):
    from pipeline.evaluation.results import SplitResult

    rows = _test_rows(trial)
    parts = {part: int((trial.parts == part).sum()) for part in ("train", "val", "test")}
    return SplitResult(
        task=system.tasks[0],
        split=trial.split,
        variant=variant,
        kind=kind,
        tmdb_ids=table.table["tmdb_id"].to_numpy()[rows],
        y_true=trial.labels[rows],
        answers=answers,
        rows={**parts, "excluded": int((trial.parts == "").sum())},
        **{**more, "facts": {**more.get("facts", {}), "edges_usd": trial.edges_usd.tolist()}},
    )


def _subject(workplace: Workplace, system: System, table):
    from pipeline.evaluation.summary import Subject

    weights = "; ".join(
        f"{name.replace('_', ' ')}: {table.notes[name]}"
        for name in ("text_embeddings", "poster_embeddings", "frame_embeddings")
    )
    return Subject(
        system=system.name,
        source=workplace.source.label,
        weights=weights,
        main_variant=ALL_STREAMS,
        notes={
            "preset": table.notes["preset"],
            "data hash": table.data_hash,
            "films": str(len(table)),
            "left out": ", ".join(f"{n} {why}" for why, n in table.dropped.items()) or "none",
        },
    )


def _copy_best(planned: list[Trial], folder: Path) -> None:
    """Put the model of the first published split with all streams beside its report.

    The first one, not the one with the best test score: that would be tuning on test parts.
    """
    from pipeline.models.saved import MODEL_FILE

    chosen = next(trial for trial in planned if trial.variant == ALL_STREAMS)
    shutil.copyfile(chosen.folder / MODEL_FILE, folder / MODEL_FILE)


ASSETS = [build_evaluation(system) for system in SYSTEMS]
