"""The variants of `genre`: DIViTA over each stream, two trailer streams fused, and all streams."""

from collections.abc import Mapping

from pipeline.core.systems import ALL_STREAMS, GENRE
from pipeline.models.estimators.divita_estimator import DivitaConfig, DivitaEstimator
from pipeline.models.networks.divita import EARLY
from pipeline.models.training.estimator import Estimator

LATE_FUSION, EARLY_FUSION = "late fusion", "early fusion"

SMALL: Mapping[str, object] = {"max_epochs": 40, "learning_rate": 1e-3, "batch_size": 16}
"""Hyperparameters for the studio's films: some dozen steps an epoch would not move published
rates.
"""

_EVERY = (*GENRE.streams, *GENRE.extra_streams)

_CONFIGS = {
    LATE_FUSION: DivitaConfig(streams=GENRE.streams),
    EARLY_FUSION: DivitaConfig(streams=GENRE.streams, fusion=EARLY),
    ALL_STREAMS: DivitaConfig(streams=_EVERY),
    **{f"{name} alone": DivitaConfig(streams=(name,)) for name in _EVERY},
}

ESTIMATORS: Mapping[str, Estimator] = {
    name: DivitaEstimator(name, config, SMALL) for name, config in _CONFIGS.items()
}
"""By the variant's name, the published fusion first."""
