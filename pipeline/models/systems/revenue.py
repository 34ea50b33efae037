"""Eight revenue classes from plot, trailer and sound: reference implementation 001, "Data Splits",
and the variants that it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.core.numpy_on_demand import np
from pipeline.core.revenue_classes import classify, fit_edges, reachable_probabilities
from pipeline.core.split_names import EIGHTY_TEN_TEN, RatioSplit
from pipeline.core.target_rules import exclude_by_revenue
from pipeline.core.tasks import GeneratedTruth, Target, TargetContext, Task, TaskKind
from pipeline.models.systems.box_office import LOG10_REVENUE
from pipeline.models.systems.genre import GENRES
from pipeline.models.systems.score import SCORE_TASK
from pipeline.models.systems.system import (
    ALL_MODALITIES,
    PUBLISHED_MODALITIES,
    CodeVersions,
    Hyperparameter,
    System,
)

if TYPE_CHECKING:
    from pipeline.models.networks.pixel_trunks import LoadWeights
    from pipeline.models.training.estimator import Estimator

REVENUE_CLASSES = (
    "Disaster", "Flop", "Successful", "Average", "Hit", "Outstanding", "Superhit", "Blockbuster",
)  # fmt: skip
"""Names of the eight revenue classes, lowest first, in the published order. Source: reference
implementation 001."""

CUT_BLEND = "blend, cut into classes"

PUBLISHED, EXTRA = ("text", "video", "audio"), ("poster", "metadata")
OVER_FRAMES = ("text", "frames", "audio", "poster", "metadata")
"""All modalities; the mean over frames gives way to the frames themselves."""


class RevenueClass:
    """The class of a revenue: quantiles of the training set, or multiples of the own budget."""

    columns = (
        "revenue_usd",
        "budget_usd",
    )

    def exclude(self, context: TargetContext) -> np.ndarray:
        """Exclude movies without a plausible revenue, and budget where classes are cut at it."""
        return exclude_by_revenue(
            context.table, requires_budget=context.options.revenue_edges == "budget"
        )

    def compute(self, context: TargetContext, known: np.ndarray, train_rows: np.ndarray) -> Target:
        """Compute class numbers, 0 the lowest."""
        revenues = context.table["revenue_usd"].to_numpy(np.float64)
        values = np.full(len(context.table), -1, dtype=np.int64)
        if context.options.revenue_edges == "budget":
            multiples = revenues[known] / context.table["budget_usd"].to_numpy(np.float64)[known]
            values[known] = classify(multiples, np.array(context.options.budget_multiples))
            return Target(
                context.task, values, {"edges_budgets": list(context.options.budget_multiples)}
            )
        edges = fit_edges(revenues[train_rows], len(context.task.class_names))
        values[known] = classify(revenues[known], edges)
        return Target(context.task, values, {"edges_usd": [float(edge) for edge in edges]})


def _ceiling(truth: GeneratedTruth, ids: Sequence[int], target: Target) -> np.ndarray:
    """Edges are dollars, or multiples of each movie's own budget."""
    means, sd = truth.expected_log10_revenue(ids), truth.revenue_noise_sd
    if "edges_usd" in target.facts:
        return reachable_probabilities(means, sd, np.array(target.facts["edges_usd"]))
    in_budgets = means - np.log10(truth.budgets_usd(ids))
    return reachable_probabilities(in_budgets, sd, np.array(target.facts["edges_budgets"]))


REVENUE_CLASS = Task(
    "revenue_class",
    TaskKind.CLASSES,
    "macro_f1_score",
    REVENUE_CLASSES,
    is_ordered=True,
    rule=RevenueClass(),
    noise_ceiling=_ceiling,
    is_monetary=True,
)


def _estimators(_: LoadWeights | None = None) -> Mapping[str, Estimator]:
    """Build the published network, and what the reference implementation names beside it.

    "multi-task heads" learns `extra_tasks` beside the class. The last variant learns the revenue
    itself, by the blend of `box_office`, and predicts the class in which it falls.
    """
    from pipeline.models.estimators.ensemble import EnsembleConfig, EnsembleEstimator
    from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
    from pipeline.models.estimators.ordinal_estimator import OrdinalEstimator

    published = FusionConfig(streams=PUBLISHED)
    every = replace(published, streams=(*PUBLISHED, *EXTRA))
    # no figures are published of these variants: larger steps cost a fraction
    ours = replace(every, batch_size=64, schedule=replace(every.schedule, learning_rate=3e-4))
    small: dict[str, object] = {"max_epochs": 8}
    small_ours = {**small, "batch_size": 16}
    frames = {
        f"{reader} over frames": replace(ours, streams=OVER_FRAMES, reader=reader)
        for reader in ("lstm", "gru")
    }
    configs = {
        ALL_MODALITIES: (every, small),
        PUBLISHED_MODALITIES: (published, small),
        "attention fusion": (replace(ours, fusion="attention fusion"), small_ours),
        **{name: (config, small_ours) for name, config in frames.items()},
        "multi-task heads": (replace(every, extra_weight=0.3), small),
    }
    networks = {name: FusionEstimator(name, *both) for name, both in configs.items()}
    together = EnsembleConfig((ALL_MODALITIES, "attention fusion", "gru over frames"))
    return {
        CUT_BLEND: OrdinalEstimator(CUT_BLEND, task=LOG10_REVENUE),
        **networks,
        "ensemble": EnsembleEstimator("ensemble", networks, together, small),
    }


REVENUE = System(
    name="revenue",
    reference="001",
    tasks=(REVENUE_CLASS,),
    main_variant=CUT_BLEND,
    splits=(
        RatioSplit("70-20-10", 0.70, 0.20, 0.10),
        RatioSplit("75-15-10", 0.75, 0.15, 0.10),
        EIGHTY_TEN_TEN,
    ),
    folds=5,
    estimators=_estimators,
    code_versions=CodeVersions(splits="3", baselines="5", model="14", evaluation="6"),
    modalities=PUBLISHED,
    extra_modalities=EXTRA,
    small_variants=(CUT_BLEND, ALL_MODALITIES),
    extra_tasks=(SCORE_TASK, GENRES),
    blend_variants=(CUT_BLEND,),
    model_file="best_multimodal_model.pth",  # as reference implementation 001, "Output Files"
    hyperparameters=(
        Hyperparameter("dropout", float, "After each hidden layer.", least=0, most=1),
        Hyperparameter("weigh_classes", bool, "Whether rare classes count more."),
        Hyperparameter(
            "extra_weight",
            float,
            "How much each further head counts beside the class.",
            least=0,
        ),
    ),
)
