"""The shape of the one site on which everything is built, which several files of tests look at."""

from shared_sites import Shape
from sites import MOVIE_STAGES

from assets.orchestration.asset_specs import UNPARTITIONED_ASSETS

SHORT_ENCODER = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}

WHOLE = Shape(
    24,  # enough for splits whose training part holds all eight classes
    stages=MOVIE_STAGES,
    seen=10,
    assets=tuple(UNPARTITIONED_ASSETS),
    config={
        "box_office_encoder": {**SHORT_ENCODER, "pretraining_epochs": 1},
        "box_office_model": {**SHORT_ENCODER, "max_epochs": 1, "variants": ["transformer"]},
        "revenue_model": {"max_epochs": 1, "variants": ["seed streams"]},
        "genre_model": {"max_epochs": 1, "variants": ["late fusion"]},
        "poster_model": {"max_epochs": 1, "variants": ["resnet18, pad"]},
        "score_model": {"max_epochs": 1, "variants": ["frame embeddings, attention"]},
    },
)
