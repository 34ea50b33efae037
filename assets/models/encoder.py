"""The encoder of `box_office`: what its transformers learn before they are shown any revenue."""

import time
from collections.abc import Mapping

import dagster as dg

from assets.models.estimators import knobs_for
from assets.models.experiment_data import open_ground
from assets.models.experiments import Trial, trials
from assets.models.hyperparameters import BoxOfficeKnobs, turned
from assets.models.training import training_folder
from assets.orchestration.interruption import stopping
from assets.orchestration.lineage import ENCODER, code_version, input_version, write_whole
from assets.orchestration.partitions import SINGLE_RUN
from assets.orchestration.progress import progress
from pipeline.core.systems import BOX_OFFICE
from pipeline.core.versions import hash_json
from resources.run_context import Workplace


@dg.asset(
    name=ENCODER,
    deps=[f"{BOX_OFFICE.name}_splits"],
    group_name="models",
    kinds={"pytorch"},
    code_version=code_version(ENCODER),
    backfill_policy=SINGLE_RUN,
    tags={"marquee/stage": "models", "marquee/system": BOX_OFFICE.name},
    metadata={
        "folder": f"models/{BOX_OFFICE.name}/<task>/<split>/training/",
        "content": "checkpoints of pretrained transformers; the model goes on from them",
    },
)
def box_office_encoder(
    context: dg.AssetExecutionContext,
    config: BoxOfficeKnobs,
    workplace: dg.ResourceParam[Workplace],
) -> dg.MaterializeResult:
    """Self-supervised pretraining on each split's training part: hidden fields are guessed.

    Where posters have regions, keywords are also grounded in them: which region goes with which
    word, told apart among films. No revenue is looked at. An interrupted one is taken up again.
    """
    with stopping():
        from pipeline.models.systems.box_office import pretrained_recipes

        version = input_version(workplace, ENCODER)
        ground, recipes = open_ground(workplace, BOX_OFFICE), pretrained_recipes()
        planned = [
            trial
            for trial in trials(BOX_OFFICE, workplace.preset.name, config.variants)
            if ground.has(trial) and trial.variant in recipes
        ]
        figures = []
        with progress(ENCODER, len(planned), context.log.info) as told:
            for trial in planned:
                recipe = recipes[trial.variant]
                knobs = knobs_for(recipe, workplace.preset.name, turned(config))
                figures += _pretrain(workplace, ground, trial, recipe, knobs, config.seed)
                told.step("pretrained")
        content_hash = hash_json([{**f, "films_per_s": 0} for f in figures])
        write_whole(workplace, ENCODER, version, content_hash)
    return dg.MaterializeResult(
        metadata={
            "source": workplace.source.label,
            "pretrainings": dg.MetadataValue.table([dg.TableRecord(f) for f in figures]),
        },
        data_version=dg.DataVersion(content_hash),
    )


def _pretrain(
    workplace: Workplace, ground, trial: Trial, recipe, knobs: Mapping[str, object], seed: int
) -> list[dict[str, object]]:
    from pipeline.models.training.estimator import Training

    paces: list[float] = []

    def on_epoch(_epoch: int, _most: int, metrics: Mapping[str, float]) -> None:
        if "movies_per_s" in metrics:
            paces.append(metrics["movies_per_s"])

    fitted = recipe.pretrain(
        ground.inputs,
        ground.target(trial),
        ground.parts(trial),
        Training(training_folder(workplace, trial), seed, knobs, on_epoch),
        clock=time.monotonic,
    )
    pace = round(sum(paces) / len(paces), 1) if paces else 0.0
    return [
        {
            "split": trial.split,
            "variant": trial.variant,
            "step": name,
            "epochs": len(of_step.history),
            "val_loss": round(float(of_step.history[of_step.best_epoch - 1]["val_loss"]), 6),
            "films_per_s": pace,
        }
        for name, of_step in fitted.items()
    ]
