"""Revenue from typed fields, plot and poster regions: reference implementation 000, which
publishes no split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.core.numpy_on_demand import np
from pipeline.core.split_names import EIGHTY_TEN_TEN
from pipeline.core.target_rules import MIN_REVENUE_USD, exclude_by_revenue, mean_and_sd
from pipeline.core.tasks import GeneratedTruth, Target, TargetContext, Task, TaskKind
from pipeline.models.systems.system import CodeVersions, Hyperparameter, System

if TYPE_CHECKING:
    from pipeline.models.networks.pixel_trunks import LoadWeights
    from pipeline.models.training.estimator import Estimator, PretrainedEstimator

MAIN = "blend"
TEXT_ONLY = "text only, masked words"
PLAIN = "transformer"
MASKED = "transformer, masked fields"
GROUNDED = "transformer, masked fields, grounded keywords"


class Log10Revenue:
    """Revenue of at least a thousand dollars, as a logarithm."""

    columns = ("revenue_usd",)

    def exclude(self, context: TargetContext) -> np.ndarray:
        """Exclude movies without a plausible revenue."""
        return exclude_by_revenue(context.table)

    def compute(self, context: TargetContext, known: np.ndarray, train_rows: np.ndarray) -> Target:
        """Compute log10 US dollars, with the training set's mean and deviation."""
        values = np.full(len(context.table), np.nan)
        values[known] = np.log10(context.table["revenue_usd"].to_numpy(np.float64)[known])
        facts = {"min_revenue_usd": MIN_REVENUE_USD, **mean_and_sd(values[train_rows])}
        return Target(context.task, values, facts)


def _ceiling(truth: GeneratedTruth, ids: Sequence[int], _target: Target) -> np.ndarray:
    return truth.expected_log10_revenue(ids)


LOG10_REVENUE = Task(
    "log10_revenue",
    TaskKind.REGRESSION,
    "rmse_error",
    unit="log10 US dollars",
    rule=Log10Revenue(),
    noise_ceiling=_ceiling,
    is_monetary=True,
)


def _estimators(_: LoadWeights | None = None) -> Mapping[str, Estimator]:
    """Build the blend, its members alone, and what the paper compares.

    Keywords are in two variants only: the crowd writes them, many after release.
    """
    from pipeline.models.estimators.blend import (
        EXTRA_TREES,
        KERNEL,
        RIDGE,
        TREES,
        BlendConfig,
        BlendEstimator,
    )
    from pipeline.models.estimators.transformer_estimator import TransformerEstimator
    from pipeline.models.networks.box_office_transformer import TransformerConfig
    from pipeline.models.training.movie_reader import FIELDS

    with_keywords = (*FIELDS, "keyword")
    transformers = {
        PLAIN: TransformerConfig(),
        MASKED: TransformerConfig(pretraining="masked"),
        GROUNDED: TransformerConfig(pretraining="grounding+masked", fields=with_keywords),
        "transformer, keywords": TransformerConfig(fields=with_keywords),
        TEXT_ONLY: TransformerConfig(
            pretraining="masked", fields=("word",), uses_numbers=False, uses_regions=False
        ),
    }
    built = [
        BlendEstimator(MAIN),
        *(TransformerEstimator(name, config) for name, config in transformers.items()),
        *(
            BlendEstimator(name, BlendConfig(parts=(part,)))
            for name, part in (
                ("gaussian process", KERNEL),
                ("boosted trees", TREES),
                ("extra trees", EXTRA_TREES),
                ("ridge on embeddings", RIDGE),
            )
        ),
    ]
    return {estimator.name: estimator for estimator in built}


def _pretrained_estimators() -> Mapping[str, PretrainedEstimator]:
    """Build the transformers that are pretrained, by variant."""
    from pipeline.models.estimators.transformer_estimator import TransformerEstimator

    found: dict[str, PretrainedEstimator] = {}
    for name, estimator in _estimators().items():
        if isinstance(estimator, TransformerEstimator) and estimator.config.pretraining:
            found[name] = estimator
    return found


BOX_OFFICE = System(
    name="box_office",
    reference="000",
    tasks=(LOG10_REVENUE,),
    main_variant=MAIN,
    splits=(EIGHTY_TEN_TEN,),
    folds=5,
    small_variants=(MAIN, "boosted trees", "ridge on embeddings"),
    estimators=_estimators,
    code_versions=CodeVersions(splits="3", baselines="5", encoder="3", model="13", evaluation="7"),
    blend_variants=(
        MAIN,
        "gaussian process",
        "boosted trees",
        "extra trees",
        "ridge on embeddings",
    ),
    pretrained_estimators=_pretrained_estimators,
    hyperparameters=(
        Hyperparameter("width", int, "Of the encoder.", least=1),
        Hyperparameter("layers", int, "Of the encoder.", least=1),
        Hyperparameter("heads", int, "Of the encoder's attention.", least=1),
        Hyperparameter("feedforward", int, "Width between the encoder's layers.", least=1),
        Hyperparameter("dropout", float, "Inside the encoder and on tokens.", least=0, most=1),
        Hyperparameter(
            "pretraining_epochs", int, "Most passes of each step of pretraining.", least=1
        ),
    ),
)
