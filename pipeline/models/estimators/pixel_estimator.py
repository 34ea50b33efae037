"""What the estimators of networks over pixels share: pretrained weights, and pictures per batch."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from torch import nn

from pipeline.core.tasks import Target
from pipeline.models.networks.pixel_trunks import (
    LoadWeights,
    Normalise,
    build_trunk,
    fill_trunk,
    find_weights,
    label_weights,
)
from pipeline.models.networks.trunk import Trunk
from pipeline.models.training.batches import take_batch
from pipeline.models.training.estimator import FeatureSet
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
    """A network over pixels that knows how it reads them; subclasses add layers to the trunk.

    Args:
        trunk: Fields of its `Trunk`.
        output: Of `Output.as_json`: what its outputs stand for.
        input_px: Side of a picture.

    Attributes:
        VAL_BATCH: Movies scored at a time where nothing is learned.
    """

    VAL_BATCH: ClassVar[int]

    def __init__(self, trunk: Mapping[str, Any], output: Mapping[str, Any], input_px: int):
        super().__init__()
        self.output = Output.from_json(output)
        self.input_px = input_px
        self.trunk = build_trunk(Trunk(**trunk))
        self.normalise = Normalise(trunk["name"])

    @abstractmethod
    def open_reader(self, features: FeatureSet) -> PictureReader:
        """Return what reads pictures as the network takes them."""


ConfigT = TypeVar("ConfigT", bound=PixelConfig)


@dataclass(frozen=True)
class PixelEstimator(NetworkEstimator[ConfigT, PixelNetwork], Generic[ConfigT]):
    """One variant of a network over pixels; every movie of train and val must have pictures.

    Attributes:
        OPTIONS: Fields of the config that are options of `make_objective`.
        load_weights: Returns pretrained weights by name; None for from scratch.
    """

    KIND: ClassVar[str]
    NETWORK: ClassVar[type[PixelNetwork]]
    OPTIONS: ClassVar[tuple[str, ...]]

    load_weights: LoadWeights | None = None

    def specify(
        self, config: ConfigT, features: FeatureSet, target: Target, train_rows: np.ndarray
    ) -> TrainingSpec[PixelNetwork]:
        """Specify the network; its config says where the first weights are from."""
        weights = find_weights(config.trunk, self.load_weights)
        config = replace(config, weights=label_weights(weights))
        reader = self.open_reader(config, features)
        options = {name: getattr(config, name) for name in self.OPTIONS}
        return TrainingSpec(
            kind=self.KIND,
            build=self.NETWORK,
            arguments={
                "trunk": asdict(config.trunk),
                "output": Output.of(target, train_rows).as_json(),
                **self.arguments(config),
            },
            streams=[ROW],
            config=config,
            objective=partial(make_objective, target, **options),
            prepare=lambda network, *_: fill_trunk(network.trunk, weights),
            table=row_table(features),
            transform=reader.read_to_learn,
            val_transform=reader.read,
            val_batch=self.NETWORK.VAL_BATCH,
        )

    @abstractmethod
    def open_reader(self, config: ConfigT, features: FeatureSet) -> PictureReader:
        """Return what reads the pictures to learn from."""

    @abstractmethod
    def arguments(self, config: ConfigT) -> dict[str, Any]:
        """Return the network's arguments beside trunk and output, JSON values."""


def predict_from_pixels(
    network: PixelNetwork, features: FeatureSet, rows: np.ndarray
) -> np.ndarray:
    """Predict for rows that have pictures."""
    table, reader = row_table(features), network.open_reader(features)
    return predict_in_batches(
        network, lambda some: reader.read(take_batch(table, [ROW], some)), rows, network.output
    )
