"""Splits: the packed features of each system, and who is in which part.

What belongs here: the assets, one pair for each row of the table of systems. What does not: how
features are packed or parts are made (see `pipeline.splits`).
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import numpy as np

from assets.lineage import (
    FEATURE_STEPS,
    features_version,
    read_stage,
    write_stage,
)
from assets.stopping import stopping
from assets.system_assets import system_asset
from pipeline.errors import FeatureError
from pipeline.outcomes import Status
from pipeline.prices import REAL_USD_YEAR
from pipeline.systems import BY_DATE, REVENUE, System
from resources.workplace import Workplace

SYSTEMS = (REVENUE,)


def features_folder(workplace: Workplace, system: System) -> Path:
    """Give the folder of a system's packed features."""
    return workplace.store.folder("features") / system.name


def splits_path(workplace: Workplace, system: System) -> Path:
    """Give the file that says who is in which part."""
    return workplace.store.folder("splits") / f"{system.name}.parquet"


def load_features(workplace: Workplace, system: System):
    """Read a system's packed features; say what to run where there are none."""
    from pipeline.splits.features import FeatureTable

    folder = features_folder(workplace, system)
    if not (folder / "manifest.json").exists():
        raise FeatureError(
            f"There are no packed features for {system.name} in {workplace.store.root}. Run "
            "`uv run marquee demo` (built-in studio) or `uv run marquee build` first; they make "
            "them film by film."
        )
    return FeatureTable.load(folder)


def _ok(workplace: Workplace, name: str) -> list[int]:
    rows = workplace.ledger.rows(name)
    return sorted(tmdb_id for tmdb_id, row in rows.items() if row.status == Status.OK)


def _read_records(workplace: Workplace) -> list:
    from pipeline.crawl.tmdb import parse_details

    store = workplace.store
    return [
        parse_details(store.read_json(store.path("movies", f"{tmdb_id}.json")))
        for tmdb_id in _ok(workplace, "movie_records")
    ]


def _read_revenues(workplace: Workplace) -> dict[int, float]:
    store = workplace.store
    revenues = {
        tmdb_id: store.read_json(store.path("box_office", f"{tmdb_id}.json"))["revenue_usd"]
        for tmdb_id in _ok(workplace, "box_office")
    }
    return {tmdb_id: usd for tmdb_id, usd in revenues.items() if usd is not None}


def _read_streams(workplace: Workplace) -> Mapping[str, Mapping[int, np.ndarray]]:
    from pipeline.media.log_mel import log_mel

    store, preset = workplace.store, workplace.preset

    def vectors(asset: str, modality: str, backbone: str) -> dict[int, np.ndarray]:
        folder = ("embeddings", modality, backbone)
        _check_backbone(workplace, asset, backbone)
        return {i: store.read_array(store.path(*folder, f"{i}.npy")) for i in _ok(workplace, asset)}

    frames = vectors("frame_embeddings", "frames", preset.image_backbone)
    sounds = {
        i: store.read_array(store.path("audio", f"{i}.npy"))
        for i in _ok(workplace, "trailer_audio")
    }
    return {
        "text": vectors("text_embeddings", "text", preset.text_backbone),
        "video": {i: per_frame.mean(axis=0) for i, per_frame in frames.items()},
        "audio": {i: log_mel(sound).numpy().astype(np.float16) for i, sound in sounds.items()},
        "poster": vectors("poster_embeddings", "poster", preset.image_backbone),
    }


def _check_backbone(workplace: Workplace, asset: str, backbone: str) -> None:
    """Refuse a stream of which some films were embedded otherwise than the rest."""
    made = Counter(
        f"{row.metadata['backbone']} ({row.metadata['weights']}, {row.metadata['weights_hash']})"
        for row in workplace.ledger.rows(asset).values()
        if row.status == Status.OK
    )
    if len(made) > 1 or any(not name.startswith(f"{backbone} (") for name in made):
        raise FeatureError(
            f"{asset} are of {', '.join(f'{name}: {n} films' for name, n in made.items())}; the "
            f"preset {workplace.preset.name} wants {backbone} with the same weights for all. Run "
            f"`uv run marquee retry --again --asset {asset}` and `uv run marquee build`."
        )


def _weights_notes(workplace: Workplace) -> dict[str, str]:
    notes = {"source": workplace.source.label, "preset": workplace.preset.name}
    for name in ("text_embeddings", "poster_embeddings", "frame_embeddings"):
        labels = {
            f"{row.metadata['backbone']}, weights: {row.metadata['weights']}"
            for row in workplace.ledger.rows(name).values()
            if row.status == Status.OK
        }
        notes[name] = "; ".join(sorted(labels)) or "none"
    return notes


def build_features(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's packed features."""

    @system_asset(
        system,
        "features",
        group="splits",
        deps=FEATURE_STEPS,
        kinds={"parquet", "numpy"},
        metadata={
            "folder": f"features/{system.name}/",
            "shape": "text, poster (films, width); video (films, width), the mean over frames; "
            "audio (films, 64, 938) log-mel; metadata (films, columns)",
        },
        description=(
            f"One packed table for `{system.name}`: one row per film whose revenue is known, every "
            "stream with its mask, inputs known before release only."
        ),
    )
    def features(
        context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]
    ) -> dg.MaterializeResult:
        with stopping():
            from pipeline.splits.features import assemble

            version = features_version(workplace)
            records = _read_records(workplace)
            if not records:
                load_features(workplace, system)
            table = assemble(
                records,
                _read_revenues(workplace),
                _read_streams(workplace),
                notes=_weights_notes(workplace),
            )
            table.save(features_folder(workplace, system))
            write_stage(workplace, system, "features", version, table.data_hash)
        context.log.info(f"{len(table)} films packed, left out: {dict(table.dropped)}")
        return dg.MaterializeResult(
            metadata={
                "source": workplace.source.label,
                "movies": len(table),
                **{f"movies_with_{name}": int(mask.sum()) for name, mask in table.masks.items()},
                **{f"left_out_{reason}": count for reason, count in table.dropped.items()},
                "real_usd_year": REAL_USD_YEAR,
                "shapes": {name: list(a.shape) for name, a in table.streams.items()},
                "dagster/column_schema": _schema(table.table),
                "folder": str(features_folder(workplace, system)),
            },
            data_version=dg.DataVersion(table.data_hash),
        )

    return features


def _schema(table) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[dg.TableColumn(name, str(kind)) for name, kind in table.dtypes.items()]
    )


def build_splits(system: System) -> dg.AssetsDefinition:
    """Make the asset that says who is in which part of each of a system's splits."""

    @system_asset(
        system,
        "splits",
        group="splits",
        deps=[f"{system.name}_features"],
        kinds={"parquet"},
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn("tmdb_id", "int")]
                + [
                    dg.TableColumn(name, "str", description="train, val, test or empty")
                    for name in (*(split.name for split in system.splits), BY_DATE)
                ]
            )
        },
        description=(
            f"Train, validation and test of `{system.name}` in each published ratio and by release "
            "date, disjoint by film and by franchise."
        ),
    )
    def splits(
        context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]
    ) -> dg.MaterializeResult:
        with stopping():
            from pipeline.splits.frame import make_splits
            from pipeline.versions import hash_bytes

            table = load_features(workplace, system)
            frame = make_splits(table.table, system, system.tasks[0]).frame
            content = frame.to_csv(index=False).encode()
            path = splits_path(workplace, system)
            workplace.store.write(
                workplace.store.path("splits", path.name), frame.to_parquet(index=False)
            )
            upstream = read_stage(workplace, system, "features")
            write_stage(workplace, system, "splits", upstream.lineage, hash_bytes(content))
        counts = {
            name: frame[name].replace("", "left out").value_counts().to_dict()
            for name in frame.columns[1:]
        }
        context.log.info(json.dumps(counts))
        return dg.MaterializeResult(
            metadata={
                "source": workplace.source.label,
                **{f"parts_{name}": dg.MetadataValue.json(c) for name, c in counts.items()},
                "dagster/column_schema": _schema(frame),
                "file": str(path),
            },
            data_version=dg.DataVersion(hash_bytes(content)),
        )

    return splits


ASSETS = [build(system) for system in SYSTEMS for build in (build_features, build_splits)]
