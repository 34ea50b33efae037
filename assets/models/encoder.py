"""The encoder of `box_office`: what its transformers learn before they are shown any revenue."""

import time
from collections.abc import Mapping

import dagster as dg

from assets.models.estimators import hyperparameters_for
from assets.models.experiment_data import open_experiment_data
from assets.models.experiments import Experiment, experiments
from assets.models.hyperparameters import BoxOfficeHyperparameters, turned
from assets.models.training import training_folder
from assets.orchestration.progress import progress
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.systems import BOX_OFFICE
from pipeline.core.versions import hash_json
from resources.run_context import RunContext

ENCODER = f"{BOX_OFFICE.name}_encoder"


@unpartitioned_asset(
    ENCODER,
    kinds={"pytorch"},
    metadata={
        "folder": f"models/{BOX_OFFICE.name}/<task>/<split>/training/",
        "content": "checkpoints of pretrained transformers; the model goes on from them",
    },
)
def box_office_encoder(
    context: dg.AssetExecutionContext,
    config: BoxOfficeHyperparameters,
    run_context: dg.ResourceParam[RunContext],
) -> dg.MaterializeResult:
    """Self-supervised pretraining on each split's training part: hidden fields are guessed.

    Where posters have regions, keywords are also grounded in them: which region goes with which
    word, told apart among films. No revenue is looked at. An interrupted one is taken up again.
    """
    with concise_errors():
        from pipeline.models.systems.box_office import pretrained_estimators

        version = input_version(run_context, ENCODER)
        experiment_data, estimators = (
            open_experiment_data(run_context, BOX_OFFICE),
            pretrained_estimators(),
        )
        planned = [
            experiment
            for experiment in experiments(BOX_OFFICE, run_context.preset.name, config.variants)
            if experiment_data.has(experiment) and experiment.variant in estimators
        ]
        figures = []
        with progress(ENCODER, len(planned), context.log.info) as told:
            for experiment in planned:
                estimator = estimators[experiment.variant]
                hyperparameters = hyperparameters_for(
                    estimator, run_context.preset.name, turned(config)
                )
                figures += _pretrain(
                    run_context,
                    experiment_data,
                    experiment,
                    estimator,
                    hyperparameters,
                    config.seed,
                )
                told.step("pretrained")
        content_hash = hash_json([{**f, "films_per_s": 0} for f in figures])
        write_whole(run_context, ENCODER, version, content_hash)
    return dg.MaterializeResult(
        metadata={
            "source": run_context.source.label,
            "pretrainings": dg.MetadataValue.table([dg.TableRecord(f) for f in figures]),
        },
        data_version=dg.DataVersion(content_hash),
    )


def _pretrain(
    run_context: RunContext,
    experiment_data,
    experiment: Experiment,
    estimator,
    hyperparameters: Mapping[str, object],
    seed: int,
) -> list[dict[str, object]]:
    from pipeline.models.training.estimator import Training

    paces: list[float] = []

    def on_epoch(_epoch: int, _most: int, metrics: Mapping[str, float]) -> None:
        if "movies_per_s" in metrics:
            paces.append(metrics["movies_per_s"])

    fitted = estimator.pretrain(
        experiment_data.inputs,
        experiment_data.target(experiment),
        experiment_data.parts(experiment),
        Training(training_folder(run_context, experiment), seed, hyperparameters, on_epoch),
        clock=time.monotonic,
    )
    pace = round(sum(paces) / len(paces), 1) if paces else 0.0
    return [
        {
            "split": experiment.split,
            "variant": experiment.variant,
            "step": name,
            "epochs": len(of_step.history),
            "val_loss": round(float(of_step.history[of_step.best_epoch - 1]["val_loss"]), 6),
            "films_per_s": pace,
        }
        for name, of_step in fitted.items()
    ]
