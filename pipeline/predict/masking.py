"""What a movie would look like without one of its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.core.records import MovieRecord
from pipeline.predict.movie_row import MovieRow

POSTER_STREAMS = ("poster", "regions")
TRAILER_STREAMS = ("frames", "video", "clips", "clip_frames", "audio", "sound")
"""What comes of one poster, and of one trailer."""


@dataclass(frozen=True)
class Mask:
    """What an input contributes: fields of the record, with their empty values, and modalities."""

    fields: Mapping[str, Any]
    streams: tuple[str, ...] = ()

    def is_there(self, movie: MovieRow) -> bool:
        """Whether the movie has anything of it."""
        has_field = any(getattr(movie.record, name) for name in self.fields)
        return has_field or not set(self.streams).isdisjoint(movie.streams)

    def hide(self, movie: MovieRow) -> tuple[MovieRow, MovieRecord]:
        """Return the row without the modalities, and the record without the fields."""
        return movie.without(*self.streams), replace(movie.record, **self.fields)


MASKS: Mapping[str, Mask] = {
    "plot": Mask({"overview": ""}, ("text",)),
    "poster": Mask({}, POSTER_STREAMS),
    "trailer": Mask({}, TRAILER_STREAMS),
    "budget": Mask({"budget_usd": None}),
    "release date": Mask({"release_date": None}),
    "runtime": Mask({"runtime_min": None}),
    "genres": Mask({"genres": ()}),
    "cast": Mask({"cast": ()}),
    "crew": Mask({"crew": ()}),
    "companies": Mask({"companies": ()}),
    "language": Mask({"original_language": ""}),
    "countries": Mask({"countries": ()}),
    "certification": Mask({"certification_us": None}),
}
"""By input, as people name them."""
