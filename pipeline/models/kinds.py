"""The table of networks: a saved model names its kind, and this builds and asks it.

What belongs here: names; a new network is a new row. What does not: networks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.models import blend, box_office_recipe, ordinal_recipe, poster_cnn, stacked_cnn
from pipeline.models.attention import ATTENTION
from pipeline.models.divita import DIVITA
from pipeline.models.divita import KIND as DIVITA_KIND
from pipeline.models.ensemble import Ensemble
from pipeline.models.fusion import FUSION
from pipeline.models.recipe import Inputs, NetworkKind


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
    box_office_recipe.KIND: box_office_recipe.TRANSFORMER,
    blend.KIND: blend.BLEND,
    ordinal_recipe.KIND: ordinal_recipe.ORDINAL,
}
"""By the name that `Trained.kind` gives."""
