"""What a movie would look like without one of its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.core.metadata import METADATA_COLUMNS, PREDECESSOR_COLUMNS
from pipeline.core.records import MovieRecord
from pipeline.predict.movie_row import MovieRow

POSTER_STREAMS = ("poster", "regions")
PICTURE_STREAMS, SOUND_STREAMS = ("frames", "video", "clips", "clip_frames"), ("audio", "sound")
TRAILER_STREAMS = (*PICTURE_STREAMS, *SOUND_STREAMS)
"""What comes of one poster, and of one trailer."""

FRANCHISE = "franchise"
"""The input that hides which films came before: it is the same whoever else is hidden."""


@dataclass(frozen=True)
class Mask:
    """What an input contributes: fields of the record, with their empty values, and modalities.

    Attributes:
        fields: By name.
        streams: Names.
        column: Of the metadata: where named, the input is there if this is above 0.
    """

    fields: Mapping[str, Any]
    streams: tuple[str, ...] = ()
    column: str = ""

    def is_there(self, movie: MovieRow) -> bool:
        """Whether the movie has anything of it."""
        if self.column:
            return bool(movie.metadata[METADATA_COLUMNS.index(self.column)] > 0)
        has_field = any(getattr(movie.record, name) for name in self.fields)
        return has_field or not set(self.streams).isdisjoint(movie.streams)

    def hide(self, movie: MovieRow) -> tuple[MovieRow, MovieRecord]:
        """Return the row without the modalities, and the record without the fields."""
        return movie.without(*self.streams), replace(movie.record, **self.fields)


MASKS: Mapping[str, Mask] = {
    "plot": Mask({"overview": ""}, ("text",)),
    "poster": Mask({}, POSTER_STREAMS),
    "trailer's pictures": Mask({}, PICTURE_STREAMS),
    "trailer's sound": Mask({}, SOUND_STREAMS),
    "budget": Mask({"budget_usd": None}),
    "release date": Mask({"release_date": None}),
    "runtime": Mask({"runtime_min": None}),
    "genres": Mask({"genres": ()}),
    FRANCHISE: Mask({"collection_id": None, "franchise": ""}, column=PREDECESSOR_COLUMNS[0]),
    "cast": Mask({"cast": ()}),
    "crew": Mask({"crew": ()}),
    "companies": Mask({"companies": ()}),
    "language": Mask({"original_language": ""}),
    "countries": Mask({"countries": ()}),
    "certification": Mask({"certification_us": None}),
}
"""By input, as people name them."""
