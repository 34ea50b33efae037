"""Models: each system's network, trained on each of its splits.

What belongs here: the assets, one for each row of the table of systems. What does not: networks
and training (see `pipeline.models`) and scores (see `pipeline.evaluation`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import numpy as np
from pydantic import Field

from assets.lineage import read_stage, write_stage
from assets.progress import progress
from assets.splits import SYSTEMS, load_features, splits_path
from assets.stopping import stopping
from assets.system_assets import system_asset
from pipeline.errors import SplitError
from pipeline.systems import ALL_STREAMS, BY_DATE, PUBLISHED_STREAMS, System
from pipeline.versions import combine
from resources.workplace import Workplace


class TrainingConfig(dg.Config):
    """Knobs of a training; the defaults are the published ones.

    Source:
        Seed 001, "Training Configuration".
    """

    learning_rate: float = Field(1e-4, description="Of AdamW.")
    weight_decay: float = Field(0.01, description="Of AdamW.")
    max_epochs: int = Field(50, description="Most passes over the training part.")
    patience: int = Field(10, description="Epochs without a lower validation loss until it stops.")
    batch_size: int = Field(16, description="Films in one step.")
    dropout: float = Field(0.3, description="After each hidden layer.")
    weigh_classes: bool = Field(True, description="Whether rare classes count more.")
    seed: int = Field(42, description="Of weights, dropout and the order of films.")


@dataclass(frozen=True)
class Trial:
    """One training: a split, the streams, and whose parts and labels.

    Attributes:
        split: Name of the split.
        variant: `PUBLISHED_STREAMS` or `ALL_STREAMS`.
        streams: Names of the streams.
        parts: "train", "val", "test" or "" per movie.
        edges_usd: Class edges of the training part.
        labels: Class per movie.
        folder: Where its model lies.
    """

    split: str
    variant: str
    streams: tuple[str, ...]
    parts: np.ndarray
    edges_usd: np.ndarray
    labels: np.ndarray
    folder: Path


def trials(workplace: Workplace, system: System, table) -> Iterator[Trial]:
    """Lay out a system's trainings: every split, with the published streams and with all."""
    import pandas as pd

    from pipeline.splits.labels import classify, fit_edges

    path = splits_path(workplace, system)
    if not path.exists():
        raise SplitError(
            f"There are no splits for {system.name}. Run `uv run marquee build --stages splits`."
        )
    frame = pd.read_parquet(path)
    if list(frame["tmdb_id"]) != list(table["tmdb_id"]):
        raise SplitError(
            f"The splits of {system.name} are of other films than its features. Materialize "
            f"{system.name}_splits again."
        )
    for name in [*(split.name for split in system.splits), BY_DATE]:
        parts = frame[name].to_numpy()
        edges = fit_edges(table["revenue_usd"][parts == "train"], len(system.class_names))
        labels = classify(table["revenue_usd"], edges)
        for variant, streams in variants(system).items():
            folder = models_folder(workplace, system) / name / variant.replace(" ", "-")
            yield Trial(name, variant, streams, parts, edges, labels, folder)


def variants(system: System) -> Mapping[str, tuple[str, ...]]:
    """Name the sets of streams that are trained."""
    return {
        PUBLISHED_STREAMS: system.streams,
        ALL_STREAMS: (*system.streams, *system.extra_streams),
    }


def models_folder(workplace: Workplace, system: System) -> Path:
    """Give the folder of a system's models."""
    return workplace.store.folder("models") / system.name


def build_model(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's trained networks."""

    @system_asset(
        system,
        "model",
        group="models",
        deps=[f"{system.name}_features", f"{system.name}_splits"],
        kinds={"pytorch"},
        metadata={
            "file": f"models/{system.name}/<split>/<streams>/best_multimodal_model.pth",
            "shape": f"class probabilities float64 (films, {len(system.class_names)})",
        },
        description=(
            f"Seed {system.seed}'s network for `{system.name}`, trained on each split one after "
            "another, with the published streams and with all of them. An interrupted training is "
            "taken up where it was."
        ),
    )
    def model(
        context: dg.AssetExecutionContext,
        config: TrainingConfig,
        workplace: dg.ResourceParam[Workplace],
    ) -> dg.MaterializeResult:
        with stopping():
            table = load_features(workplace, system)
            planned = list(trials(workplace, system, table.table))
            fingerprints, figures = [], []
            with progress(f"{system.name}_model", len(planned), context.log.info) as told:
                for trial in planned:
                    trained = train(system, table, trial, config)
                    fingerprints.append(trained.fingerprint)
                    figures.append(_figures(trial, trained))
                    told.step("trained")
            content_hash = combine(fingerprints)
            upstream = read_stage(workplace, system, "splits").lineage
            write_stage(workplace, system, "model", upstream, content_hash)
        return dg.MaterializeResult(
            metadata={
                "source": workplace.source.label,
                **{name: text for name, text in table.notes.items() if name != "source"},
                "trainings": dg.MetadataValue.table(figures),
                "folder": str(models_folder(workplace, system)),
            },
            data_version=dg.DataVersion(content_hash),
        )

    return model


def train(system: System, table, trial: Trial, config: TrainingConfig):
    """Train one network and save it."""
    from pipeline.models.saved import MODEL_FILE, save_model
    from pipeline.models.schedule import Schedule
    from pipeline.models.training import FusionTraining, train_fusion

    schedule = Schedule(
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        max_epochs=config.max_epochs,
        patience=config.patience,
        seed=config.seed,
    )
    trained = train_fusion(
        table,
        trial.labels,
        trial.parts,
        len(system.class_names),
        FusionTraining(
            streams=trial.streams,
            batch_size=config.batch_size,
            dropout=config.dropout,
            weigh_classes=config.weigh_classes,
            schedule=schedule,
        ),
        folder=trial.folder / "training",
    )
    save_model(
        trained,
        trial.folder / MODEL_FILE,
        class_names=system.class_names,
        edges_usd=trial.edges_usd,
        notes=table.notes,
    )
    return trained


def _figures(trial: Trial, trained) -> dg.TableRecord:
    best = trained.fitted.history[trained.fitted.best_epoch - 1]
    return dg.TableRecord(
        {
            "split": trial.split,
            "streams": trial.variant,
            "epochs": len(trained.fitted.history),
            "best_epoch": trained.fitted.best_epoch,
            "val_loss": round(float(best["val_loss"]), 4),
            "val_macro_f1": round(float(best["val_macro_f1"]), 4),
            "parameters": trained.network.count_parameters(),
        }
    )


ASSETS = [build_model(system) for system in SYSTEMS]
