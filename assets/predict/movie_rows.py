"""Rows of features of movies that are known, given by hand, or requested from the source now."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from assets.models.experiment_data import read_frames_of, read_poster_of
from assets.predict.given_media import GivenMedia
from assets.predict.input_encoding import InputEncoder, Report
from assets.splits.feature_sources import average_frames
from pipeline.core.errors import InputError, ItemError, TrailerError
from pipeline.core.franchise_candidates import FranchiseCandidates
from pipeline.core.franchises import count_earlier
from pipeline.core.inputs_as_of import days_before, record_as_of
from pipeline.core.metadata import PREDECESSOR_COLUMNS
from pipeline.core.outcomes import Reason
from pipeline.core.records import MovieRecord, before_release, plot_text
from pipeline.crawl.tmdb.responses import parse_details
from pipeline.media.trailer import probe
from pipeline.predict.inputs import MovieInputs
from pipeline.predict.masking import FRANCHISE, MASKS, POSTER_STREAMS, TRAILER_STREAMS
from pipeline.predict.movie_row import MovieRow, describe_movie, stored_streams
from pipeline.predict.people import Names, companies_of, people_of
from pipeline.predict.record import make_record
from pipeline.splits.features import METADATA, FeatureTable
from resources.run_context import RunContext
from resources.storage.owned_folders import OwnedFolder
from resources.trailers.trailer_sources import request_trailer

OpenSource = Callable[[], AbstractContextManager[RunContext]]
"""Opens a run context whose source can be asked."""

_UNDESCRIBED = np.zeros(0, np.float32)
"""The metadata of a row whose record is not complete yet."""

AS_OF_REMARK = (
    "As of that day: earlier films' revenues, prices and predecessors. The plot, the poster, the "
    "trailer, the budget and who takes part are those of today: nobody dates them."
)

Ties = tuple[object, ...]
"""What decides to which movies one is linked, and which came earlier."""


def _ties(row: MovieRow) -> Ties:
    record = row.record
    return (
        row.day,
        record.tmdb_id, record.title, record.release_date, record.collection_id, record.cast,
        record.crew, record.companies,
    )  # fmt: skip


def _with(row: MovieRow, names: Sequence[str], made: Mapping[str, np.ndarray]) -> MovieRow:
    """Return the row with other arrays in place of some modalities."""
    row = row.without(*names)
    return replace(row, streams={**row.streams, **made})


def _give(pixels: np.ndarray) -> np.ndarray:
    return pixels


def _request_record(run_context: RunContext, tmdb_id: int) -> MovieRecord:
    try:
        return parse_details(run_context.tmdb.details(tmdb_id))
    except ItemError as error:
        if error.reason is not Reason.DELETED_AT_SOURCE:
            raise
        problem = f"neither the store nor its source has a film {tmdb_id}"
        raise InputError("tmdb_id", problem, "the TMDB id of a film") from error


class MovieRows:
    """Makes rows of features, by the functions that made the packed table.

    Args:
        run_context: The store.
        table: The packed features.
        open_source: See `OpenSource`.
        report: Says what is being done.
    """

    def __init__(
        self, run_context: RunContext, table: FeatureTable, open_source: OpenSource, report: Report
    ):
        self._run_context, self._table = run_context, table
        self._open_source, self._report = open_source, report
        self._encoder = InputEncoder(run_context, table, report)
        self._given = GivenMedia(run_context, report)
        ids = table.table["tmdb_id"].tolist()
        self._places = {tmdb_id: row for row, tmdb_id in enumerate(ids)}
        self._counts: dict[Ties, int | None] = {}

    def make(
        self, inputs: MovieInputs, as_of: date | None = None
    ) -> tuple[MovieRow, tuple[str, ...]]:
        """Make the row of a movie; return it with remarks for people.

        Args:
            inputs: What is given of it.
            as_of: What was not known by this day is left out, as far as it has a date.

        Raises:
            InputError: A given value cannot be used, or nobody has such a movie.
            ItemError: The source fails.
        """
        place = self._places.get(inputs.tmdb_id or 0)
        if place is not None:
            base, remarks = self._stored(place), ()
        elif inputs.tmdb_id is not None:
            base, remarks = self._fetch(inputs.tmdb_id)
        else:
            base, remarks = None, ()
        given = make_record(inputs, base.record if base else None, self._people, self._companies)
        record = given.record
        if not record.franchise:
            record = replace(record, franchise=self._candidates.find_franchise(record))
        row = base or MovieRow(record, _UNDESCRIBED)
        row, more = self._add_media(inputs, replace(row, record=record))
        if as_of is not None:
            (day,) = days_before([row.record], as_of)
            row = replace(row, record=record_as_of(row.record, day), day=day)
            more = (*more, AS_OF_REMARK)
        return self._describe(row), (*remarks, *given.remarks, *more)

    def find_place(self, tmdb_id: int) -> int | None:
        """Return the row of the table that a movie has; None where it is not known."""
        return self._places.get(tmdb_id)

    def without(self, row: MovieRow, hidden: Sequence[Sequence[str]]) -> list[MovieRow]:
        """Return the row without some inputs, of `MASKS`, once for each list of names.

        Whoever and whatever is hidden, it is described as of the same day, and the same films came
        before it: they are an input of their own.
        """
        earlier, found = self._count_predecessors(row), list[MovieRow]()
        day = row.day or row.record.release_date
        for names in hidden:
            one = replace(row, day=day)
            for name in names:
                one, record = MASKS[name].hide(one)
                one = replace(one, record=record)
            count = 0 if earlier and FRANCHISE in names else earlier
            found.append(replace(one, metadata=describe_movie(one.record, count)))
        return found

    @cached_property
    def _candidates(self) -> FranchiseCandidates:
        return FranchiseCandidates(self._table.records)

    @cached_property
    def _people(self) -> Names:
        return Names(people_of(self._table.records))

    @cached_property
    def _companies(self) -> Names:
        return Names(companies_of(self._table.records))

    def _describe(self, row: MovieRow) -> MovieRow:
        """Compute the metadata of a row."""
        return replace(row, metadata=describe_movie(row.record, self._count_predecessors(row)))

    def _count_predecessors(self, row: MovieRow) -> int | None:
        """Count a movie's predecessors: as the table has it, unless what decides it differs."""
        record, ties = row.record, _ties(row)
        place = self._places.get(record.tmdb_id)
        if place is not None and ties == _ties(MovieRow(self._table.records[place], _UNDESCRIBED)):
            column = self._table.columns[METADATA].index(PREDECESSOR_COLUMNS[0])
            stored = float(np.asarray(self._table.streams[METADATA])[place, column])
            return None if np.isnan(stored) else int(stored)
        if ties not in self._counts:
            self._counts[ties] = self._count_earlier(row)
        return self._counts[ties]

    def _count_earlier(self, row: MovieRow) -> int | None:
        record = row.record
        day = record.release_date if row.day is None else row.day
        if day is None or self._candidates.is_alone(record):
            return None if day is None else 0
        known = [one for one in self._table.records if one.tmdb_id != record.tmdb_id]
        return count_earlier([record], [day], known)[0]

    def _stored(self, place: int) -> MovieRow:
        record = self._table.records[place]
        streams = stored_streams(self._table, place)
        run_context, tmdb_id = self._run_context, record.tmdb_id
        return MovieRow(
            record, _UNDESCRIBED, streams,
            load_poster=partial(read_poster_of, run_context, tmdb_id),
            load_frames=partial(read_frames_of, run_context, tmdb_id),
        )  # fmt: skip

    def _add_media(self, inputs: MovieInputs, row: MovieRow) -> tuple[MovieRow, tuple[str, ...]]:
        remarks: tuple[str, ...] = ()
        if inputs.plot is not None:
            row = self.with_text(row)
        if inputs.poster is not None:
            row = self.with_poster(row, self._given.read_poster(inputs.poster))
        if inputs.trailer is not None:
            with self._given.open_trailer(inputs.trailer) as (path, sound):
                row, remarks = self._with_trailer(row, path, sound)
        return row, remarks

    def with_text(self, row: MovieRow) -> MovieRow:
        """Embed the plot of the row's record."""
        text = plot_text(row.record)
        return _with(row, ("text",), self._encoder.read_text(text) if text else {})

    def with_texts(self, row: MovieRow, plots: Sequence[str]) -> list[MovieRow]:
        """Return the row with other plots, embedded together."""
        rows = [replace(row, record=replace(row.record, overview=plot)) for plot in plots]
        texts = [plot_text(one.record) for one in rows]
        made = iter(self._encoder.read_texts([text for text in texts if text]))
        return [
            _with(one, ("text",), next(made) if text else {})
            for one, text in zip(rows, texts, strict=True)
        ]

    def with_poster(self, row: MovieRow, source: Path | bytes) -> MovieRow:
        """Embed another poster.

        Raises:
            InputError: It is no usable picture.
        """
        made, pixels = self._encoder.read_poster(source)
        return replace(_with(row, POSTER_STREAMS, made), load_poster=lambda: pixels)

    def with_posters(
        self, row: MovieRow, contents: Sequence[bytes], wanted: Collection[str]
    ) -> list[MovieRow]:
        """Return the row with other posters, embedded together, as the modalities wanted.

        Raises:
            InputError: One is no usable picture.
        """
        return [
            replace(_with(row, POSTER_STREAMS, made), load_poster=partial(_give, pixels))
            for made, pixels in self._encoder.read_posters(contents, wanted)
        ]

    @staticmethod
    def with_frames(row: MovieRow, kept: np.ndarray) -> MovieRow:
        """Return the row with some frames of its trailer alone; clips and sound stay.

        Args:
            row: It has frames.
            kept: Bool (frames,), one true at least.
        """
        frames = row.streams["frames"][kept]
        pixels = row.load_frames()
        return replace(
            row,
            streams={**row.streams, "frames": frames, "video": average_frames(frames)},
            load_frames=lambda: None if pixels is None else pixels[kept],
        )

    def _with_trailer(
        self, row: MovieRow, path: Path, sound: Path | None = None
    ) -> tuple[MovieRow, tuple[str, ...]]:
        made, frames, remarks = self._encoder.read_trailer(path, row.record.tmdb_id, sound)
        row = row.without(*TRAILER_STREAMS)
        row = replace(row, streams={**row.streams, **made}, load_frames=lambda: frames)
        return row, remarks

    def _fetch(self, tmdb_id: int) -> tuple[MovieRow, tuple[str, ...]]:
        """Request record, poster and trailer of a movie that the store does not know."""
        with self._open_source() as run_context, OwnedFolder() as folder:
            if run_context.source.is_imports:
                raise InputError(
                    "tmdb_id", f"the store does not know {tmdb_id}", "an id of an imported film"
                )
            self._report(f"requesting film {tmdb_id}")
            record = before_release(_request_record(run_context, tmdb_id))
            row = MovieRow(record, _UNDESCRIBED)
            if plot_text(record):
                row = self.with_text(row)
            row, no_poster = self._fetch_poster(run_context, row)
            row, no_trailer = self._fetch_trailer(run_context, row, folder.path)
        return row, (*no_poster, *no_trailer)

    def _fetch_poster(
        self, run_context: RunContext, row: MovieRow
    ) -> tuple[MovieRow, tuple[str, ...]]:
        if not row.record.poster_path:
            return row, ()
        try:
            content = run_context.images.fetch_poster(row.record.poster_path)
            return self.with_poster(row, content), ()
        except (ItemError, InputError) as error:
            return row, (f"poster: {error}",)

    def _fetch_trailer(
        self, run_context: RunContext, row: MovieRow, folder: Path
    ) -> tuple[MovieRow, tuple[str, ...]]:
        if not row.record.videos:
            return row, ()
        self._report("fetching the trailer")
        inspect = partial(run_context.decoders.call, probe)
        try:
            wanted = request_trailer(row.record)
            fetched = run_context.trailers.fetch(wanted, folder, inspect)
            return self._with_trailer(row, fetched.path, fetched.audio_path)
        except (TrailerError, ItemError, InputError) as error:
            return row, (f"trailer: {error}",)
