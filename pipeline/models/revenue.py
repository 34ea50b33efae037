"""The variants of `revenue`: seed 001's network and what the seed names beside it.

What belongs here: a name and a config each. What does not: networks and training.
"""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.models.fusion_recipe import FusionConfig, FusionRecipe
from pipeline.models.recipe import Recipe
from pipeline.systems import ALL_STREAMS, PUBLISHED_STREAMS, REVENUE

_SEED = FusionConfig(streams=REVENUE.streams)
_ALL = replace(_SEED, streams=(*REVENUE.streams, *REVENUE.extra_streams))
_OVER_FRAMES = ("text", "frames", "audio", "poster", "metadata")
"""All streams; the mean over frames gives way to the frames themselves."""

_RECIPES = (
    FusionRecipe(PUBLISHED_STREAMS, _SEED),
    FusionRecipe(ALL_STREAMS, _ALL),
    FusionRecipe("attention fusion", replace(_ALL, fusion="attention fusion")),
    FusionRecipe("lstm over frames", replace(_ALL, streams=_OVER_FRAMES, reader="lstm")),
    FusionRecipe("gru over frames", replace(_ALL, streams=_OVER_FRAMES, reader="gru")),
    FusionRecipe("multi-task heads", replace(_ALL, extra_weight=0.3)),
)

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _RECIPES}
"""By the variant's name. "multi-task heads" learns the inputs' `extra_targets` (score, genres)
beside the class; without any it is "all streams"."""
