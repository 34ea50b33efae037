"""Trailers12k's own files through our DIViTA: official splits, mean and deviation over them.

Source: reference implementation 002; systems.md on its published results.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.errors import ConfigurationError
from pipeline.core.tasks import Target
from pipeline.core.versions import hash_json
from pipeline.crawl.datasets.trailers12k_tables import read_mtgc
from pipeline.crawl.datasets.zarr_groups import open_group
from pipeline.crawl.datasets.zarr_packing import pack_group
from pipeline.evaluation.metrics.label_metrics import score_labels
from pipeline.layouts.trailers12k_layout import GENRES, GROUP_ENDING, MTGC_NAMES, SPLIT_SETS
from pipeline.models.estimators.baselines import LABEL_PRIOR, boost
from pipeline.models.systems.genre import EARLY_FUSION, GENRE, LATE_FUSION
from pipeline.models.systems.genre import GENRES as TASK
from pipeline.models.systems.system import ALL_MODALITIES
from pipeline.models.training.batches import StreamArrays
from pipeline.models.training.estimator import Estimator, FeatureSet, RunConfig
from pipeline.models.training.model_registry import predict, save_trained
from pipeline.models.training.summaries import reduce_streams

BACKBONES = {
    "swin": ("trailers_i_swin_fpc24", "trailers_ik_swin_fps24_fpc24"),
    "resnet": ("trailers_i_resnet_fpc24", "trailers_k_r2plus1d_fps24_fpc24"),
    "shufflenet": ("trailers_i_shufflenet_fpc24", "trailers_k_shufflenet_fps24_fpc24"),
}
"""Groups of a family's frame and clip features."""
POSTERS = "posters_i_swin"

METRICS = ("micro_ap_score", "macro_ap_score", "weighted_ap_score", "sample_ap_score")
PUBLISHED = {
    "ShuffleNet, both": (72.11, 67.08, 71.42, 76.66),
    "ResNet, both": (73.28, 68.03, 72.14, 77.76),
    "Swin, frames": (72.96, 67.68, 71.70, 77.77),
    "Swin, clips": (75.71, 70.44, 74.30, 80.19),
}
"""μAP, mAP, wAP, sAP of the test sets, in percent. Source: Montalvo-Lezama et al. 2023, tables of
results, as systems.md lists them."""

BOOSTING_POOLED = "boosting on pooled features"
RESULTS_FILE = "trailers12k_results.json"


@dataclass(frozen=True)
class PackedGroups(StreamArrays):
    """The packed modalities, sequences on the disk, and what stands beside them.

    Attributes:
        labels: float32 (movies, 10).
        splits: (movies, 3): 0 train, 1 val, 2 test.
        groups: Which file each modality came from.
    """

    labels: np.ndarray
    splits: np.ndarray
    groups: Mapping[str, str]


def train_and_evaluate(
    folder: Path,
    *,
    work: Path,
    splits: Sequence[int] = (0, 1, 2),
    backbone: str = "",
    hyperparameters: Mapping[str, object],
    report: Callable[[str], None],
    seed: int = 42,
) -> dict:
    """Train and evaluate every variant on the official splits.

    Returns:
        What `RESULTS_FILE` holds: `rows`, `groups`, `variants` with each split's scores in percent.

    Raises:
        DumpError: A file is missing or damaged.
        ConfigurationError: There is no such backbone or split.
    """
    table = load(folder, work / "packed", backbone)
    scores: dict[str, list[dict[str, float]]] = {}
    for split in splits:
        if split not in (0, 1, 2):
            raise ConfigurationError(f"--splits: expected some of 0, 1 and 2, got {split}")
        sets = np.array(SPLIT_SETS, dtype=object)[table.splits[:, split]]
        rows = np.flatnonzero(sets == "test")
        for variant, preds in _predict(
            table, sets, rows, work / f"split{split}", hyperparameters, seed
        ):
            scores.setdefault(variant, []).append(_score(preds, table.labels[rows]))
            report(f"split{split} · {variant}: μAP {scores[variant][-1]['micro_ap_score']:.2f}")
    result = {
        "rows": len(table.labels), "splits": list(splits), "groups": dict(table.groups),
        "data_hash": table.data_hash, "knobs": dict(hyperparameters), "seed": seed,
        "variants": scores,
        "published": {name: list(values) for name, values in PUBLISHED.items()},
    }  # fmt: skip
    (work / RESULTS_FILE).write_text(json.dumps(result, indent=1, ensure_ascii=False))
    return result


def load(folder: Path, packed: Path, backbone: str = "") -> PackedGroups:
    """Read the table of genres and splits, and pack the groups that are there."""
    tables = [folder / name for name in MTGC_NAMES if (folder / name).is_file()]
    if not tables:
        raise ConfigurationError(f"{folder} holds none of {MTGC_NAMES}; pass the unpacked download")
    listed = read_mtgc(tables[0]).rows
    groups = _find_groups(folder, backbone)
    made = {
        stream: pack_group(open_group(folder / f"{name}{GROUP_ENDING}"), list(listed), packed)
        for stream, name in groups.items()
    }
    rows = [row for _, row in listed.values()]
    return PackedGroups(
        streams={stream: ragged for stream, (ragged, _) in made.items()},
        masks={stream: ragged.lengths > 0 for stream, (ragged, _) in made.items()},
        data_hash=hash_json({stream: digest for stream, (_, digest) in made.items()}),
        labels=np.array([[g in row["genres"] for g in GENRES] for row in rows], np.float32),
        splits=np.array([list(row["splits"].values()) for row in rows]),
        groups=groups,
    )


def _find_groups(folder: Path, backbone: str) -> dict[str, str]:
    """Return the groups to use: frames and clips of one family, and posters, as far as present."""
    if backbone and backbone not in BACKBONES:
        raise ConfigurationError(f"--backbone: expected one of {list(BACKBONES)}, got {backbone!r}")
    for family in [backbone] if backbone else list(BACKBONES):
        names = dict(zip(("clip_frames", "clips"), BACKBONES[family], strict=True))
        present = {s: n for s, n in names.items() if (folder / f"{n}{GROUP_ENDING}").is_dir()}
        if present:
            has_posters = (folder / f"{POSTERS}{GROUP_ENDING}").is_dir()
            return present | ({"poster": POSTERS} if has_posters else {})
    raise ConfigurationError(
        f"{folder} holds no features of trailers; expected folders such as "
        f"{BACKBONES['swin'][1]}{GROUP_ENDING}. Unpack them beside the table."
    )


def _predict(
    table: PackedGroups,
    split: np.ndarray,
    rows: np.ndarray,
    folder: Path,
    hyperparameters: Mapping[str, object],
    seed: int,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield every model's and baseline's probabilities for the test set."""
    features, target = FeatureSet(table), Target(TASK, table.labels, {})
    train = np.flatnonzero(split == "train")
    labels = table.labels[train]
    yield LABEL_PRIOR, np.tile(labels.mean(axis=0, dtype=np.float64), (len(rows), 1))
    pooled = reduce_streams(table, list(table.streams), train, rows, seed=seed)
    yield BOOSTING_POOLED, boost(*pooled, target, labels, seed)
    for name, estimator in _variants(table).items():
        own = folder / name
        trained = estimator.train(
            features, target, split, RunConfig(own, seed=seed, hyperparameters=hyperparameters)
        )
        save_trained(
            trained, own / "model.pth", task=TASK, target_facts={}, notes=dict(table.groups)
        )
        yield name, predict(trained, features, rows)


def _variants(table: PackedGroups) -> dict[str, Estimator]:
    """Return the estimators that differ on these modalities: alone, and fused where there are
    several.
    """
    estimators = GENRE.estimators()
    names = [f"{stream} alone" for stream in table.streams]
    if {"clip_frames", "clips"} <= set(table.streams):
        names += [LATE_FUSION, EARLY_FUSION]
    if "poster" in table.streams:
        names.append(ALL_MODALITIES)
    return {name: estimators[name] for name in names}


def _score(preds: np.ndarray, target: np.ndarray) -> dict[str, float]:
    scores = score_labels(preds, target, np.ones((1, len(target))))
    return {name: float(scores[name][0]) * 100 for name in METRICS}


def list_rows(result: Mapping) -> list[tuple[str, ...]]:
    """Return the rows of a table: name, then mean ± deviation (ddof 1) of each metric."""
    lines = []
    for name, scores in result["variants"].items():
        values = np.array([[one[metric] for metric in METRICS] for one in scores])
        spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(len(METRICS), np.nan)
        cells = [f"{m:.2f} ± {s:.2f}" for m, s in zip(values.mean(axis=0), spread, strict=True)]
        lines.append((name, *[cell.replace(" ± nan", "") for cell in cells]))
    for name, values in result["published"].items():
        lines.append((f"published: {name}", *(f"{value:.2f}" for value in values)))
    return lines
