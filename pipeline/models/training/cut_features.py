"""Features of the same movies with other records: cut, or as of another day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from pipeline.core.inputs_as_of import days_before
from pipeline.core.metadata import METADATA_COLUMNS, PREDECESSOR_COLUMNS, describe_movies
from pipeline.core.ragged import Ragged
from pipeline.core.record_cuts import cut_before_release, draw_cuts
from pipeline.core.records import MovieRecord
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.summaries import METADATA


@dataclass(frozen=True)
class CutTable:
    """A table whose metadata are of other records; see `StreamTable`."""

    streams: Mapping[str, np.ndarray | Ragged]
    masks: Mapping[str, np.ndarray]
    columns: Mapping[str, Sequence[str]]
    data_hash: str


def features_before_release(features: FeatureSet, days: int = 0) -> FeatureSet:
    """Return the features of all movies as before release; see `cut_before_release`.

    Args:
        features: Of whole records.
        days: As of so many days before the release of each; 0 as of the release.
    """
    records = [cut_before_release(record) for record in features.records]
    if not days:
        return with_records(features, records)
    released = [record.release_date for record in records]
    return with_records(features, records, [d - timedelta(days) if d else None for d in released])


def features_cut_at_random(features: FeatureSet, seed: int) -> FeatureSet:
    """Return the features of all movies with records cut at random; see `draw_cut`."""
    return with_records(features, draw_cuts(features.records, seed))


def features_mixed(features: FeatureSet, seed: int) -> FeatureSet:
    """Return features in which every other movie, drawn at random, has its record cut."""
    cuts = draw_cuts(features.records, seed)
    is_cut = np.random.default_rng(seed).random(len(cuts)) < 0.5
    pairs = zip(features.records, cuts, is_cut.tolist(), strict=True)
    return with_records(features, [cut if use else whole for whole, cut, use in pairs])


def features_as_of(features: FeatureSet, days: Sequence[date | None] | date) -> FeatureSet:
    """Return the features of all movies as of a day, one for all or one for each."""
    before = days_before(features.records, days)
    return with_records(features, features.records, before)


def with_records(
    features: FeatureSet,
    records: Sequence[MovieRecord],
    days: Sequence[date | None] | None = None,
) -> FeatureSet:
    """Return features that read other records of the same movies, in the same order.

    Columns of the metadata stream are computed anew; predecessors are counted among all movies of
    the features. Embeddings stay: none is of a field that the cuts take.
    """
    changed = replace(features, records=tuple(records), days=days or features.days)
    table = features.table
    if METADATA not in table.streams:
        return changed
    columns: Mapping[str, Sequence[str]] = getattr(table, "columns", {})
    # predecessors as of the days of release stand in the table
    kept = PREDECESSOR_COLUMNS if changed.days is None else ()
    own = describe_movies(
        records,
        known=features.records,
        days=changed.days,
        predecessors=[0] * len(records) if kept else None,
    )
    metadata = np.array(table.streams[METADATA], dtype=own.dtype)
    for place, name in enumerate(columns.get(METADATA, ())):
        if name in METADATA_COLUMNS and name not in kept:
            metadata[:, place] = own[:, METADATA_COLUMNS.index(name)]
    streams = {**table.streams, METADATA: metadata}
    return replace(changed, table=CutTable(streams, table.masks, columns, table.data_hash))


@dataclass(frozen=True)
class Views:
    """The same movies with whole records, and with records cut in three ways.

    Attributes:
        whole: As they are.
        before_release: All cut as the test set "as before release" is.
        cut: All cut at random.
        mixed: Every other one cut at random, for a member to which copies of a movie would count
            as two movies that agree.
    """

    whole: FeatureSet
    before_release: FeatureSet
    cut: FeatureSet
    mixed: FeatureSet

    @classmethod
    def of(cls, features: FeatureSet, seed: int) -> "Views":
        """Cut all records."""
        return cls(
            features,
            features_before_release(features),
            features_cut_at_random(features, seed),
            features_mixed(features, seed),
        )
