"""The generated catalogue: movies drawn from a seed, with media made when first asked for."""

import os
import re
import threading
from collections import defaultdict
from datetime import date
from pathlib import Path

from pipeline.core.versions import combine
from resources.studio.catalogue.catalogue import Catalogue
from resources.studio.catalogue.details import (
    FEATURETTE,
    MAIN_TRAILER,
    make_basics,
    make_box_office,
    make_parts,
    write_own_title,
)
from resources.studio.catalogue.timeline import draw_timeline
from resources.studio.catalogue.traits import FIRST_TMDB_ID, Traits, draw_traits
from resources.studio.media.drawing import draw_poster

GENERATOR_VERSION = "4"
"""To be raised when the same seed gives other movies or media than before."""


class GeneratedCatalogue(Catalogue):
    """Movies drawn from a seed; a movie is the same in a catalogue of any size.

    Args:
        size: How many movies.
        seed: Seed of everything.
        cache: Folder for trailers, which are encoded when first asked for; any number of
            catalogues, threads and processes may share it.
    """

    kind = "generated"

    def __init__(self, size: int, seed: int, cache: Path):
        super().__init__()
        if size < 1:
            raise ValueError(f"a catalogue wants at least one movie, not {size}")
        self.size, self.seed, self.cache = size, seed, Path(cache)
        self._opened_with = size
        self.fingerprint = combine([self.kind, str(seed), GENERATOR_VERSION])
        self._timeline = draw_timeline(seed, size)
        self._guard = threading.Lock()
        self._render_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._listed: tuple[int, list[tuple[str, int]]] = (-1, [])

    def about(self) -> dict:
        """Describe the catalogue."""
        return {
            "kind": self.kind,
            "seed": self.seed,
            "size": self.size,
            "opened_with": self._opened_with,
            "fingerprint": self.fingerprint,
        }

    def movie_ids(self) -> list[int]:
        """List the movies that are not deleted."""
        deleted, ids = self._deleted, range(FIRST_TMDB_ID, FIRST_TMDB_ID + self.size)
        return [tmdb_id for tmdb_id in ids if tmdb_id not in deleted] if deleted else list(ids)

    def listing(self) -> list[tuple[str, int]]:
        """List (release date, TMDB id), by date; kept until something changes."""
        revision, listed = self._revision, self._listed
        if listed[0] != revision:
            days: list[str] = self._timeline.days.astype(str).tolist()
            edited = self._edited_dates()
            dated = [(edited.get(i, days[i - FIRST_TMDB_ID]), i) for i in self.movie_ids()]
            listed = self._listed = (revision, sorted(dated))
        return listed[1]

    def traits(self, tmdb_id: int) -> Traits:
        """Return what the movie is like underneath."""
        self._check(tmdb_id)
        index, timeline = tmdb_id - FIRST_TMDB_ID, self._timeline
        franchise, part = int(timeline.franchises[index]), int(timeline.parts[index])
        return draw_traits(self.seed, index, franchise=franchise, part=part)

    def _knows(self, tmdb_id: int) -> bool:
        return 0 <= tmdb_id - FIRST_TMDB_ID < self.size

    def _tmdb_id_of(self, imdb_id: str) -> int:
        own = re.fullmatch(r"tt9(\d{7})", imdb_id)
        return int(own[1]) - 1 + FIRST_TMDB_ID if own else 0

    def _released(self, tmdb_id: int) -> date:
        return self._timeline.release_date(tmdb_id - FIRST_TMDB_ID)

    def summary(self, tmdb_id: int) -> dict:
        """Return the top-level fields of the details."""
        basics = make_basics(self.traits(tmdb_id), self._released(tmdb_id), self.seed)
        return self._applied(tmdb_id, basics)

    def details(self, tmdb_id: int) -> dict:
        """Return the details with all parts."""
        traits, released = self.traits(tmdb_id), self._released(tmdb_id)
        basics = make_basics(traits, released, self.seed)
        return self._applied(tmdb_id, basics | make_parts(traits, released, self.seed))

    def poster(self, poster_path: str, width_px: int) -> bytes | None:
        """Draw a poster; a path that an edit named is another poster of the same warmth."""
        tmdb_id = self._edited_posters.get(poster_path)
        if tmdb_id is None:
            own = re.fullmatch(r"/p(\d{8,9})\.jpg", poster_path)
            tmdb_id = int(own[1]) if own else 0
            if not self._has(tmdb_id) or not self.traits(tmdb_id).has_poster:
                return None
        traits = self.traits(tmdb_id)
        title = write_own_title(traits, self.seed)
        key = f"{self.seed}{poster_path}"
        return draw_poster(title, traits.warmth, key, width_px, traits.poster_genre_ids)

    def trailer(self, key: str) -> Path | None:
        """Render a video unless it lies in the cache; other letters make another cut."""
        own = re.fullmatch(r"([a-z]{2})_(\d{8,9})", key)
        if not own or own[1] == FEATURETTE or not self._has(int(own[2])):
            return None
        traits = self.traits(int(own[2]))
        if own[1] == MAIN_TRAILER and not traits.has_trailer:
            return None
        path = self.cache / self.fingerprint / f"{key}.mp4"
        with self._guard:
            lock = self._render_locks[key]
        with lock:
            if not path.exists():
                self._render(path, traits, key)
        return path

    def _render(self, path: Path, traits: Traits, key: str) -> None:
        from resources.studio.media.rendering import render_trailer  # PyAV is slow to import

        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{key}.{os.getpid()}.mp4")
        render_trailer(part, traits, write_own_title(traits, self.seed), f"{self.seed}/{key}")
        part.replace(path)

    def box_office(self, imdb_id: str) -> dict | None:
        """Return IMDbPro's figures."""
        tmdb_id = self._tmdb_id_of(imdb_id)
        if not self._has(tmdb_id):
            return None
        return make_box_office(self.traits(tmdb_id), self._released(tmdb_id), self.seed)

    def add(self, n: int) -> list[int]:
        """Bring in the next n movies, as a larger catalogue has them from the start."""
        with self._guard:
            new = range(FIRST_TMDB_ID + self.size, FIRST_TMDB_ID + self.size + n)
            self._timeline = draw_timeline(self.seed, self.size + n)
            self.size += n
        self._touch(new)
        return list(new)
