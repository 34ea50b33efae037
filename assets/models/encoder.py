"""Encoders: what a system's networks learn before they see any target."""

import dagster as dg

from assets.models.experiments import experiments
from assets.models.hyperparameters import config_of
from assets.orchestration.progress import progress
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.tables import table_metadata
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.versions import hash_json
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext


def build_encoder(system: System) -> dg.AssetsDefinition:
    """Build the asset of a system's pretraining."""
    config_class = config_of(system)

    @unpartitioned_asset(
        system.encoder,
        kinds={"pytorch"},
        metadata={
            "folder": f"models/{system.name}/<task>/<split>/training/",
            "content": "checkpoints of pretrained transformers; the model goes on from them",
        },
        description=(
            "Self-supervised pretraining on each split's training set: hidden fields are "
            "predicted.\n\nWhere posters have regions, keywords are also grounded in them: which "
            "region belongs to which word, contrasted among movies. No revenue is looked at. An "
            "interrupted pretraining resumes where it was."
        ),
    )
    def encoder(
        context: dg.AssetExecutionContext,
        config: config_class,  # pyright: ignore[reportInvalidTypeForm] # built from the row
        run_context: dg.ResourceParam[RunContext],
    ) -> dg.MaterializeResult:
        with concise_errors():
            from assets.models.experiment_data import open_experiment_data
            from assets.models.training import PACE, pretrain

            version = input_version(run_context, system.encoder)
            chosen = config.chosen_variants()
            requested = list(experiments(system, run_context.preset.name, chosen))
            data = open_experiment_data(run_context, system)
            estimators = system.build_pretrained()
            planned = [one for one in requested if data.has(one) and one.variant in estimators]
            rows = []
            with progress(system.encoder, len(planned), context.log.info) as pretrained:
                for experiment in planned:
                    estimator = estimators[experiment.variant]
                    rows += pretrain(run_context, data, experiment, estimator, config)
                    pretrained.step("pretrained")
            content_hash = hash_json([{**row, PACE: 0} for row in rows])
            write_whole(run_context, system.encoder, version, content_hash)
        return dg.MaterializeResult(
            metadata={
                "source": run_context.source.label,
                **table_metadata("pretrainings", rows),
            },
            data_version=dg.DataVersion(content_hash),
        )

    return encoder


ASSETS = [build_encoder(system) for system in SYSTEMS if system.encoder]
