"""What a system is: what it predicts, from which modalities, on which splits, by which variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeline.core.numpy_on_demand import np
from pipeline.core.split_names import BY_DATE, FOLD, RatioSplit, fold_name
from pipeline.core.tasks import Task

if TYPE_CHECKING:
    from pipeline.models.networks.pixel_trunks import LoadWeights
    from pipeline.models.training.estimator import Estimator, FeatureSet, PretrainedEstimator

ALL_MODALITIES = "all streams"
PUBLISHED_MODALITIES = "seed streams"
"""Variants: the published network alone, and with the modalities that ours adds. The names are
stored in folders and reports, so they stay."""


class BuildEstimators(Protocol):
    """Builds a system's estimators by variant, the main one first; imports torch when called."""

    def __call__(self, load_weights: LoadWeights | None = None, /) -> Mapping[str, Estimator]:
        """Build them.

        Args:
            load_weights: Returns pretrained weights by a network's name; None for from scratch.
        """
        ...


class BuildPretrained(Protocol):
    """Builds the variants that pretrain without the target, by name."""

    def __call__(self) -> Mapping[str, PretrainedEstimator]:
        """Build them."""
        ...


@dataclass(frozen=True)
class Hyperparameter:
    """A field of a system's launch form; left as shown, each variant keeps its own value.

    Attributes:
        name, type, description: Of the field.
        least, most: Bounds of a number; None for none.
        choices: The texts that it may hold; empty for any.
    """

    name: str
    type: type[bool] | type[int] | type[float] | type[str]
    description: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


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
    """One published system.

    Attributes:
        name: Prefix of its assets (`<name>_model`).
        reference: Number of the reference implementation that describes it.
        tasks: What it predicts; the first one is the published one.
        main_variant: The variant that stands for the system on the leaderboard.
        splits: The published random splits; one by release date always stands beside them.
        estimators: Builds its variants.
        split_seed: Random seed of the published splits.
        folds: Folds of the cross-validation beside them; 0 for none.
        modalities: Those of the published network.
        extra_modalities: Those that ours adds; the report shows both.
        small_variants: The variants of the small preset; all where empty.
        hyperparameters: Fields of its launch config beside those of every system.
        extra_tasks: What networks with several heads learn besides; never an input.
        required_modality: Movies without it are excluded from the splits, because the networks
            look at its pixels; "" where what is missing is masked.
        model_file: Name of its saved models.
        code_versions: Of its assets.
        pretrained_estimators: Builds the variants that the asset `<name>_encoder` pretrains
            without the target; None for no such asset.
        blend_variants: Variants that read records and are fitted again to training and validation
            set together, as the members of a blend are. Beside them stand baselines that read and
            are fitted to the same; where the main variant is one, all baselines are.
        sample_picture: Loads the picture of a movie, by row, that the report shows beside correct
            and wrong predictions; None for no such pictures.
    """

    name: str
    reference: str
    tasks: tuple[Task, ...]
    main_variant: str
    splits: tuple[RatioSplit, ...]
    estimators: BuildEstimators
    split_seed: int = 42
    folds: int = 0
    modalities: tuple[str, ...] = ()
    extra_modalities: tuple[str, ...] = ()
    small_variants: tuple[str, ...] = ()
    hyperparameters: tuple[Hyperparameter, ...] = ()
    extra_tasks: tuple[Task, ...] = ()
    required_modality: str = ""
    model_file: str = "model.pth"
    code_versions: CodeVersions = CodeVersions()
    pretrained_estimators: BuildPretrained | None = None
    blend_variants: tuple[str, ...] = ()
    sample_picture: Callable[[FeatureSet, int], np.ndarray | None] | None = None

    @property
    def headline(self) -> str:
        """Name of the split by which the system is evaluated."""
        return self.splits[0].name

    @property
    def encoder(self) -> str:
        """Name of the asset that pretrains; "" where there is none."""
        return f"{self.name}_encoder" if self.pretrained_estimators else ""

    def build_pretrained(self) -> Mapping[str, PretrainedEstimator]:
        """Build the variants that pretrain, by name; none where the system has no encoder."""
        build = self.pretrained_estimators
        return build() if build else {}

    def split_names(self, task: Task | None = None) -> list[str]:
        """Return the splits on which a task is trained, the headline first; those of the first
        task where none is given. Other tasks are trained on the headline split alone.
        """
        if task is not None and task is not self.tasks[0]:
            return [self.headline]
        folds = [fold_name(k) for k in range(self.folds)]
        return [*(split.name for split in self.splits), BY_DATE, *folds]

    @property
    def is_blend(self) -> bool:
        """Whether the main variant is a blend; see `blend_variants`."""
        return self.main_variant in self.blend_variants

    def variants(self, preset: str) -> tuple[str, ...]:
        """Return the variants that are trained unless others are requested, the main one first."""
        return self.small_variants if self.is_short(preset) else tuple(self.estimators())

    def is_short(self, preset: str) -> bool:
        """Return whether a preset trains few variants, on few splits."""
        return preset != "published" and bool(self.small_variants)

    def variants_on(self, split: str, variants: Sequence[str]) -> Sequence[str]:
        """Return those of some variants that are trained on a split.

        All on the headline; on folds the main one; elsewhere the first two, the main one and what
        it is compared with.
        """
        if split == self.headline:
            return variants
        if split.startswith(FOLD):
            return [name for name in variants if name == self.main_variant]
        return variants[:2]
