"""Recipes of networks over streams: the published fusion and its variants.

Those that read metadata also learn from records cut at random, so that they work before release.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, TaskKind
from pipeline.models.networks.fusion import DROPOUT, FUSIONS, StreamNetwork, stream_arguments
from pipeline.models.networks.multi_task import Head, heads_of, make_heads_objective, stack_targets
from pipeline.models.networks.sequences import SequenceReader
from pipeline.models.networks.streams import is_sequence, specify_streams
from pipeline.models.training.batches import StreamTable, list_present
from pipeline.models.training.cut_features import features_cut_at_random, features_mixed
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.fitted import Objective
from pipeline.models.training.fitting import NetworkEstimator, TrainingSpec
from pipeline.models.training.inference import Output
from pipeline.models.training.objectives import make_objective
from pipeline.models.training.schedule import Schedule
from pipeline.models.training.summaries import METADATA


@dataclass(frozen=True)
class FusionConfig:
    """How a network over streams is trained; defaults are the published ones.

    Attributes:
        streams: Names of the streams, in the order of their slots; those that the table lacks are
            left out.
        batch_size: Movies per step.
        dropout: After each hidden layer.
        weigh_classes: Whether rare classes count more, by their share in the training set.
        loss: Of a number: "mse", "mae" or "huber".
        fusion: "fusion" (side by side) or "attention fusion".
        reader: How sequences are read.
        extra_weight: How much each of the features' extra targets counts beside the target; 0 for
            one head.
        schedule: Learning rate, epochs, patience, seed.

    Source:
        Reference implementation 001, "Training Configuration" and "Class Balancing".
    """

    streams: tuple[str, ...] = ("text", "video", "audio")
    batch_size: int = 16
    dropout: float = DROPOUT
    weigh_classes: bool = True
    loss: str = "mse"
    fusion: str = "fusion"
    reader: SequenceReader = "mean"
    extra_weight: float = 0.0
    schedule: Schedule = field(default_factory=Schedule)

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of its streams."""
        return self.streams


@dataclass(frozen=True)
class FusionEstimator(NetworkEstimator[FusionConfig, StreamNetwork]):
    """One variant of a network over modalities."""

    config: FusionConfig = field(default_factory=FusionConfig)

    def find_lack(self, table: StreamTable, rows: np.ndarray) -> str:
        """Return what these movies lack; a variant named by how it reads sequences requires one.

        Without any sequence it would be another variant's network under a second name.
        """
        present = list_present(table, self.config.streams, rows)
        has_sequence = any(is_sequence(table.streams[name]) for name in present)
        if self.config.reader == "mean" or has_sequence or not present:
            return super().find_lack(table, rows)
        return f"no training film has a sequence beside {', '.join(present)}"

    def specify(
        self, config: FusionConfig, features: FeatureSet, target: Target, train_rows: np.ndarray
    ) -> TrainingSpec[StreamNetwork]:
        """Specify the network, with a head for each extra target."""
        if config.fusion not in FUSIONS:
            raise TrainingError(f"expected a fusion of {sorted(FUSIONS)}, got {config.fusion!r}")
        extras = features.extra_targets if config.extra_weight else ()
        heads = heads_of(target, extras)
        specs = specify_streams(features.table, config.streams, config.reader)
        output = Output.of(target, train_rows)
        reads_records = any(spec.name == METADATA for spec in specs) and bool(features.records)
        seed = config.schedule.seed
        return TrainingSpec(
            kind=config.fusion,
            build=FUSIONS[config.fusion].build,
            arguments=stream_arguments(specs, heads[-1].stop, config.dropout, output),
            streams=[spec.name for spec in specs],
            config=config,
            objective=_objective(config, target, heads),
            prepare=lambda network, table, rows: network.fit_scalers(table, rows),
            copies=[features_cut_at_random(features, seed).table] if reads_records else (),
            val_table=features_mixed(features, seed).table if reads_records else None,
            values=stack_targets(target, extras) if extras else None,
        )


def _objective(
    config: FusionConfig, target: Target, heads: Sequence[Head]
) -> Callable[[np.ndarray], Objective]:
    main = partial(make_objective, target, weigh_classes=config.weigh_classes, loss=config.loss)
    if len(heads) == 1:
        return main
    if target.task.kind is TaskKind.REGRESSION:
        raise TrainingError("expected classes or labels for the first head, got a number")
    return lambda rows: make_heads_objective(main(rows), heads, config.extra_weight)
