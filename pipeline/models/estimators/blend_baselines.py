"""The baselines of the blend: boosting on exactly what the blend reads, fitted to the same movies.

Boosting on the metadata alone lacks the track records, the real budget and the calendar, and on
the training set alone a ninth of the movies: most of a lead over it is that handicap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import TruncatedSVD
from threadpoolctl import threadpool_limits

from pipeline.core.tasks import Target, TaskKind
from pipeline.models.estimators.baselines import MIN_MOVIES_FOR_THREADS, boost
from pipeline.models.estimators.embedding_ridge import EMBEDDED
from pipeline.models.estimators.owner_components import mark_owners
from pipeline.models.training.cut_features import features_cut_at_random
from pipeline.models.training.estimator import FeatureSet, check_features
from pipeline.models.training.movie_reader import MovieReader, fit_reader
from pipeline.models.training.summaries import (
    MAX_COMPONENTS,
    MIN_MOVIES_PER_COMPONENT,
    reduce_streams,
)

ON_NUMBERS = "boosting on the blend's numbers"
ON_INPUTS = "boosting on the blend's inputs"
BLEND_BASELINES = (ON_NUMBERS, ON_INPUTS)
"""Their names in folders and reports."""

OWNERS = "owners"
NUMBERS = "numbers"
SUMMED_UP = (*EMBEDDED, "regions")
"""Streams of the table that the blend reads, summed up for trees as every baseline's are."""


@dataclass(frozen=True)
class BlendInputs:
    """What the blend reads, as flat columns.

    Attributes:
        reader: Fitted on `fit_rows`, as those of the blend's members.
        fit_rows: Rows that are fitted to, (n,).
        known: By name of the input, float64 (n, columns) of these rows.
        copies: The same of these rows with records cut at random, (n, columns).
        asked: The same of the rows to predict, (m, columns).
    """

    reader: MovieReader
    fit_rows: np.ndarray
    known: Mapping[str, np.ndarray]
    copies: Mapping[str, np.ndarray]
    asked: Mapping[str, np.ndarray]


def predict_blend_baselines(
    features: FeatureSet, target: Target, fit_rows: np.ndarray, rows: np.ndarray, *, seed: int = 42
) -> dict[str, np.ndarray]:
    """Fit boosting on what the blend reads, and on copies cut as for it; predict other movies.

    Args:
        features: With records, and with revenues where the target is none.
        target: Known for every row that is fitted to.
        fit_rows: The training and the validation set, as for the blend's members, (n,).
        rows: Rows to predict, (m,).
        seed: Of the components and of boosting.

    Returns:
        As `predict_baselines`, by the names in `BLEND_BASELINES`: on the numbers alone (metadata,
        calendar, real budget, track records), and with people, companies, text and regions.

    Raises:
        LeakError: An input is known only after release.
    """
    check_features(features)
    values = target.values[fit_rows]
    with threadpool_limits(1 if len(fit_rows) < MIN_MOVIES_FOR_THREADS else None):
        inputs = read_blend_inputs(features, target, fit_rows, rows, seed=seed)
        twice = np.concatenate([values, values])
        numbers = np.vstack([inputs.known[NUMBERS], inputs.copies[NUMBERS]])
        on_numbers = boost(numbers, inputs.asked[NUMBERS], target, twice, seed)
        known, copies, asked = (
            np.hstack([*some.values()]) for some in (inputs.known, inputs.copies, inputs.asked)
        )
        on_inputs = boost(np.vstack([known, copies]), asked, target, twice, seed)
    return {ON_NUMBERS: on_numbers, ON_INPUTS: on_inputs}


def read_blend_inputs(
    features: FeatureSet,
    target: Target,
    fit_rows: np.ndarray,
    rows: np.ndarray,
    *,
    seed: int,
    asked: FeatureSet | None = None,
) -> BlendInputs:
    """Read the blend's inputs as flat columns; components are fitted on `fit_rows` alone.

    Args:
        features: As `predict_blend_baselines`, like the others.
        target: Its logarithms are track records' revenues where the features have none.
        fit_rows: Rows that are fitted to.
        rows: Rows to predict.
        seed: Of cuts and components.
        asked: Features in which the rows to predict are read, with other records; None for the
            same.
    """
    is_number = target.task.kind is TaskKind.REGRESSION
    log10 = target.values if is_number else np.full(len(target.values), np.nan)
    reader = fit_reader(features, log10, fit_rows)
    cut = features_cut_at_random(features, seed)
    views = ((features, fit_rows), (cut, fit_rows), (asked or features, rows))
    found = {
        NUMBERS: [reader.raw_numbers(view, some) for view, some in views],
        OWNERS: _reduce_owners(reader, views, seed),
    }
    for name in SUMMED_UP:
        if name in features.table.streams:
            fitted, others = reduce_streams(features.table, [name], fit_rows, rows, seed=seed)
            found[name] = [fitted, fitted, others]
    parts = [{name: of[k] for name, of in found.items()} for k in range(3)]
    return BlendInputs(reader, fit_rows, *parts)


def _reduce_owners(
    reader: MovieReader, views: Sequence[tuple[FeatureSet, np.ndarray]], seed: int
) -> list[np.ndarray]:
    """Sum up people, companies and genres as a few components of which movie has which, fitted on
    the first view.
    """
    hot = [mark_owners(reader, features, rows) for features, rows in views]
    components = min(
        MAX_COMPONENTS, len(views[0][1]) // MIN_MOVIES_PER_COMPONENT, len(reader.vocabulary) - 1
    )
    if components < 1:
        return [np.zeros((len(rows), 0)) for _, rows in views]
    reduced = TruncatedSVD(components, random_state=seed).fit(hot[0])
    return [reduced.transform(some) for some in hot]
