"""The variant with the best score on the validation set: shown beside the main one.

Test scores choose nothing: the best of many on a test set is partly the luckiest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.evaluation.report.stored_results import is_known
from pipeline.evaluation.report.verdict import rank

VAL_SCORE = "val_score"
"""The fact under which a model's score on its validation set is stored: by the task's main metric,
of predictions for movies that its weights were not fitted to."""


@dataclass(frozen=True)
class BestVariant:
    """The variant that the validation set prefers.

    Attributes:
        variant: Its name.
        split: On which all variants were trained and are compared.
        val_score: Its score on the validation set.
        n_variants: How many it was chosen from.
    """

    variant: str
    split: str
    val_score: float
    n_variants: int


def find_best_variant(task_summary: Mapping[str, Any]) -> BestVariant | None:
    """Find the model with the best validation score on a task's first split.

    Of equal scores the first counts. None where fewer than two models have one.
    """
    if not task_summary["splits"]:
        return None
    split, content = next(iter(task_summary["splits"].items()))
    scores = {
        name: score
        for name, result in content["results"].items()
        if result["kind"] == "model" and is_known(score := result["facts"].get(VAL_SCORE))
    }
    if len(scores) < 2:
        return None
    best = rank(scores, task_summary["main_metric"], {})[0]
    return BestVariant(best, split, scores[best], len(scores))
