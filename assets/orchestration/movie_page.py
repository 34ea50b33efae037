"""What a movie's event shows beside the figures of its row: which movie it is, and a picture.

Nothing of it is kept in the ledger or enters a version: it is for people.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg

from assets.orchestration.asset_specs import MovieAssetSpec, embedding_file
from assets.orchestration.nearest_movies import NearestMovies
from assets.orchestration.pictures import Draw, as_markdown, picture_markdown
from pipeline.core.outcomes import Outcome, Status
from pipeline.core.staleness import RECORDS, Row
from resources.run_context import RunContext
from resources.storage.movie_files import MovieFile

MOVIES_WITH_PICTURES = 2000
"""Known movies up to which events show pictures and nearest movies. They add 7 kB per movie and
asset to Dagster's home: at this number 160 MB."""

TMDB_PAGE = "https://www.themoviedb.org/movie"

_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")
"""Signs with a meaning in Markdown."""


@dataclass(frozen=True)
class Title:
    """A movie's title and year of release, as its record has them; None where it has no date."""

    title: str
    year: int | None


def shows_pictures(run_context: RunContext) -> bool:
    """Whether events show pictures; those of a remote store would have to be fetched again."""
    is_local, known = run_context.store.is_local, run_context.ledger.movies
    return is_local and len(known()) <= MOVIES_WITH_PICTURES


class MoviePages:
    """Describes the movies of one step's events.

    Args:
        run_context: Store, ledger and source.
        spec: The asset.
        draw: Draws its picture of a movie; None for none.
    """

    def __init__(self, run_context: RunContext, spec: MovieAssetSpec, draw: Draw | None = None):
        self._run_context, self._spec, self._draw = run_context, spec, draw
        self._titles: dict[int, Title] = {}
        self._near: dict[int, list[tuple[int, float]]] = {}
        self._drawn: dict[int, bytes] = {}

    def add_picture(self, outcome: Outcome) -> None:
        """Keep the picture that came with an outcome, until its event is described."""
        if outcome.picture:
            self._drawn[outcome.tmdb_id] = outcome.picture

    def read(self, rows: Mapping[int, Row]) -> None:
        """Read what the events of these rows need, the titles at once; call it before `describe`.

        Args:
            rows: By movie; they are in the ledger.
        """
        if not rows:
            return
        nearest = self._nearest if self._has_pictures else None
        made = [i for i, row in rows.items() if row.status == Status.OK]
        if nearest and made:
            nearest.add(made)
            self._near = {i: nearest.find(i) for i in made}
        others = {i for found in self._near.values() for i, _ in found}
        self._read_titles({*rows, *others} - self._titles.keys())

    def describe(self, tmdb_id: int, row: Row) -> dict[str, object]:
        """Return what a movie's event shows: title, year, addresses, files, picture."""
        title = self._titles.get(tmdb_id)
        shown: dict[str, object] = {"title": title.title, "year": title.year} if title else {}
        if not self._run_context.source.is_studio:
            shown["tmdb"] = dg.MetadataValue.url(f"{TMDB_PAGE}/{tmdb_id}")
        shown["page"] = dg.MetadataValue.url(self._run_context.settings.movie_page(tmdb_id))
        if row.status == Status.OK:
            shown |= {**self._paths(tmdb_id), **self._picture(tmdb_id), **self._nearby(tmdb_id)}
        return {name: value for name, value in shown.items() if value is not None}

    @cached_property
    def _has_pictures(self) -> bool:
        has_some = bool(self._draw or self._files_of_backbones)
        return has_some and shows_pictures(self._run_context)

    @cached_property
    def _files_of_backbones(self) -> list[MovieFile]:
        """The files of every backbone of the asset, the preset's first."""
        if not self._spec.embeddings:
            return []
        chosen = self._spec.backbones(self._run_context)
        return [embedding_file(folder, name) for name, folder in chosen.items()]

    @cached_property
    def _nearest(self) -> NearestMovies | None:
        """The movies by the embeddings of the first backbone, those in the store at first."""
        if not self._files_of_backbones:
            return None
        nearest = NearestMovies(self._run_context.store, self._files_of_backbones[0])
        statuses = self._run_context.ledger.statuses(self._spec.name)
        nearest.add([i for i, (status, *_) in statuses.items() if status == Status.OK])
        return nearest

    def _read_titles(self, tmdb_ids: set[int]) -> None:
        for tmdb_id, row in self._run_context.ledger.rows(RECORDS, tmdb_ids).items():
            title, released = row.metadata.get("title"), str(row.metadata.get("release_date", ""))
            if title:
                year = int(released[:4]) if re.match(r"\d{4}", released) else None
                self._titles[tmdb_id] = Title(str(title), year)

    def _paths(self, tmdb_id: int) -> dict[str, dg.MetadataValue]:
        """Return the paths of a movie's files, as `file` or, of several kinds, by kind."""
        store = self._run_context.store
        kinds = self._spec.files or self._files_of_backbones
        paths = {kind: kind.path(store, tmdb_id) for kind in kinds}
        return {
            _name(kind, is_single=len(paths) == 1): dg.MetadataValue.path(
                str(Path(str(path)).absolute() if store.is_local else path)
            )
            for kind, path in paths.items()
            if path.exists()
        }

    def _picture(self, tmdb_id: int) -> dict[str, dg.MetadataValue]:
        drawn = self._drawn.pop(tmdb_id, b"")
        if not self._draw or not self._has_pictures:
            return {}
        markdown = as_markdown(drawn) or picture_markdown(
            self._draw, self._run_context.store, tmdb_id
        )
        return {"picture": dg.MetadataValue.md(markdown)} if markdown else {}

    def _nearby(self, tmdb_id: int) -> dict[str, dg.MetadataValue]:
        lines = [
            f"1. {self._link(other)}, cosine {cosine:.3f}"
            for other, cosine in self._near.get(tmdb_id, ())
        ]
        return {"nearest movies": dg.MetadataValue.md("\n".join(lines))} if lines else {}

    def _link(self, tmdb_id: int) -> str:
        """Return a movie's title and year in Markdown, with a link where TMDB has a page of it."""
        title = self._titles.get(tmdb_id, Title(f"movie {tmdb_id}", None))
        text = _SIGNS.sub(r"\\\1", " ".join(title.title.split()))
        year = f" ({title.year})" if title.year else ""
        if self._run_context.source.is_studio:
            return f"{text}{year}"
        return f"[{text}]({TMDB_PAGE}/{tmdb_id}){year}"


def _name(kind: MovieFile, *, is_single: bool) -> str:
    """Name a kind of file for people.

    Example:
        >>> _name(MovieFile(("clips",), ".mp4"), is_single=False)
        'file: clips.mp4'
    """
    return "file" if is_single else f"file: {'/'.join(kind.folders[-2:])}{kind.suffix}"
