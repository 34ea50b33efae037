"""The table of networks: a saved model names its kind, and this builds and asks it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.models.estimators import (
    blend,
    ordinal_estimator,
    poster_cnn,
    stacked_cnn,
    transformer_estimator,
)
from pipeline.models.estimators.ensemble import Ensemble
from pipeline.models.networks.attention import ATTENTION
from pipeline.models.networks.divita import DIVITA
from pipeline.models.networks.divita import KIND as DIVITA_KIND
from pipeline.models.networks.fusion import FUSION
from pipeline.models.training.estimator import Inputs, NetworkKind


def _build_ensemble(members: Sequence[Mapping[str, Any]]) -> Ensemble:
    networks = [KINDS[member["kind"]].build(**member["arguments"]) for member in members]
    return Ensemble([member["kind"] for member in members], networks)


def _ask_ensemble(network: Ensemble, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    answers = [
        KINDS[kind].answer(member, inputs, rows)
        for kind, member in zip(network.kinds, network.members, strict=True)
    ]
    return np.mean(answers, axis=0)


KINDS: Mapping[str, NetworkKind] = {
    "fusion": FUSION,
    "attention fusion": ATTENTION,
    stacked_cnn.KIND: stacked_cnn.FRAMES_CNN,
    poster_cnn.KIND: poster_cnn.POSTER_CNN,
    DIVITA_KIND: DIVITA,
    "ensemble": NetworkKind(_build_ensemble, _ask_ensemble),
    transformer_estimator.KIND: transformer_estimator.TRANSFORMER,
    blend.KIND: blend.BLEND,
    ordinal_estimator.KIND: ordinal_estimator.ORDINAL,
}
"""By the name that `Trained.kind` gives."""
