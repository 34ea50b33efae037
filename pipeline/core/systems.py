"""The table of systems and of presets; a new system is a new row here."""

from dataclasses import dataclass
from enum import StrEnum

REVENUE_CLASSES = (
    "Disaster", "Flop", "Successful", "Average", "Hit", "Outstanding", "Superhit", "Blockbuster",
)  # fmt: skip
"""Names of the eight revenue classes, lowest first, in the seed's order. Source: seed 001."""

TRAILER_GENRES = (
    "action", "adventure", "comedy", "crime", "drama", "fantasy", "horror", "romance", "sci-fi",
    "thriller",
)  # fmt: skip
"""The ten labels of Trailers12k, in the order of its table's columns. Source: seed 002, "MTGC
Evaluation"."""


POSTER_GENRES = (
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Drama", "Fantasy", "Horror",
    "Science Fiction", "Thriller",
)  # fmt: skip
"""Ten genres told apart by poster, TMDB's names. Seed 003 takes the ten with the most films and
names none; these are the most frequent first genres of Kaggle's TMDB 5000."""


GENRE_COLUMNS = ("genre_",)
"""Beginning of the metadata columns that name a movie's genres."""


class TaskKind(StrEnum):
    """What a task's answer looks like: one class of several, one number, or any of some labels."""

    CLASSES = "classes"
    REGRESSION = "regression"
    LABELS = "labels"


@dataclass(frozen=True)
class Task:
    """One thing to predict.

    Attributes:
        name: In folders and reports.
        kind: See `TaskKind`.
        main_metric: The score that verdicts are about, a name in `pipeline.evaluation`.
        class_names: Of classes (lowest first where they are ordered) or labels; none of a number.
        is_ordered: Whether neighbouring classes are nearer than others.
        unit: Of a number.
        leaking_column_prefixes: Beginnings of the metadata columns that say the answer: they are
            no inputs of this
            task, though known before release.
    """

    name: str
    kind: TaskKind
    main_metric: str
    class_names: tuple[str, ...] = ()
    is_ordered: bool = False
    unit: str = ""
    leaking_column_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RatioSplit:
    """Shares of the movies in train, validation and test; they sum to 1."""

    name: str
    train: float
    val: float
    test: float


PUBLISHED_STREAMS = "seed streams"
ALL_STREAMS = "all streams"
"""Variants of `revenue`: the published network alone, and with the streams that ours adds."""

BY_DATE = "by-date"
"""Name of the split by release date: train on the oldest, test on the newest."""

FOLD = "fold-"
"""Prefix of a cross-validation's splits, numbered from 1."""

OFFICIAL = "official-"
"""Prefix of the splits that came with the films, numbered from 0 as Trailers12k does."""


def fold_name(k: int) -> str:
    """Name a fold, counted from 0.

    Example:
        >>> fold_name(0)
        'fold-1'
    """
    return f"{FOLD}{k + 1}"


@dataclass(frozen=True)
class CodeVersions:
    """Code version of each asset of a system; raised by hand whenever its results would differ."""

    splits: str = "1"
    baselines: str = "1"
    encoder: str = "1"
    model: str = "1"
    evaluation: str = "1"


@dataclass(frozen=True)
class System:
    """One published system: what it predicts, from which streams, on which splits.

    Attributes:
        name: Prefix of its assets (`<name>_model`).
        seed: Number of the text that describes it.
        tasks: What it predicts; the first one is the published one.
        main_variant: The variant that stands for the system on the leaderboard.
        splits: The published splits by share; one by release date always stands beside them.
        split_seed: Seed of the published splits.
        folds: Folds of the cross-validation beside them; 0 for none.
        streams: The streams of the published network.
        extra_streams: Streams that ours adds; the report shows both.
        code_versions: Of its assets.
        has_encoder: Whether its networks begin with an encoder that an asset of its own pretrains.
    """

    name: str
    seed: str
    tasks: tuple[Task, ...]
    main_variant: str
    splits: tuple[RatioSplit, ...]
    split_seed: int = 42
    folds: int = 0
    streams: tuple[str, ...] = ()
    extra_streams: tuple[str, ...] = ()
    code_versions: CodeVersions = CodeVersions()
    has_encoder: bool = False

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes of the first task."""
        return self.tasks[0].class_names


EIGHTY_TEN_TEN = RatioSplit("80-10-10", 0.80, 0.10, 0.10)

LOG10_REVENUE = Task("log10_revenue", TaskKind.REGRESSION, "rmse_error", unit="log10 US dollars")
"""Source: seed 000."""

BOX_OFFICE = System(
    name="box_office",
    seed="000",
    tasks=(LOG10_REVENUE,),
    main_variant="blend",
    splits=(EIGHTY_TEN_TEN,),
    folds=5,
    has_encoder=True,
    code_versions=CodeVersions(splits="2", model="3", evaluation="2"),
)
"""Revenue from typed fields, plot and poster regions; the seed publishes no split."""

REVENUE_CLASS = Task(
    "revenue_class", TaskKind.CLASSES, "macro_f1_score", REVENUE_CLASSES, is_ordered=True
)
"""Source: seed 001."""

REVENUE = System(
    name="revenue",
    seed="001",
    tasks=(REVENUE_CLASS,),
    main_variant=ALL_STREAMS,
    splits=(
        RatioSplit("70-20-10", 0.70, 0.20, 0.10),
        RatioSplit("75-15-10", 0.75, 0.15, 0.10),
        EIGHTY_TEN_TEN,
    ),
    split_seed=42,
    folds=5,
    streams=("text", "video", "audio"),
    extra_streams=("poster", "metadata"),
    code_versions=CodeVersions(splits="2", model="3", evaluation="2"),
)
"""Eight revenue classes from plot, trailer and sound. Source: seed 001, "Data Splits"."""

GENRES = Task(
    "genres",
    TaskKind.LABELS,
    "micro_ap_score",
    TRAILER_GENRES,
    leaking_column_prefixes=GENRE_COLUMNS,
)
"""Source: seed 002."""

GENRE = System(
    name="genre",
    seed="002",
    tasks=(GENRES,),
    main_variant="late fusion",
    splits=(RatioSplit("70-10-20", 0.70, 0.10, 0.20),),
    folds=0,
    streams=("clip_frames", "clips"),
    extra_streams=("poster", "text", "sound"),
    code_versions=CodeVersions(splits="2", model="3", evaluation="2"),
)
"""Ten genres from trailers; the shares are those of the official parts, which are used where the
paper's own films are there. Source: seed 002."""

COMEDY_HORROR = Task(
    "comedy_horror",
    TaskKind.CLASSES,
    "balanced_accuracy_score",
    ("comedy", "horror"),
    leaking_column_prefixes=GENRE_COLUMNS,
)
FIRST_GENRE = Task(
    "first_genre",
    TaskKind.CLASSES,
    "balanced_accuracy_score",
    POSTER_GENRES,
    leaking_column_prefixes=GENRE_COLUMNS,
)
GENRE_LABELS = Task(
    "genre_labels",
    TaskKind.LABELS,
    "average_precision_score",
    POSTER_GENRES,
    leaking_column_prefixes=GENRE_COLUMNS,
)
PROFIT = Task("profit", TaskKind.CLASSES, "auc_score", ("did not do well", "did well"))
"""Revenue over budget below 1, or at least 1. Source: seed 003."""

POSTER = System(
    name="poster",
    seed="003",
    tasks=(COMEDY_HORROR, FIRST_GENRE, GENRE_LABELS, PROFIT),
    main_variant="resnet18, pad",
    splits=(RatioSplit("70-10-20", 0.70, 0.10, 0.20),),
    code_versions=CodeVersions(splits="2", model="3", evaluation="2"),
)
"""Genre and money from posters; the seed trains on 80 % and has no test part. Source: seed 003."""

SCORE_TASK = Task("score", TaskKind.REGRESSION, "mae_error", unit="standard deviations")
"""IMDb's score, standardised by the training part. Source: seed 004."""

SCORE = System(
    name="score",
    seed="004",
    tasks=(SCORE_TASK,),
    main_variant="frame embeddings, attention",
    splits=(EIGHTY_TEN_TEN,),
    streams=("frames",),
    code_versions=CodeVersions(splits="2", model="3", evaluation="2"),
)
"""The score from a few frames of a trailer. Source: seed 004."""

SYSTEMS = (BOX_OFFICE, REVENUE, GENRE, POSTER, SCORE)


@dataclass(frozen=True)
class Preset:
    """Which backbones make the embeddings, and of how much; heads are trained alike.

    Attributes:
        text_backbone, image_backbone, clip_backbone, audio_backbone: Names in
            `pipeline.embeddings.backbones`; "" for none: then nothing of the kind is made.
        detector: What finds objects on posters; "" for none.
        clips_per_trailer: Clips that are embedded of a trailer, spread evenly; 0 for all.
        clip_frame_step: Image backbones see every so many of a clip's frames.
    """

    name: str
    text_backbone: str = ""
    image_backbone: str = ""
    clip_backbone: str = ""
    audio_backbone: str = ""
    detector: str = ""
    clips_per_trailer: int = 0
    clip_frame_step: int = 1


PRESETS = {
    "published": Preset(
        "published",
        text_backbone="bert-base-uncased",
        image_backbone="resnet50",
        clip_backbone="swin3d_t",
        audio_backbone="ast",
        detector="fasterrcnn_resnet50_fpn_v2",
    ),
    "small": Preset(
        "small",
        text_backbone="minilm",
        image_backbone="shufflenet",
        clip_backbone="shufflenet3d",
        detector="fasterrcnn_mobilenet_v3_large_320_fpn",
        clips_per_trailer=2,
        clip_frame_step=12,
    ),
}
"""`published`: seed 001's BERT and ResNet50, seed 002's best clips, and what ours adds beside them.
`small` replaces seed 001's "simplified trainer" with light backbones; all of it takes minutes."""
