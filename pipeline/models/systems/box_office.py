"""The variants of `box_office`: the blend, its parts alone, and what the paper compares."""

from collections.abc import Mapping

from pipeline.core.systems import BOX_OFFICE
from pipeline.models.estimators.blend import (
    KERNEL,
    TRANSFORMER,
    TREES,
    BlendConfig,
    BlendRecipe,
    transformer_of,
)
from pipeline.models.estimators.transformer_estimator import TransformerRecipe
from pipeline.models.networks.box_office_transformer import TransformerConfig
from pipeline.models.training.estimator import Recipe
from pipeline.models.training.movie_reader import FIELDS

TEXT_ONLY = "text only, masked words"
PLAIN = "transformer"
MASKED = "transformer, masked fields"
GROUNDED = "transformer, masked fields, grounded keywords"

_WITH_KEYWORDS = (*FIELDS, "keyword")

_RECIPES = (
    BlendRecipe(BOX_OFFICE.main_variant, BlendConfig(pretraining="masked")),
    TransformerRecipe(PLAIN),
    TransformerRecipe(MASKED, TransformerConfig(pretraining="masked")),
    TransformerRecipe(
        GROUNDED, TransformerConfig(pretraining="grounding+masked", fields=_WITH_KEYWORDS)
    ),
    TransformerRecipe("transformer, keywords", TransformerConfig(fields=_WITH_KEYWORDS)),
    TransformerRecipe(
        TEXT_ONLY,
        TransformerConfig(
            pretraining="masked", fields=("word",), uses_numbers=False, uses_regions=False
        ),
    ),
    BlendRecipe("gaussian process", BlendConfig(parts=(KERNEL,))),
    BlendRecipe("boosted trees", BlendConfig(parts=(TREES,))),
)

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _RECIPES}
"""By the variant's name, the main one first. Keywords are in two variants only: the crowd writes
them, many after release."""


def pretrained_recipes() -> Mapping[str, TransformerRecipe]:
    """Give the transformers that are pretrained, also the one inside the blend, by variant."""
    found = {}
    for name, recipe in RECIPES.items():
        if isinstance(recipe, BlendRecipe):
            if TRANSFORMER not in recipe.config.parts:
                continue
            recipe = transformer_of(recipe.config)
        if recipe.config.pretraining:
            found[name] = recipe
    return found
