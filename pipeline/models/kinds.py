"""The table of networks: a saved model names its kind, and this builds and asks it.

What belongs here: names only; a new network is a new row. What does not: networks.
"""

from collections.abc import Mapping

from pipeline.models import poster_cnn, stacked_cnn
from pipeline.models.attention import ATTENTION
from pipeline.models.fusion import FUSION
from pipeline.models.recipe import NetworkKind

KINDS: Mapping[str, NetworkKind] = {
    "fusion": FUSION,
    "attention fusion": ATTENTION,
    stacked_cnn.KIND: stacked_cnn.FRAMES_CNN,
    poster_cnn.KIND: poster_cnn.POSTER_CNN,
}
"""By the name that `Trained.kind` gives."""
