"""Turns records and streams into typed fields: numbers, owners (people, companies, ...), text."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.identity_cache import remember_by_identity
from pipeline.core.ragged import Ragged, pack_ragged
from pipeline.core.records import MovieRecord, plot_text
from pipeline.core.release_columns import RELEASE_COLUMNS, describe_release
from pipeline.core.track_records import (
    TALENT_COLUMNS,
    TrackRecords,
    collect_track_records,
    describe_talent,
    list_people,
)
from pipeline.core.versions import hash_json
from pipeline.models.training.batches import StreamArrays
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.expected_numbers import BASES, bases_of, expect_unknown
from pipeline.models.training.summaries import METADATA

FIELDS = ("genre", "country", "language", "director", "writer", "producer", "cast", "company")
"""Typed fields of owners; every token of a movie is marked with its field."""

MAX_OF_FIELD = {
    "genre": 4, "country": 2, "language": 1, "director": 2, "writer": 3, "producer": 3, "cast": 5,
    "company": 3, "keyword": 8, "word": 96,
}  # fmt: skip
"""Most tokens of a field. Keywords are an option, because the crowd writes them, many after
release; words of the plot are for networks that look at text alone."""

ALL_FIELDS = tuple(MAX_OF_FIELD)

PAD, UNKNOWN = 0, 1
"""Vocabulary places: no token; an owner that the training set has only once or not at all."""

MIN_MOVIES = 2

_KEPT = 20_000
"""Records whose owners are remembered: those of 5,000 movies, whole and cut three ways."""

_WORD = re.compile(r"[^\W_]+")

_TRACKS = ("owner", "day", "log10_usd", "over_budget", "franchise")


class MovieReader(nn.Module):
    """What is fitted on a training set to read any movie as of a day; buffers only.

    It reads no more than `pipeline.core.inputs_as_of` allows: release, track records and people are
    computed by the same functions, the metadata stream of the table by `describe_movies`.

    Args:
        n_credits: Rows of the track records.
        n_numbers: Columns of numbers.
        n_owners: Places of the vocabulary behind `PAD` and `UNKNOWN`.
        fields: Names in `ALL_FIELDS` whose owners become tokens.
    """

    vocabulary: Tensor
    counts: Tensor
    mean: Tensor
    scale: Tensor
    base_mean: Tensor
    expected: Tensor

    def __init__(
        self, n_credits: int, n_numbers: int, n_owners: int, fields: Sequence[str] = FIELDS
    ):
        super().__init__()
        self.arguments = {
            "n_credits": n_credits, "n_numbers": n_numbers, "n_owners": n_owners,
            "fields": list(fields),
        }  # fmt: skip
        self.fields = tuple(fields)
        for name in _TRACKS:
            kind = torch.float64 if name in ("log10_usd", "over_budget") else torch.int64
            self.register_buffer(f"track_{name}", torch.zeros(n_credits, dtype=kind))
        self.register_buffer("vocabulary", torch.zeros(n_owners, dtype=torch.int64))
        self.register_buffer("counts", torch.zeros(n_owners, dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(n_numbers))
        self.register_buffer("scale", torch.ones(n_numbers))
        self.register_buffer("base_mean", torch.zeros(BASES, dtype=torch.float64))
        self.register_buffer("expected", torch.zeros(BASES, n_numbers, dtype=torch.float64))

    @classmethod
    def fit(
        cls,
        features: FeatureSet,
        rows: np.ndarray,
        revenue_usd: np.ndarray,
        fields: Sequence[str] = FIELDS,
    ) -> "MovieReader":
        """Fit on these rows alone; revenues of other rows are not looked at."""
        if len(features.records) != len(revenue_usd):
            raise TrainingError(
                f"expected a record for each of {len(revenue_usd)} movies, got "
                f"{len(features.records)}; build the features with records"
            )
        tracks = collect_track_records(features.records, revenue_usd, rows)
        numbers = _numbers(features, rows, tracks)
        owners = Counter(
            owner for row in rows for _, owner in set(_owners(features.records[row], tuple(fields)))
        )
        known = sorted(owner for owner, count in owners.items() if count >= MIN_MOVIES)
        reader = cls(len(tracks.day), numbers.shape[1], len(known), fields)
        for name in _TRACKS:
            getattr(reader, f"track_{name}").copy_(torch.from_numpy(getattr(tracks, name)))
        reader.vocabulary.copy_(torch.tensor(known, dtype=torch.int64))
        reader.counts.copy_(torch.tensor([owners[owner] for owner in known], dtype=torch.int64))
        base_mean, expected = expect_unknown(numbers)
        reader.base_mean.copy_(torch.from_numpy(base_mean))
        reader.expected.copy_(torch.from_numpy(expected))
        numbers = reader._fill(numbers)
        spread = numbers.std(axis=0)
        reader.mean.copy_(torch.from_numpy(numbers.mean(axis=0)))
        reader.scale.copy_(torch.from_numpy(np.where(spread > 1e-6, spread, 1.0)))
        return reader

    @property
    def n_tokens(self) -> int:
        """Places for tokens of a movie."""
        return sum(MAX_OF_FIELD[name] for name in self.fields)

    @property
    def tracks(self) -> TrackRecords:
        """The training set's track records."""
        return TrackRecords(*(getattr(self, f"track_{name}").numpy() for name in _TRACKS))

    def raw_numbers(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Return numbers in their units: float64 (rows, columns).

        What is unknown is what budget and price level let expect, so that no model can read from a
        gap how completely the crowd has filled in a record.
        """
        return self._fill(_numbers(features, rows, self.tracks))

    def _fill(self, numbers: np.ndarray) -> np.ndarray:
        base = bases_of(numbers)
        base = np.where(np.isnan(base), self.base_mean.numpy(), base)
        # no matrix product: its last digit depends on how many movies are read together, and a tree
        # may cut at that very number
        parts = [base[:, k, None] * weights for k, weights in enumerate(self.expected.numpy())]
        return np.where(np.isnan(numbers), np.sum(parts, axis=0), numbers)

    def owner_places(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Return the owners' places in the vocabulary, (rows, tokens); see `read`."""
        return self._tokens([features.records[row] for row in rows])[:, 0]

    def read(self, features: FeatureSet, rows: np.ndarray) -> StreamArrays:
        """Read some movies.

        Returns:
            Streams `numbers` float32 (n, columns), standardised, none unknown; `owners` float32
            (n, tokens), places in the vocabulary; `fields` and `buckets` alike: which field
            a token is of, and how often the training set has it in powers of two; `text` and
            `regions` where the features have them.
        """
        rows = np.asarray(rows)
        numbers = (self.raw_numbers(features, rows) - self.mean.numpy()) / self.scale.numpy()
        tokens = self._tokens([features.records[row] for row in rows])
        everyone = np.ones(len(rows), dtype=bool)
        streams: dict[str, np.ndarray | Ragged] = {
            "numbers": np.clip(numbers, -6, 6).astype(np.float32),
            **{name: tokens[:, i] for i, name in enumerate(("owners", "fields", "buckets"))},
        }
        masks = dict.fromkeys(streams, everyone)
        for name in {"text", "regions"} & set(features.table.streams):
            streams[name] = _take(features.table.streams[name], rows)
            masks[name] = np.asarray(features.table.masks[name])[rows]
        hashed = hash_json([features.table.data_hash, rows.tolist()])
        return StreamArrays(streams, masks, hashed)

    def _tokens(self, records: Sequence[MovieRecord]) -> np.ndarray:
        """Return places, fields and buckets of tokens, float32 (records, 3, tokens)."""
        listed = [_owners(record, self.fields) for record in records]
        row = np.repeat(np.arange(len(records)), [len(own) for own in listed])
        flat = np.array([one for own in listed for one in own], dtype=np.int64).reshape(-1, 2)
        starts = np.cumsum([0, *(len(own) for own in listed)])[:-1]
        token = np.arange(len(row)) - np.repeat(starts, [len(own) for own in listed])
        vocabulary, counts = self.vocabulary.numpy(), self.counts.numpy()
        tokens = np.zeros((len(records), 3, self.n_tokens), dtype=np.float32)
        tokens[row, 0, token], tokens[row, 1, token] = UNKNOWN, flat[:, 0] + 1
        if len(vocabulary):
            at = np.minimum(np.searchsorted(vocabulary, flat[:, 1]), len(vocabulary) - 1)
            is_known = vocabulary[at] == flat[:, 1]
            buckets = np.minimum(np.frexp(counts[at])[1] - 1, 7)  # its length in bits, less one
            tokens[row, 0, token] += is_known * (at + 1)
            tokens[row, 2, token] = is_known * buckets
        return tokens


class RevenueModel(nn.Module):
    """A network that predicts log10 revenue and reads movies by itself.

    Args:
        reader: Arguments of its `MovieReader`.
        arguments: The others from which an empty one is built, JSON values.
    """

    def __init__(self, reader: Mapping[str, Any], **arguments: Any):
        super().__init__()
        self.arguments = {"reader": dict(reader), **arguments}
        self.reader = MovieReader(**reader)

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue, float64 (rows,), or (rows, 2) with its standard deviation."""
        raise NotImplementedError


def fit_reader(features: FeatureSet, target_log10: np.ndarray, rows: np.ndarray) -> MovieReader:
    """Fit the reader of a blend's members, and of its baselines, on the movies they are fitted to.

    Args:
        features: With records.
        target_log10: Log10 revenues, (movies,); read where the features have no revenues.
        rows: What it is fitted on; revenues of other rows are not looked at.
    """
    return MovieReader.fit(features, rows, known_revenue_usd(features, target_log10), FIELDS)


def name_numbers(features: FeatureSet) -> list[str]:
    """Name the columns of a reader's numbers; those of a metadata stream without names are ""."""
    metadata = list[str]()
    if METADATA in features.table.streams:
        columns: Mapping[str, Sequence[str]] = getattr(features.table, "columns", {})
        width = np.asarray(features.table.streams[METADATA]).shape[1]
        metadata = list(columns.get(METADATA, [""] * width))
    return [*metadata, *RELEASE_COLUMNS, *TALENT_COLUMNS]


def known_revenue_usd(features: FeatureSet, target_log10: np.ndarray) -> np.ndarray:
    """Return revenues for track records: those of the features, else the target's."""
    if features.revenue_usd is not None:
        return features.revenue_usd
    return 10.0**target_log10


def _numbers(features: FeatureSet, rows: np.ndarray, tracks: TrackRecords) -> np.ndarray:
    """Return metadata, release and track records, NaN unknown: float64 (rows, columns)."""
    records = [features.records[row] for row in rows]
    days = None if features.days is None else [features.days[row] for row in rows]
    table = features.table
    parts = [describe_release(records, days), describe_talent(records, tracks, days)]
    if METADATA in table.streams:
        parts.insert(0, np.asarray(table.streams[METADATA])[rows])
    return np.hstack([np.asarray(part, dtype=np.float64) for part in parts])


@remember_by_identity(_KEPT)
def _owners(record: MovieRecord, fields: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """List a movie's owners as (place of the field in `ALL_FIELDS`, hash of field and id)."""
    listed: dict[str, Sequence[object]] = {
        "genre": record.genres,
        "country": record.countries,
        "language": [record.original_language] if record.original_language else [],
        "keyword": record.keywords,
        "word": _WORD.findall(plot_text(record).lower()) if "word" in fields else (),
        **list_people(record),
    }
    return tuple(
        (ALL_FIELDS.index(name), hash_owner(name, one))
        for name in fields
        for one in list(listed[name])[: MAX_OF_FIELD[name]]
    )


@lru_cache(maxsize=500_000)
def hash_owner(field: str, one: object) -> int:
    """Return an owner's number: the same everywhere."""
    return int(hash_json([field, one])[:12], 16)


def _take(stream: np.ndarray | Ragged, rows: np.ndarray) -> np.ndarray | Ragged:
    if isinstance(stream, Ragged):
        return pack_ragged([np.asarray(stream.row(row), dtype=np.float32) for row in rows])
    return np.asarray(stream[rows], dtype=np.float32)
