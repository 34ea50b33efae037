"""The variants of `revenue`: seed 001's network and what the seed names beside it."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.core.systems import ALL_STREAMS, PUBLISHED_STREAMS, REVENUE
from pipeline.models.estimators.ensemble import EnsembleConfig, EnsembleEstimator
from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
from pipeline.models.estimators.ordinal_estimator import OrdinalEstimator
from pipeline.models.training.estimator import Estimator

CUT_BLEND = "blend, cut into classes"

_SEED = FusionConfig(streams=REVENUE.streams)
_ALL = replace(_SEED, streams=(*REVENUE.streams, *REVENUE.extra_streams))
_OVER_FRAMES = ("text", "frames", "audio", "poster", "metadata")
"""All streams; the mean over frames gives way to the frames themselves."""

_OURS = replace(_ALL, batch_size=64, schedule=replace(_ALL.schedule, learning_rate=3e-4))
"""Of the variants that the seed names and gives no figures of: larger steps cost a fraction."""

_SMALL = {"max_epochs": 8}
_SMALL_OURS = {**_SMALL, "batch_size": 16}

_NETWORKS = (
    FusionEstimator(ALL_STREAMS, _ALL, _SMALL),
    FusionEstimator(PUBLISHED_STREAMS, _SEED, _SMALL),
    FusionEstimator("attention fusion", replace(_OURS, fusion="attention fusion"), _SMALL_OURS),
    *(
        FusionEstimator(
            f"{reader} over frames",
            replace(_OURS, streams=_OVER_FRAMES, reader=reader),
            _SMALL_OURS,
        )
        for reader in ("lstm", "gru")
    ),
    FusionEstimator("multi-task heads", replace(_ALL, extra_weight=0.3), _SMALL),
)
_BY_NAME: Mapping[str, Estimator] = {estimator.name: estimator for estimator in _NETWORKS}

_TOGETHER = EnsembleConfig((ALL_STREAMS, "attention fusion", "gru over frames"))

ESTIMATORS: Mapping[str, Estimator] = {
    **_BY_NAME,
    "ensemble": EnsembleEstimator("ensemble", _BY_NAME, _TOGETHER, _SMALL),
    CUT_BLEND: OrdinalEstimator(CUT_BLEND),
}
"""By the variant's name, the main one first. "multi-task heads" learns the inputs' `extra_targets`
(score, genres) beside the class; without any it is "all streams". The last learns the revenue
itself, by the blend of `box_office`, and names the class in which it falls."""
