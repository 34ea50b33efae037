"""Grids of posters with the predicted and the actual class: correct and wrong predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.figures import COLOURS, make_panels, write_figure

COLUMNS = 6

_CORRECT, _WRONG = COLOURS[2], COLOURS[1]


@dataclass(frozen=True)
class Prediction:
    """One movie's predicted class.

    Attributes:
        tmdb_id: Which movie.
        predicted, actual: Names of classes.
        probability: Of the predicted class.
    """

    tmdb_id: int
    predicted: str
    actual: str
    probability: float

    @property
    def is_correct(self) -> bool:
        """Whether the predicted class is the actual one."""
        return self.predicted == self.actual


def sample_predictions(
    result: SplitResult, count: int = COLUMNS, *, seed: int = 42
) -> list[Prediction]:
    """Sample correct and wrong predictions at random, so that none is a showpiece.

    Args:
        result: Predicted classes.
        count: How many of each; fewer where there are fewer.
        seed: The same seed samples the same movies.

    Returns:
        Correct ones, then wrong ones.
    """
    order = np.random.default_rng(seed).permutation(len(result.tmdb_ids))
    names = result.task.class_names
    predictions = [
        Prediction(
            int(result.tmdb_ids[row]),
            names[result.predicted[row]],
            names[result.target[row]],
            float(result.preds[row].max()),
        )
        for row in order
    ]
    correct = [prediction for prediction in predictions if prediction.is_correct]
    wrong = [prediction for prediction in predictions if not prediction.is_correct]
    return correct[:count] + wrong[:count]


def draw_samples(
    predictions: Sequence[Prediction], posters: Sequence[np.ndarray | None], path: Path
) -> Path:
    """Draw predictions as a grid of posters, correct ones above wrong ones.

    Args:
        predictions: From `sample_predictions`.
        posters: Row-aligned, uint8 RGB (height, width, 3) of any size; None: no poster.
        path: Of the PNG file.
    """
    pairs = list(zip(predictions, posters, strict=True))
    kinds = [[pair for pair in pairs if pair[0].is_correct is kind] for kind in (True, False)]
    rows = [some[k : k + COLUMNS] for some in kinds for k in range(0, len(some), COLUMNS)]
    panels = max(1, len(rows)) * COLUMNS
    figure, axes = make_panels(panels, width=2.1, height=3.1, columns=COLUMNS)
    for axis in axes:
        axis.set_axis_off()
    for k, row in enumerate(rows):
        for axis, (prediction, poster) in zip(axes[k * COLUMNS :], row, strict=False):
            _draw_sample(axis, prediction, poster)
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_sample(axis: Axes, prediction: Prediction, poster: np.ndarray | None) -> None:
    colour = _CORRECT if prediction.is_correct else _WRONG
    if poster is None:
        axis.text(0.5, 0.5, "no poster", ha="center", va="center", transform=axis.transAxes)
    else:
        axis.imshow(poster)
    axis.set_axis_on()
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set(color=colour, linewidth=2.5)
    predicted = f"{prediction.predicted} ({prediction.probability:.0%})"
    wrong = f"predicted {predicted}\nactual {prediction.actual}"
    title = f"correct: {predicted}" if prediction.is_correct else wrong
    axis.set_title(title, fontsize=9, color=colour)
    axis.set_xlabel(f"TMDB {prediction.tmdb_id}", fontsize=7)
