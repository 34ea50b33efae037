"""Streams summed up as a few columns each, for models that want a flat table."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.decomposition import PCA

from pipeline.core.errors import TrainingError
from pipeline.core.ragged import Ragged
from pipeline.models.training.batches import StreamTable

METADATA = "metadata"
"""Name of the stream that is flat already."""

MAX_COMPONENTS = 16
"""Wider streams are reduced to so many principal components, fitted on the training set."""

MIN_MOVIES_PER_COMPONENT = 4

FARTHEST_SD = 4.0

_READ_ROWS = 512


def reduce_streams(
    table: StreamTable,
    names: Sequence[str],
    train_rows: np.ndarray,
    rows: np.ndarray,
    *,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum up streams as a few columns each, fitted on the training set; NaN where missing.

    A sequence counts by its mean, a log-mel by its mean and deviation over time.

    Returns:
        Float64, (n, columns) for the training rows and (m, columns) for the others.
    """
    columns = [_reduce(table, name, train_rows, rows, seed) for name in names]
    return np.hstack([train for train, _ in columns]), np.hstack([others for _, others in columns])


def _reduce(
    table: StreamTable, name: str, train_rows: np.ndarray, rows: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    train, others = (summarise(table.streams[name], some) for some in (train_rows, rows))
    has_train, has_asked = (np.asarray(table.masks[name])[some] for some in (train_rows, rows))
    components = min(MAX_COMPONENTS, int(has_train.sum()) // MIN_MOVIES_PER_COMPONENT)
    if not components:
        return np.zeros((len(train), 0)), np.zeros((len(others), 0))
    if train.shape[1] > components:
        pca = PCA(components, svd_solver="randomized", random_state=seed).fit(train[has_train])
        train, others = pca.transform(train), pca.transform(others)
    train, others = train.astype(np.float64), others.astype(np.float64)
    train[~has_train], others[~has_asked] = np.nan, np.nan
    return train, others


def column_counts(table: StreamTable, names: Sequence[str]) -> dict[str, int]:
    """Count the columns into which `read_columns` sums up each stream that the table has."""
    nobody = np.zeros(0, dtype=np.int64)
    return {
        name: summarise(table.streams[name], nobody).shape[1]
        for name in names
        if name in table.streams
    }


def read_columns(table: StreamTable, counts: Mapping[str, int], rows: np.ndarray) -> np.ndarray:
    """Read streams side by side, summed up as `summarise` does.

    Args:
        table: The streams.
        counts: Columns by stream; one that the table lacks is NaN throughout.
        rows: Of which movies.

    Returns:
        Float64 (rows, columns); NaN where a movie lacks a stream.

    Raises:
        TrainingError: A stream has another number of columns.
    """
    parts = [np.zeros((len(rows), 0))]
    for name, count in counts.items():
        if name not in table.streams:
            parts.append(np.full((len(rows), count), np.nan))
            continue
        columns = summarise(table.streams[name], rows).astype(np.float64)
        if columns.shape[1] != count:
            raise TrainingError(
                f"stream {name!r}: expected {count} columns, got {columns.shape[1]}; the model was "
                "trained on another backbone"
            )
        columns[~np.asarray(table.masks[name])[rows]] = np.nan
        parts.append(columns)
    return np.hstack(parts)


def fit_scale(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column's known values, 1 where it does not vary.

    Args:
        columns: Float64 (movies, columns), NaN where unknown.
    """
    mean, deviation = _mean_of_known(columns), deviations(columns)
    return mean, np.where(deviation > 0, deviation, 1.0)


def deviations(columns: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each column's known values, 0 where none is known.

    Args:
        columns: Float64 (movies, columns), NaN where unknown.

    Example:
        >>> deviations(np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan]])).tolist()
        [1.0, 0.0, 0.0]
    """
    return np.sqrt(_mean_of_known((columns - _mean_of_known(columns)) ** 2))


def _mean_of_known(columns: np.ndarray) -> np.ndarray:
    return np.nansum(columns, axis=0) / np.maximum((~np.isnan(columns)).sum(axis=0), 1)


def standardise(columns: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return columns in standard deviations from the mean; what is unknown is 0.

    They are clipped at `FARTHEST_SD`: a column that hardly varies among a few hundred movies would
    else decide what is predicted for one that is different.
    """
    return np.nan_to_num(np.clip((columns - mean) / scale, -FARTHEST_SD, FARTHEST_SD))


def summarise(values: np.ndarray | Ragged, rows: np.ndarray) -> np.ndarray:
    """Return some rows' vectors as they are, a sequence's mean, and a log-mel's mean and deviation
    over time, float32 (rows, columns).
    """
    if isinstance(values, Ragged):
        return _mean_of_sequences(values, rows)
    parts = [np.zeros((0, values.shape[1] * (1 if values.ndim == 2 else 2)), np.float32)]
    for start in range(0, len(rows), _READ_ROWS):
        part = np.asarray(values[rows[start : start + _READ_ROWS]], dtype=np.float32)
        if part.ndim > 2:
            part = np.hstack([part.mean(axis=2), part.std(axis=2)])
        parts.append(part)
    return np.concatenate(parts)


def _mean_of_sequences(values: Ragged, rows: np.ndarray) -> np.ndarray:
    means = np.zeros((len(rows), values.width), dtype=np.float32)
    for place, row in enumerate(rows):
        some = values.row(row)
        if len(some):
            means[place] = np.asarray(some, dtype=np.float32).mean(axis=0)
    return means
