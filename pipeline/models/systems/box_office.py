"""The variants of `box_office`: the blend, its parts alone, and what the paper compares."""

from collections.abc import Mapping

from pipeline.core.systems import BOX_OFFICE
from pipeline.models.estimators.blend import (
    KERNEL,
    TRANSFORMER,
    TREES,
    BlendConfig,
    BlendEstimator,
    transformer_of,
)
from pipeline.models.estimators.transformer_estimator import TransformerEstimator
from pipeline.models.networks.box_office_transformer import TransformerConfig
from pipeline.models.training.estimator import Estimator
from pipeline.models.training.movie_reader import FIELDS

TEXT_ONLY = "text only, masked words"
PLAIN = "transformer"
MASKED = "transformer, masked fields"
GROUNDED = "transformer, masked fields, grounded keywords"

_WITH_KEYWORDS = (*FIELDS, "keyword")

_RECIPES = (
    BlendEstimator(BOX_OFFICE.main_variant, BlendConfig(pretraining="masked")),
    TransformerEstimator(PLAIN),
    TransformerEstimator(MASKED, TransformerConfig(pretraining="masked")),
    TransformerEstimator(
        GROUNDED, TransformerConfig(pretraining="grounding+masked", fields=_WITH_KEYWORDS)
    ),
    TransformerEstimator("transformer, keywords", TransformerConfig(fields=_WITH_KEYWORDS)),
    TransformerEstimator(
        TEXT_ONLY,
        TransformerConfig(
            pretraining="masked", fields=("word",), uses_numbers=False, uses_regions=False
        ),
    ),
    BlendEstimator("gaussian process", BlendConfig(parts=(KERNEL,))),
    BlendEstimator("boosted trees", BlendConfig(parts=(TREES,))),
)

ESTIMATORS: Mapping[str, Estimator] = {estimator.name: estimator for estimator in _RECIPES}
"""By the variant's name, the main one first. Keywords are in two variants only: the crowd writes
them, many after release."""


def pretrained_estimators() -> Mapping[str, TransformerEstimator]:
    """Return the transformers that are pretrained, also the one inside the blend, by variant."""
    found = {}
    for name, estimator in ESTIMATORS.items():
        if isinstance(estimator, BlendEstimator):
            if TRANSFORMER not in estimator.config.parts:
                continue
            estimator = transformer_of(estimator.config)
        if estimator.config.pretraining:
            found[name] = estimator
    return found
