"""Pictures that a model saw, with what it said: hits and misses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.figures import COLOURS, lay_out, write_figure

COLUMNS = 6

_HIT, _MISS = COLOURS[2], COLOURS[1]


@dataclass(frozen=True)
class Sample:
    """One movie's picture and answer.

    Attributes:
        tmdb_id: Which movie.
        true, said: Names of classes.
        probability: Of the said class.
        is_hit: Whether both are the same.
    """

    tmdb_id: int
    true: str
    said: str
    probability: float

    @property
    def is_hit(self) -> bool:
        """Whether the said class is the true one."""
        return self.true == self.said


def choose_samples(result: SplitResult, count: int = COLUMNS, *, seed: int = 42) -> list[Sample]:
    """Choose hits and misses at random, so that they are no showpieces.

    Args:
        result: Said classes.
        count: How many hits, and how many misses; fewer where there are fewer.
        seed: The same seed chooses the same movies.

    Returns:
        Hits, then misses.
    """
    order = np.random.default_rng(seed).permutation(len(result.tmdb_ids))
    names = result.task.class_names
    samples = [
        Sample(
            int(result.tmdb_ids[row]),
            names[result.y_true[row]],
            names[result.y_said[row]],
            float(result.answers[row].max()),
        )
        for row in order
    ]
    hits = [sample for sample in samples if sample.is_hit]
    misses = [sample for sample in samples if not sample.is_hit]
    return hits[:count] + misses[:count]


def draw_samples(
    samples: Sequence[Sample], pictures: Sequence[np.ndarray | None], path: Path
) -> Path:
    """Draw hits and misses as a grid of pictures, each with the true and the said class.

    Args:
        samples: What was said, hits first.
        pictures: Row-aligned, uint8 RGB (height, width, 3) of any size; None: no picture.
        path: Where the PNG goes.
    """
    hits = [pair for pair in zip(samples, pictures, strict=True) if pair[0].is_hit]
    misses = [pair for pair in zip(samples, pictures, strict=True) if not pair[0].is_hit]
    rows = [
        shown[start : start + COLUMNS]
        for shown in (hits, misses)
        for start in range(0, len(shown), COLUMNS)
    ]
    figure, axes = lay_out(max(1, len(rows)) * COLUMNS, columns=COLUMNS, width=2.1, height=3.1)
    for axis in axes:
        axis.set_axis_off()
    for k, row in enumerate(rows):
        for axis, (sample, picture) in zip(axes[k * COLUMNS :], row, strict=False):
            _draw_sample(axis, sample, picture)
    figure.tight_layout()
    return write_figure(figure, path)


def _draw_sample(axis: Axes, sample: Sample, picture: np.ndarray | None) -> None:
    colour = _HIT if sample.is_hit else _MISS
    if picture is None:
        axis.text(0.5, 0.5, "no poster", ha="center", va="center", transform=axis.transAxes)
    else:
        axis.imshow(picture)
    axis.set_axis_on()
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set(color=colour, linewidth=2.5)
    said = f"{sample.said} ({sample.probability:.0%})"
    title = f"hit: {said}" if sample.is_hit else f"said {said}\ntrue {sample.true}"
    axis.set_title(title, fontsize=9, color=colour)
    axis.set_xlabel(f"TMDB {sample.tmdb_id}", fontsize=7)
