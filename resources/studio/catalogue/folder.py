"""A catalogue of real movies from a folder.

    movies/<tmdb_id>.json      TMDB's details and what was appended; absent parts become empty
    posters/<tmdb_id>.jpg      shown under the movie's `poster_path`, scaled down where asked for
                               narrower; posters/<name> goes first where a `poster_path` is /<name>
    trailers/<key>.<ext>       a video under its key, in any container
    box_office/<tmdb_id>.json  optional: IMDbPro's figures, as `details.make_box_office` makes them

Edits, deletions and additions are kept in memory; the folder is never written to.
"""

import json
from io import BytesIO
from pathlib import Path

from PIL import Image

from pipeline.core.errors import ConfigurationError
from pipeline.core.versions import combine
from resources.studio.catalogue.catalogue import Catalogue

EMPTY_PARTS = {
    "credits": {"cast": [], "crew": []},
    "keywords": {"keywords": []},
    "videos": {"results": []},
    "release_dates": {"results": []},
    "external_ids": {"imdb_id": None},
}


class FolderCatalogue(Catalogue):
    """Real movies; every record is read once at the start, for its dates and ids.

    Args:
        folder: Laid out as the module says.

    Raises:
        ConfigurationError: There is no `movies/` in the folder.
    """

    kind = "folder"

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = Path(folder)
        if not (self.folder / "movies").is_dir():
            raise ConfigurationError(
                f"a studio folder wants movies/<tmdb_id>.json; {folder} has no movies"
            )
        self.fingerprint = combine([self.kind, str(self.folder.resolve())])
        self._dates: dict[int, str] = {}
        self._imdb_ids: dict[str, int] = {}
        self._posters: dict[str, int] = {}
        self._trailers: dict[str, Path] = {}
        self._read_new(limit=None)

    def _read_new(self, limit: int | None) -> list[int]:
        found = sorted(int(path.stem) for path in (self.folder / "movies").glob("*.json"))
        new = [tmdb_id for tmdb_id in found if tmdb_id not in self._dates][:limit]
        for tmdb_id in new:
            record = self._read("movies", tmdb_id)
            self._dates[tmdb_id] = record.get("release_date") or ""
            if record.get("imdb_id"):
                self._imdb_ids[record["imdb_id"]] = tmdb_id
            if record.get("poster_path"):
                self._posters[record["poster_path"]] = tmdb_id
        self._trailers = {path.stem: path for path in (self.folder / "trailers").glob("*.*")}
        return new

    def _read(self, part: str, tmdb_id: int) -> dict:
        return json.loads((self.folder / part / f"{tmdb_id}.json").read_bytes())

    def _knows(self, tmdb_id: int) -> bool:
        return tmdb_id in self._dates

    def _tmdb_id_of(self, imdb_id: str) -> int:
        return self._imdb_ids.get(imdb_id, 0)

    def about(self) -> dict:
        """Describe the catalogue."""
        return {"kind": self.kind, "size": len(self.movie_ids()), "fingerprint": self.fingerprint}

    def movie_ids(self) -> list[int]:
        """List the movies that are not deleted."""
        return sorted(self._dates.keys() - self._deleted)

    def listing(self) -> list[tuple[str, int]]:
        """List (release date or "", TMDB id), by date."""
        dates = self._dates | self._edited_dates()
        return sorted((dates[tmdb_id], tmdb_id) for tmdb_id in self.movie_ids())

    def details(self, tmdb_id: int) -> dict:
        """Read a movie's record."""
        self._check(tmdb_id)
        return self._applied(tmdb_id, EMPTY_PARTS | self._read("movies", tmdb_id))

    summary = details

    def poster(self, poster_path: str, width_px: int) -> bytes | None:
        """Read a poster, scaled down to the width where it is wider."""
        owner = self._edited_posters.get(poster_path) or self._posters.get(poster_path)
        if owner is None or owner in self._deleted:
            return None
        own_names = (Path(poster_path).name, f"{owner}.jpg")
        files = [self.folder / "posters" / name for name in own_names]
        file = next((file for file in files if file.is_file()), None)
        return _narrowed(file, width_px) if file else None

    def trailer(self, key: str) -> Path | None:
        """Find a video file."""
        return self._trailers.get(key)

    def box_office(self, imdb_id: str) -> dict | None:
        """Read IMDbPro's figures."""
        tmdb_id = self._tmdb_id_of(imdb_id)
        file = self.folder / "box_office" / f"{tmdb_id}.json"
        if not self._has(tmdb_id) or not file.is_file():
            return None
        return self._read("box_office", tmdb_id)

    def add(self, n: int) -> list[int]:
        """Add at most n movies whose files came into the folder since."""
        new = self._read_new(limit=n)
        self._touch(new)
        return new


def _narrowed(file: Path, width_px: int) -> bytes:
    with Image.open(file) as picture:
        if picture.width <= width_px:
            return file.read_bytes()
        height_px = round(picture.height * width_px / picture.width)
        picture.draft("RGB", (width_px, height_px))
        narrow = picture.convert("RGB").resize((width_px, height_px), Image.Resampling.LANCZOS)
    copy = BytesIO()
    narrow.save(copy, "JPEG", quality=90)
    return copy.getvalue()
