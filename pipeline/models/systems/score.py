"""IMDb's score from a few frames of a trailer: reference implementation 004, its grid, and the
frames' embeddings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.core.numpy_on_demand import np
from pipeline.core.split_names import EIGHTY_TEN_TEN
from pipeline.core.target_rules import mean_and_sd
from pipeline.core.tasks import GeneratedTruth, Target, TargetContext, Task, TaskKind
from pipeline.models.systems.system import CodeVersions, Hyperparameter, System

if TYPE_CHECKING:
    from pipeline.models.networks.pixel_trunks import LoadWeights
    from pipeline.models.training.estimator import Estimator

EMBEDDINGS, LINEAR = "frame embeddings, attention", "frame embeddings, linear"

SMALL: Mapping[str, object] = {
    "input_px": 48,
    "width": 16,
    "batch_size": 16,
    "learning_rate": 2e-3,
    "max_epochs": 12,
    "step_epochs": 5,
    "patience": 5,
    "keep_mib": 128,
}
"""Hyperparameters for the simulator's trailers: seconds on one core, and no pretrained weights."""

SMALL_EMBEDDINGS: Mapping[str, object] = {"learning_rate": 1e-3, "max_epochs": 30}


class Score:
    """IMDb's score of enough votes, standardised by the training set."""

    columns = (
        "vote_average",
        "vote_count",
    )

    def exclude(self, context: TargetContext) -> np.ndarray:
        """Exclude movies without a score, or of too few votes."""
        score = context.table["vote_average"].to_numpy(np.float64)
        votes = context.table["vote_count"].to_numpy(np.float64)
        cases = [~(score > 0), ~(votes >= context.options.min_votes)]
        return np.select(cases, ["no_score", "too_few_votes"], default="").astype(object)

    def compute(self, context: TargetContext, known: np.ndarray, train_rows: np.ndarray) -> Target:
        """Compute the score in standard deviations from the training set's mean."""
        scores = np.full(len(context.table), np.nan)
        scores[known] = context.table["vote_average"].to_numpy(np.float64)[known]
        spread = mean_and_sd(scores[train_rows])
        values = (scores - spread["mean"]) / spread["sd"]
        return Target(context.task, values, {"min_votes": context.options.min_votes, **spread})


def _ceiling(truth: GeneratedTruth, ids: Sequence[int], target: Target) -> np.ndarray:
    """Frames of the trailer are all that the system looks at."""
    mean, sd = (np.asarray(target.facts[name], np.float64) for name in ("mean", "sd"))
    return (truth.expected_scores(ids, ("trailer",)) - mean) / sd


SCORE_TASK = Task(
    "score",
    TaskKind.REGRESSION,
    "mae_error",
    unit="standard deviations",
    rule=Score(),
    noise_ceiling=_ceiling,
)


def _estimators(load_weights: LoadWeights | None = None) -> Mapping[str, Estimator]:
    """Build the published grid over pixels, and the shared encoder where it is frozen: what tens
    of thousands of movies can afford.
    """
    from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
    from pipeline.models.estimators.linear_estimator import LinearConfig, LinearEstimator
    from pipeline.models.estimators.stacked_cnn import FramesConfig, FramesEstimator
    from pipeline.models.networks.trunk import EFFICIENTNET
    from pipeline.models.training.schedule import Schedule

    schedule = Schedule(
        optimizer="adam", learning_rate=1e-4, weight_decay=1e-4, max_epochs=50,
        scheduler="step", step_epochs=15, step_factor=0.3,
    )  # fmt: skip
    over_embeddings = FusionConfig(streams=("frames",), reader="attention", schedule=schedule)
    over_pixels = {
        "15 frames, resnet18": FramesConfig(),
        "5 frames, resnet18": FramesConfig(n_frames=5),
        "15 frames, resnet18, shuffled": FramesConfig(shuffles_order=True),
        "15 frames, resnet50": FramesConfig(network="resnet50"),
        "15 frames, vgg16": FramesConfig(network="vgg16"),
        "15 frames, vgg19": FramesConfig(network="vgg19"),
        "shared encoder, attention": FramesConfig(is_shared=True),
        "shared encoder, efficientnet-lite0": FramesConfig(is_shared=True, network=EFFICIENTNET),
    }
    return {
        LINEAR: LinearEstimator(LINEAR, LinearConfig(("frames",))),
        EMBEDDINGS: FusionEstimator(EMBEDDINGS, over_embeddings, SMALL_EMBEDDINGS),
        **{
            name: FramesEstimator(name, config, SMALL, load_weights)
            for name, config in over_pixels.items()
        },
    }


SCORE = System(
    name="score",
    reference="004",
    tasks=(SCORE_TASK,),
    main_variant=LINEAR,
    splits=(EIGHTY_TEN_TEN,),
    folds=5,
    estimators=_estimators,
    code_versions=CodeVersions(splits="3", baselines="3", model="5", evaluation="5"),
    modalities=("frames",),
    small_variants=(LINEAR, EMBEDDINGS),
    required_modality="frames",
    hyperparameters=(
        Hyperparameter("input_px", int, "Side of a frame.", least=8),
        Hyperparameter(
            "width",
            int,
            "Channels of the first stage; below 64 no pretrained weights fit.",
            least=1,
        ),
        Hyperparameter(
            "noise", float, "Standard deviation of the noise on training frames.", least=0
        ),
        Hyperparameter("loss", str, "Mean squared or absolute error.", choices=("mse", "mae")),
        Hyperparameter("chooses_anew", bool, "Whether each step chooses its frames anew."),
        Hyperparameter("shuffles_order", bool, "Whether training frames stand in any order."),
    ),
)
