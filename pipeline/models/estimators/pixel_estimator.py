"""What the estimators of networks over pixels share: pretrained weights, and pictures per batch."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from torch import nn

from pipeline.core.tasks import Target
from pipeline.models.networks.pixel_trunks import (
    LoadWeights,
    Trunk,
    fill_trunk,
    find_weights,
    label_weights,
)
from pipeline.models.training.batches import take_batch
from pipeline.models.training.estimator import FeatureSet, NetworkKind
from pipeline.models.training.fitting import FitConfig, NetworkEstimator, TrainingSpec
from pipeline.models.training.inference import Output, predict_in_batches
from pipeline.models.training.objectives import make_objective
from pipeline.models.training.pictures import ROW, PictureReader, row_table


class PixelConfig(FitConfig, Protocol):
    """What the config of a network over pixels has besides, with a field `weights`: where the
    first weights are from.
    """

    @property
    def trunk(self) -> Trunk:
        """Which network looks."""
        ...


class PixelNetwork(nn.Module):
    """A network over pixels that knows how it reads them; subclasses build its layers.

    Attributes:
        output: What its outputs stand for.
        VAL_BATCH: Movies scored at a time where nothing is learned.
    """

    VAL_BATCH: ClassVar[int]
    output: Output

    @abstractmethod
    def open_reader(self, features: FeatureSet) -> PictureReader:
        """Return what reads pictures as the network takes them."""


ConfigT = TypeVar("ConfigT", bound=PixelConfig)


@dataclass(frozen=True)
class PixelEstimator(NetworkEstimator[ConfigT], Generic[ConfigT]):
    """One variant of a network over pixels; every movie of train and val must have pictures.

    Attributes:
        load_weights: Returns pretrained weights by name; None for from scratch.
    """

    KIND: ClassVar[str]
    NETWORK: ClassVar[type[PixelNetwork]]

    load_weights: LoadWeights | None = None

    def specify(
        self, config: ConfigT, features: FeatureSet, target: Target, train_rows: np.ndarray
    ) -> TrainingSpec:
        """Specify the network; its config says where the first weights are from."""
        weights = find_weights(config.trunk, self.load_weights)
        config = replace(config, weights=label_weights(weights))  # pyright: ignore[reportArgumentType] # every config is a dataclass
        reader = self.open_reader(config, features)
        return TrainingSpec(
            kind=self.KIND,
            build=self.build,
            arguments=self.arguments(config, Output.of(target, train_rows)),
            streams=[ROW],
            config=config,
            objective=partial(make_objective, target, **self.objective_options(config)),
            prepare=lambda network, *_: fill_trunk(network.trunk, weights),
            table=row_table(features),
            transform=reader.read_to_learn,
            val_transform=reader.read,
            val_batch=self.NETWORK.VAL_BATCH,
        )

    @staticmethod
    @abstractmethod
    def build(**arguments: Any) -> PixelNetwork:
        """Build the empty network from JSON values."""

    @abstractmethod
    def open_reader(self, config: ConfigT, features: FeatureSet) -> PictureReader:
        """Return what reads the pictures to learn from."""

    @abstractmethod
    def arguments(self, config: ConfigT, output: Output) -> dict[str, Any]:
        """Return the arguments of `build`, JSON values."""

    @abstractmethod
    def objective_options(self, config: ConfigT) -> Mapping[str, Any]:
        """Return the options of `make_objective`."""


def predict_from_pixels(
    network: PixelNetwork, features: FeatureSet, rows: np.ndarray
) -> np.ndarray:
    """Predict for rows that have pictures; see `pipeline.models.training.pictures.usable_rows`."""
    table, reader = row_table(features), network.open_reader(features)
    return predict_in_batches(
        network, lambda some: reader.read(take_batch(table, [ROW], some)), rows, network.output,
        batch_size=network.VAL_BATCH,
    )  # fmt: skip


def pixel_kind(estimator: type[PixelEstimator[Any]]) -> NetworkKind:
    """Return an estimator's network as saved models name it."""
    return NetworkKind(estimator.build, predict_from_pixels)
