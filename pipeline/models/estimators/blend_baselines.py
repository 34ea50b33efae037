"""The baselines of the blend: boosting on exactly what the blend reads, fitted to the same movies.

Boosting on the metadata alone lacks the track records, the real budget and the calendar, and on
the training set alone a ninth of the movies: most of a lead over it is that handicap.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from threadpoolctl import threadpool_limits

from pipeline.core.tasks import Target, TaskKind
from pipeline.models.estimators.baselines import MIN_MOVIES_FOR_THREADS, boost
from pipeline.models.estimators.embedding_ridge import EMBEDDED
from pipeline.models.training.estimator import FeatureSet, check_features
from pipeline.models.training.movie_reader import UNKNOWN, MovieReader, fit_reader
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
        asked: The same of the rows to predict, (m, columns).
    """

    reader: MovieReader
    fit_rows: np.ndarray
    known: Mapping[str, np.ndarray]
    asked: Mapping[str, np.ndarray]


def predict_blend_baselines(
    features: FeatureSet, target: Target, fit_rows: np.ndarray, rows: np.ndarray, *, seed: int = 42
) -> dict[str, np.ndarray]:
    """Fit boosting on what the blend reads and predict other movies.

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
        on_numbers = boost(inputs.known[NUMBERS], inputs.asked[NUMBERS], target, values, seed)
        known, asked = (np.hstack([*some.values()]) for some in (inputs.known, inputs.asked))
        on_inputs = boost(known, asked, target, values, seed)
    return {ON_NUMBERS: on_numbers, ON_INPUTS: on_inputs}


def read_blend_inputs(
    features: FeatureSet, target: Target, fit_rows: np.ndarray, rows: np.ndarray, *, seed: int
) -> BlendInputs:
    """Read the blend's inputs as flat columns; components are fitted on `fit_rows` alone."""
    is_number = target.task.kind is TaskKind.REGRESSION
    log10 = target.values if is_number else np.full(len(target.values), np.nan)
    reader = fit_reader(features, log10, fit_rows)
    pairs = {
        NUMBERS: tuple(reader.raw_numbers(features, some) for some in (fit_rows, rows)),
        OWNERS: _reduce_owners(reader, features, fit_rows, rows, seed),
    }
    for name in SUMMED_UP:
        if name in features.table.streams:
            pairs[name] = reduce_streams(features.table, [name], fit_rows, rows, seed=seed)
    return BlendInputs(
        reader,
        fit_rows,
        {name: pair[0] for name, pair in pairs.items()},
        {name: pair[1] for name, pair in pairs.items()},
    )


def _reduce_owners(
    reader: MovieReader, features: FeatureSet, fit_rows: np.ndarray, rows: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sum up people, companies and genres as a few components of which movie has which."""
    known, asked = (_one_hot(reader, features, some) for some in (fit_rows, rows))
    components = min(
        MAX_COMPONENTS, len(fit_rows) // MIN_MOVIES_PER_COMPONENT, len(reader.vocabulary) - 1
    )
    if components < 1:
        return np.zeros((len(fit_rows), 0)), np.zeros((len(rows), 0))
    reduced = TruncatedSVD(components, random_state=seed).fit(known)
    return reduced.transform(known), reduced.transform(asked)


def _one_hot(reader: MovieReader, features: FeatureSet, rows: np.ndarray) -> csr_matrix:
    """Return which owners of the vocabulary each movie has: sparse 0 and 1, (rows, owners)."""
    places = reader.owner_places(features, rows)
    row, token = np.nonzero(places > UNKNOWN)
    columns = places[row, token].astype(np.int64) - UNKNOWN - 1
    shape = (len(places), len(reader.vocabulary))
    return csr_matrix((np.ones(len(row)), (row, columns)), shape=shape)
