"""Ten genres from trailers: reference implementation 002. The random split has the ratios of its
official one, which `marquee trailers12k` trains on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.core.numpy_on_demand import np
from pipeline.core.split_names import RatioSplit
from pipeline.core.target_rules import GENRE_COLUMN_PREFIXES, GenreLabels
from pipeline.core.tasks import GeneratedTruth, Target, Task, TaskKind
from pipeline.models.systems.system import ALL_MODALITIES, CodeVersions, Hyperparameter, System

if TYPE_CHECKING:
    from pipeline.models.networks.pixel_trunks import LoadWeights
    from pipeline.models.training.estimator import Estimator

TRAILER_GENRES = (
    "action", "adventure", "comedy", "crime", "drama", "fantasy", "horror", "romance", "sci-fi",
    "thriller",
)  # fmt: skip
"""The ten labels of Trailers12k, in the order of its table's columns. Source: reference
implementation 002, "MTGC Evaluation"."""

LATE_FUSION, EARLY_FUSION = "late fusion", "early fusion"
LINEAR = "all streams, linear"
STACKED = "all streams, stacked over labels"
PLOTS = "plots, stacked over labels"

PUBLISHED, EXTRA = ("clip_frames", "clips"), ("frames", "poster", "text", "sound")

SMALL: Mapping[str, object] = {"max_epochs": 12, "learning_rate": 1e-3, "batch_size": 16}
"""Hyperparameters for the simulator's movies: some dozen steps an epoch would not move published
rates."""


def _ceiling(truth: GeneratedTruth, ids: Sequence[int], target: Target) -> np.ndarray:
    media = ("trailer", "poster", "plot")
    return truth.label_probabilities(ids, target.task.class_names, media)


GENRES = Task(
    "genres",
    TaskKind.LABELS,
    "micro_ap_score",
    TRAILER_GENRES,
    leaking_column_prefixes=GENRE_COLUMN_PREFIXES,
    rule=GenreLabels(),
    noise_ceiling=_ceiling,
)


def _estimators(_: LoadWeights | None = None) -> Mapping[str, Estimator]:
    """Build a stack of a linear model and a kernel over plots, the linear model by itself, and
    DIViTA over all modalities, over the trailer's two fused, and over each alone.

    Frames stand in for clips where the preset cuts none.
    """
    from pipeline.models.estimators.divita_estimator import DivitaConfig, DivitaEstimator
    from pipeline.models.estimators.label_stack import LabelStackEstimator
    from pipeline.models.estimators.linear_estimator import LinearConfig, LinearEstimator
    from pipeline.models.networks.divita import EARLY

    every = (*PUBLISHED, *EXTRA)
    configs = {
        ALL_MODALITIES: DivitaConfig(streams=every),
        LATE_FUSION: DivitaConfig(streams=PUBLISHED),
        EARLY_FUSION: DivitaConfig(streams=PUBLISHED, fusion=EARLY),
        **{f"{name} alone": DivitaConfig(streams=(name,)) for name in every},
    }
    return {
        STACKED: LabelStackEstimator(STACKED, LinearConfig(every)),
        LINEAR: LinearEstimator(LINEAR, LinearConfig(every)),
        PLOTS: LabelStackEstimator(PLOTS, LinearConfig(("text",))),
        **{name: DivitaEstimator(name, config, SMALL) for name, config in configs.items()},
    }


GENRE = System(
    name="genre",
    reference="002",
    tasks=(GENRES,),
    main_variant=STACKED,
    splits=(RatioSplit("70-10-20", 0.70, 0.10, 0.20),),
    folds=5,
    estimators=_estimators,
    code_versions=CodeVersions(splits="3", baselines="3", model="6", evaluation="6"),
    modalities=PUBLISHED,
    extra_modalities=EXTRA,
    small_variants=(STACKED, ALL_MODALITIES),
    hyperparameters=(
        Hyperparameter("dropout", float, "Inside the block.", least=0, most=1),
        Hyperparameter(
            "window_clips",
            int,
            "Clips in a row that an epoch sees of a longer trailer.",
            least=1,
        ),
    ),
)
