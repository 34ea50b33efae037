"""What the server asks of a catalogue, whether it is generated or read from a folder."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Protocol


class Catalogue(Protocol):
    """What the server asks for; unknown and deleted movies raise LookupError."""

    kind: str

    def about(self) -> dict:
        """Describe the catalogue: `kind`, `size`, `fingerprint` and what else names it.

        `opened_with` is the size before any `add`, where a larger one holds the same movies.
        """

    def movie_ids(self) -> list[int]:
        """List the movies, ascending."""

    def listing(self) -> list[tuple[str, int]]:
        """List (release date or "", TMDB id) of every movie, ascending."""

    def details(self, tmdb_id: int) -> dict:
        """Return `/movie/{id}` with credits, keywords, videos, release_dates and external_ids."""

    def summary(self, tmdb_id: int) -> dict:
        """Return at least those fields of `details` that a list of movies shows."""

    def poster(self, poster_path: str, width_px: int) -> bytes | None:
        """Return a poster as JPEG; None where the path is nobody's."""

    def trailer(self, key: str) -> Path | None:
        """Return the file of a video; None where the key is nobody's."""

    def has_imdb_id(self, imdb_id: str) -> bool:
        """Return whether a movie has this IMDb id."""

    def find(self, imdb_id: str) -> int:
        """Return the movie with this IMDb id; LookupError where there is none."""

    def box_office(self, imdb_id: str) -> dict | None:
        """Return IMDbPro's figures (see `box_office.make_box_office`); None where it has none."""

    def changed_between(self, start: date, end: date) -> list[int]:
        """List movies changed on those days, deleted ones too."""

    def edit(self, tmdb_id: int, changes: Mapping[str, object]) -> None:
        """Replace top-level fields of a movie's details."""

    def delete(self, tmdb_id: int) -> None:
        """Remove a movie."""

    def add(self, n: int) -> list[int]:
        """Bring in up to n new movies and list them."""
