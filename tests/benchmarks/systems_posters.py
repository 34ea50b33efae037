"""Measure reference implementation 003's tasks on real posters, beside baselines.

Ours is the main variant of `poster`: a linear model over the embeddings of the default preset. Its
peers are boosting on the colours of the same posters, boosting on metadata (of the genre tasks it
does not see the listed genres, which are what is asked), and a network that looks at 64 pixels and
is trained on these posters from nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.report import BenchRow

DATA = Path(__file__).parents[2] / "../shared/data"

NETWORK_VARIANT = "augmentation"
HYPERPARAMETERS: Mapping[str, object] = {
    "input_px": 64, "width": 16, "batch_size": 32, "learning_rate": 1e-3, "max_epochs": 10,
    "patience": 5, "plateau_patience": 1,
}  # fmt: skip
"""Chosen by the validation part alone; about a minute a task on one core."""

CELLS, BINS = 4, 4
"""A poster's colours: mean and deviation in 4 x 4 cells, and a histogram of 4 x 4 x 4 colours."""

MIN_SCORES = {
    ("genre_labels", "average_precision_score"): 0.52,
    ("comedy_horror", "balanced_accuracy_score"): 0.80,
}
"""Targets, by task and score."""

SHOWN = {
    "comedy_horror": ("balanced_accuracy_score", "auc_score"),
    "first_genre": (
        "accuracy_score", "top3_accuracy_score", "balanced_accuracy_score", "auc_score",
    ),
    "genre_labels": ("macro_ap_score", "micro_ap_score", "average_precision_score"),
    "profit": ("accuracy_score", "balanced_accuracy_score", "auc_score"),
}  # fmt: skip
"""Scores by task, the seed's own first."""

OURS, COLOURS, METADATA = "linear on embeddings", "boosting on colours", "boosting on metadata"
NETWORK = "network from nothing"
TRIVIAL = "trivial"


@dataclass(frozen=True)
class Streams:
    """What the table of the product holds, as far as it is needed here."""

    streams: Mapping[str, np.ndarray]
    masks: Mapping[str, np.ndarray]
    data_hash: str
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Posters:
    """Real movies that have a poster."""

    table: pd.DataFrame
    metadata: np.ndarray
    pictures: Sequence[np.ndarray]
    embeddings: np.ndarray
    data_hash: str

    def streams(self, *, has_genres: bool) -> Streams:
        """Return embeddings and metadata, the latter with or without columns that name genres."""
        from pipeline.core.metadata import METADATA_COLUMNS

        kept = [k for k, name in enumerate(METADATA_COLUMNS) if has_genres or "genre_" not in name]
        everybody = np.ones(len(self.table), dtype=bool)
        return Streams(
            {"metadata": self.metadata[:, kept], "poster": self.embeddings},
            {"metadata": everybody, "poster": everybody},
            self.data_hash,
            {"metadata": [METADATA_COLUMNS[k] for k in kept]},
        )


def measure(data: Path = DATA, seed: int = 42) -> list[BenchRow]:
    """Train and evaluate each task on real posters; franchises stay on one side of the split.

    Args:
        data: The folder with `tmdb5000` and `posters`.
        seed: Of the split, the weights and the order.
    """
    from pipeline.models.systems.poster import COMEDY_HORROR, FIRST_GENRE, GENRE_LABELS, PROFIT

    if not (data / "posters/images").is_dir():
        return [
            BenchRow(f"poster {name}", None, "score", TRIVIAL, None, None, better="higher",
                     why=f"no real posters in {data}")
            for name in SHOWN
        ]  # fmt: skip
    posters = read_posters(data)
    tasks = (COMEDY_HORROR, FIRST_GENRE, GENRE_LABELS, PROFIT)
    return [row for task in tasks for row in _measure_task(posters, task, seed)]


def read_posters(data: Path) -> Posters:
    """Read the movies of the dump that have a real poster."""
    from pipeline.core.metadata import describe_movies
    from pipeline.core.versions import hash_bytes
    from pipeline.crawl.datasets import tmdb5000
    from pipeline.crawl.datasets.dump_rows import AcceptedRow
    from pipeline.crawl.tmdb.responses import parse_details
    from pipeline.media.picture import decode, open_picture

    rows = tmdb5000.read(data / "tmdb5000")
    records = [
        parse_details({"id": r.tmdb_id, **r.fields}) for r in rows if isinstance(r, AcceptedRow)
    ]
    files = {int(path.stem): path for path in (data / "posters/images").glob("*.jpg")}
    metadata = describe_movies(records)  # of all movies: it counts earlier films of a franchise
    kept = [k for k, record in enumerate(records) if record.tmdb_id in files]
    contents = [files[records[k].tmdb_id].read_bytes() for k in kept]
    return Posters(
        _make_table([records[k] for k in kept]),
        metadata[kept],
        [np.asarray(decode(open_picture(content))) for content in contents],
        embed_posters(contents),
        hash_bytes(*contents),
    )


def embed_posters(contents: Sequence[bytes]) -> np.ndarray:
    """Embed posters as the default preset does, float32 (posters, width)."""
    from pipeline.core.presets import DEFAULT_PRESET, PRESETS
    from pipeline.embeddings.encode import encode_arrays
    from pipeline.media.poster import load_embedded_poster
    from resources.compute.weights import load_backbone

    loaded = load_backbone(PRESETS[DEFAULT_PRESET].poster_backbone, allow_random=False)
    items = (
        (number, load_embedded_poster(content)[None]) for number, content in enumerate(contents)
    )
    found = dict(encode_arrays(items, loaded.network, loaded.backbone))
    return np.concatenate([found[number] for number in range(len(contents))])


def _make_table(records: Sequence) -> pd.DataFrame:
    from pipeline.core.franchises import assign_franchises

    return pd.DataFrame(
        {
            "tmdb_id": [r.tmdb_id for r in records],
            "franchise": [r.franchise for r in assign_franchises(records)],
            "release_date": pd.to_datetime([r.release_date for r in records]),
            "revenue_usd": np.array([r.revenue_usd for r in records], dtype=np.float64),
            "budget_usd": np.array([r.budget_usd for r in records], dtype=np.float64),
            "genres": [list(r.genres) for r in records],
        }
    )


def _measure_task(posters: Posters, task, seed: int) -> list[BenchRow]:
    from pipeline.models.systems.poster import POSTER
    from pipeline.splits.targets import make_target
    from pipeline.splits.task_splits import make_splits

    splits, _ = make_splits(posters.table, task, POSTER.splits, seed=seed)
    parts = splits[POSTER.splits[0].name].to_numpy()
    target = make_target(task, posters.table, np.flatnonzero(parts == "train"))
    answers = answer_all(posters, target, parts, seed)
    scores = _score(posters, target, np.flatnonzero(parts == "test"), answers, seed)
    sizes = ", ".join(f"{int((parts == part).sum())} {part}" for part in ("train", "val", "test"))
    return [
        _row(task, metric, scores, peer, sizes)
        for metric in SHOWN[task.name]
        for peer in (TRIVIAL, COLOURS, METADATA, NETWORK)
    ]


def answer_all(posters: Posters, target, parts: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Predict the test set by ours and its peers; none of them has looked at it."""
    from pipeline.core.tasks import TaskKind
    from pipeline.models.estimators.baselines import (
        BOOSTING,
        LABEL_PRIOR,
        PRIOR,
        boost,
        predict_baselines,
    )
    from pipeline.models.systems.poster import POSTER
    from pipeline.models.training.estimator import FeatureSet, RunConfig
    from pipeline.models.training.model_registry import predict

    train, test = (np.flatnonzero(parts == part) for part in ("train", "test"))
    table = posters.streams(has_genres=target.task.name == "profit")
    inputs = FeatureSet(table, load_poster=lambda row: posters.pictures[row])
    trained = {}
    for variant, given in {POSTER.main_variant: {}, NETWORK_VARIANT: HYPERPARAMETERS}.items():
        with TemporaryDirectory(prefix="marquee-bench-") as folder:
            run = RunConfig(Path(folder), seed=seed, hyperparameters=given, accelerator="cpu")
            trained[variant] = POSTER.estimators()[variant].train(inputs, target, parts, run)
    baselines = predict_baselines(inputs, target, train, test, seed=seed)
    colours = np.stack([describe_colours(picture) for picture in posters.pictures])
    return {
        OURS: predict(trained[POSTER.main_variant], inputs, test),
        NETWORK: predict(trained[NETWORK_VARIANT], inputs, test),
        TRIVIAL: baselines[LABEL_PRIOR if target.task.kind is TaskKind.LABELS else PRIOR],
        COLOURS: boost(colours[train], colours[test], target, target.values[train], seed),
        METADATA: baselines[BOOSTING],
    }


def describe_colours(picture: np.ndarray) -> np.ndarray:
    """Sum a picture up by its colours, float64 (160,).

    Example:
        >>> describe_colours(np.zeros((8, 8, 3), np.uint8)).shape
        (160,)
    """
    rows = np.array_split(picture, CELLS)
    cells = [cell.reshape(-1, 3) for row in rows for cell in np.array_split(row, CELLS, axis=1)]
    layout = [figure for cell in cells for figure in (cell.mean(axis=0), cell.std(axis=0))]
    shades = (picture.reshape(-1, 3) // (256 // BINS)).astype(np.int64) @ [BINS**2, BINS, 1]
    histogram = np.bincount(shades, minlength=BINS**3) / len(shades)
    return np.concatenate([*layout, histogram])


def _score(
    posters: Posters, target, rows: np.ndarray, answers: Mapping[str, np.ndarray], seed: int
) -> dict[str, dict]:
    from pipeline.core.tasks import TaskKind
    from pipeline.evaluation.metrics.split_results import SplitResult, score_result

    ids = posters.table["tmdb_id"].to_numpy()[rows]
    is_classes = target.task.kind is TaskKind.CLASSES
    results = {
        name: SplitResult(
            target.task, "test", name, "model" if name in (OURS, NETWORK) else "baseline", ids,
            preds, target.values[rows], is_sampled=is_classes and name == TRIVIAL,
        )
        for name, preds in answers.items()
    }  # fmt: skip
    return {name: score_result(result, seed=seed) for name, result in results.items()}


def _row(task, metric: str, scores: Mapping[str, Mapping], peer: str, sizes: str) -> BenchRow:
    ours, theirs = (scores[name][metric] for name in (OURS, peer))
    intervals = [f"{x.low:.3f} to {x.high:.3f}" for x in (ours, theirs)]
    return BenchRow(
        f"poster {task.name}, {metric}", ours.estimate, "score", peer, theirs.estimate, None,
        limit=MIN_SCORES.get((task.name, metric)), better="higher",
        note=f"{sizes}; 95 %: ours {intervals[0]}, peer {intervals[1]}",
    )  # fmt: skip
