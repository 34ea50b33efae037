"""The table of systems and of presets; a new system is a new row here.

What belongs here: published figures with their source. What does not: code.
"""

from dataclasses import dataclass

REVENUE_CLASSES = (
    "Disaster", "Flop", "Successful", "Average", "Hit", "Outstanding", "Superhit", "Blockbuster",
)  # fmt: skip
"""Names of the eight revenue classes, lowest first, in the seed's order. Source: seed 001."""


@dataclass(frozen=True)
class RatioSplit:
    """Shares of the movies in train, validation and test; they sum to 1."""

    name: str
    train: float
    val: float
    test: float


@dataclass(frozen=True)
class System:
    """One published system: what it predicts, from which streams, on which splits.

    Attributes:
        name: Prefix of its assets (`<name>_model`).
        seed: Number of the text that describes it.
        class_names: Names of the classes, lowest first.
        streams: The streams of the published network.
        extra_streams: Streams that ours adds; the report shows both.
        splits: The published splits; one by release date always stands beside them.
        split_seed: Seed of the published splits.
    """

    name: str
    seed: str
    class_names: tuple[str, ...]
    streams: tuple[str, ...]
    extra_streams: tuple[str, ...]
    splits: tuple[RatioSplit, ...]
    split_seed: int


REVENUE = System(
    name="revenue",
    seed="001",
    class_names=REVENUE_CLASSES,
    streams=("text", "video", "audio"),
    extra_streams=("poster", "metadata"),
    splits=(
        RatioSplit("70-20-10", 0.70, 0.20, 0.10),
        RatioSplit("75-15-10", 0.75, 0.15, 0.10),
        RatioSplit("80-10-10", 0.80, 0.10, 0.10),
    ),
    split_seed=42,
)
"""Eight revenue classes from plot, trailer and sound. Source: seed 001, "Data Splits"."""

PUBLISHED_STREAMS = "seed streams"
ALL_STREAMS = "all streams"
"""The variants of a model: the published network alone, and with the streams that ours adds."""

BY_DATE = "by-date"
"""Name of the split by release date: train on the oldest, test on the newest."""


@dataclass(frozen=True)
class Preset:
    """Which backbones make the embeddings; heads are trained alike.

    Attributes:
        text_backbone, image_backbone: Names in `pipeline.embeddings.backbones`.
    """

    name: str
    text_backbone: str
    image_backbone: str


PRESETS = {
    "published": Preset("published", "bert-base-uncased", "resnet50"),
    "small": Preset("small", "minilm", "shufflenet"),
}
"""`published` is seed 001's; `small` replaces its "simplified trainer" with light backbones."""
