"""The transformer of reference implementation 000: pretrain, fine-tune, calibrate the interval."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline.core.ragged import Ragged, pack_ragged
from pipeline.core.tasks import Target
from pipeline.core.versions import hash_json
from pipeline.models.estimators.box_office_pretraining import pretrain
from pipeline.models.networks.box_office_transformer import (
    BoxOfficeTransformer,
    TransformerConfig,
    as_interval,
    calibrate_interval,
)
from pipeline.models.networks.streams import width_of
from pipeline.models.training.batches import StreamArrays, StreamTable, list_present
from pipeline.models.training.cut_features import (
    features_before_release,
    features_cut_at_random,
)
from pipeline.models.training.estimator import (
    FeatureSet,
    NetworkKind,
    RunConfig,
    Trained,
    check_features,
)
from pipeline.models.training.fitted import Fitted, Objective
from pipeline.models.training.fitting import (
    BaseEstimator,
    TrainingSpec,
    first_weights,
    fit,
    rows_to_fit,
)
from pipeline.models.training.movie_reader import MovieReader, known_revenue_usd

KIND = "box office transformer"

SMALL: Mapping[str, object] = MappingProxyType(
    {"width": 32, "max_epochs": 6, "pretraining_epochs": 2}
)
"""Hyperparameters for the simulator's movies: seconds on one core."""


@dataclass(frozen=True)
class TransformerEstimator(BaseEstimator[TransformerConfig]):
    """One variant of the transformer."""

    config: TransformerConfig = field(default_factory=TransformerConfig)
    small: Mapping[str, object] = field(default_factory=lambda: SMALL)

    def find_lack(self, table: StreamTable, rows: np.ndarray) -> str:
        """Return what these movies lack: keywords are grounded in regions of posters."""
        if "grounding" in self.config.pretraining and not list_present(table, ["regions"], rows):
            return "no training film has poster regions in which keywords could be grounded"
        return ""

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[BoxOfficeTransformer]:
        """Train; see `Estimator.train`."""
        read = _read(self.config, features, target, split, run)

        def prepare(network: BoxOfficeTransformer, *_: object) -> None:
            _pretrain(network, read, run)

        config, fields = read.config, read.fields
        spec = TrainingSpec(
            kind=KIND,
            build=BoxOfficeTransformer,
            arguments=read.arguments,
            streams=_streams(config, fields),
            config=config,
            objective=lambda _: Objective(loss, score),
            prepare=prepare,
            table=fields,
        )
        twice = replace(target, values=np.tile(target.values, 2))
        trained = fit(spec, features, twice, np.tile(np.asarray(split, dtype=object), 2), run)
        val_rows = read.val_rows[: len(read.val_rows) // 2]
        views = (features, features_before_release(features))
        preds = np.concatenate([trained.network.predict(view, val_rows) for view in views])
        reach = calibrate_interval(preds, np.tile(target.values[val_rows], 2))
        trained.network.reach.copy_(torch.from_numpy(reach))
        return trained

    def pretrain(
        self,
        features: FeatureSet,
        target: Target,
        split: np.ndarray,
        run: RunConfig,
    ) -> Mapping[str, Fitted]:
        """Learn what requires no revenue; see `PretrainedEstimator.pretrain`."""
        read = _read(self.config, features, target, split, run)
        seed = read.config.schedule.seed
        network = first_weights(BoxOfficeTransformer, read.arguments, seed)
        return _pretrain(network, read, run)


@dataclass(frozen=True)
class _Read:
    """What training begins with: the rows, as the fitted reader reads them.

    Behind the movies stand copies of all, in the same order, with their records cut at random; rows
    are those of both.
    """

    config: TransformerConfig
    reader: MovieReader
    fields: StreamArrays
    train_rows: np.ndarray
    val_rows: np.ndarray
    arguments: Mapping[str, Any]


def _read(
    config: TransformerConfig,
    features: FeatureSet,
    target: Target,
    split: np.ndarray,
    run: RunConfig,
) -> _Read:
    check_features(features)
    config = run.override(config)
    train_rows, val_rows = rows_to_fit(target, split)
    revenue_usd = known_revenue_usd(features, target.values)
    reader = MovieReader.fit(features, train_rows, revenue_usd, config.fields)
    cut = features_cut_at_random(features, config.schedule.seed)
    every = np.arange(len(target.values))
    fields = _concatenate([reader.read(view, every) for view in (features, cut)])
    arguments = _arguments(config, reader, fields, target.values[train_rows])
    train_rows, val_rows = (np.concatenate([r, r + len(every)]) for r in (train_rows, val_rows))
    return _Read(config, reader, fields, train_rows, val_rows, arguments)


def _concatenate(parts: Sequence[StreamArrays]) -> StreamArrays:
    """Put the rows of tables with the same streams behind each other."""
    streams: dict[str, np.ndarray | Ragged] = {}
    for name in parts[0].streams:
        values = [part.streams[name] for part in parts]
        ragged = [one for one in values if isinstance(one, Ragged)]
        if ragged:
            rows = [one.row(k) for one in ragged for k in range(len(one))]
            streams[name] = pack_ragged(rows)
        else:
            streams[name] = np.concatenate([np.asarray(one) for one in values])
    masks = {name: np.concatenate([part.masks[name] for part in parts]) for name in streams}
    return StreamArrays(streams, masks, hash_json([part.data_hash for part in parts]))


def _pretrain(
    network: BoxOfficeTransformer,
    read: _Read,
    run: RunConfig,
) -> Mapping[str, Fitted]:
    network.reader.load_state_dict(read.reader.state_dict())
    return pretrain(network, read.fields, read.train_rows, read.val_rows, read.config, run)


def loss(preds: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of the mean, plus the likelihood of the deviation around it."""
    target = target.to(preds)
    off = (preds[:, 0] - target).square()
    deviation = (preds[:, 1] + 0.5 * off.detach() * torch.exp(-2 * preds[:, 1])).mean()
    return off.mean() + 0.1 * deviation


def score(preds: Tensor, target: Tensor) -> Mapping[str, float]:
    """Return the root of the mean squared error in log10 dollars."""
    return {"rmse": float((preds[:, 0] - target.to(preds)).square().mean().sqrt())}


def _streams(config: TransformerConfig, fields: StreamArrays) -> list[str]:
    optional = {"text": config.uses_text, "regions": config.uses_regions}
    extra = [name for name, uses in optional.items() if uses and name in fields.streams]
    return ["numbers", "owners", "fields", "buckets", *extra]


def _arguments(
    config: TransformerConfig, reader: MovieReader, fields: StreamArrays, actual: np.ndarray
) -> Mapping[str, Any]:
    names = ("width", "layers", "heads", "feedforward", "dropout", "uses_numbers")
    streams = _streams(config, fields)
    widths = {
        name: width_of(fields.streams[name]) if name in streams else 0
        for name in ("text", "regions")
    }
    known = asdict(config)
    return {
        "reader": reader.arguments,
        "text_width": widths["text"],
        "region_width": widths["regions"],
        **{name: known[name] for name in names},
        "mean": float(actual.mean()),
        "sd": float(actual.std()) or 1.0,
    }


def _predict(network: BoxOfficeTransformer, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return as_interval(network.predict(features, rows), network.reach.numpy())


TRANSFORMER = NetworkKind(BoxOfficeTransformer, _predict)
