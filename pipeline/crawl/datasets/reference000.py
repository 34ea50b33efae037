"""Read reference implementation 000's folders: TMDB's responses, posters, features and a CSV.

The id of the format is "seed000", which is stored with every record.

Source: reference implementation 000.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets import imdbpro_csv
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.reference000_files import (
    check_features,
    check_poster,
    join_folders,
    read_regions,
    read_response,
)
from pipeline.crawl.datasets.safe_pickle import UnsafePickleError
from pipeline.crawl.json_values import read_text
from pipeline.layouts.reference000_layout import (
    BASICS,
    CREDITS,
    ENDINGS,
    FEATURES,
    KEYWORDS,
    POSTERS,
    REGIONS,
    place,
)

KIND = "seed000"

_ID = re.compile(r"[1-9][0-9]{0,11}")
_RESPONSES = (BASICS, KEYWORDS, CREDITS)
_CHECKS = {
    POSTERS: check_poster,
    FEATURES: check_features,
    REGIONS: lambda path: len(read_regions(path)),
}
"""Checks of the files that are kept unchanged; each returns the number of objects in a file."""


def read(path: Path) -> ParsedRows:
    """Read the folders that exist; any of them is enough.

    Each movie has one `AcceptedRow`, by TMDB id: basics, keywords and credits as one response, the
    CSV's row where it has one, and posters, ROI features and boxes in `files`, under their original
    names. The folders' dicts take precedence over the CSV.

    Args:
        path: The folder that holds `basics/`, `keywords/` and so on.

    Yields:
        `RejectedRow` for each malformed file; the movie's other files are accepted.

    Raises:
        DumpError: There is neither one of the folders nor a CSV.
    """
    folders = {name: path / name for name in ENDINGS if (path / name).is_dir()}
    tables = sorted(path.glob("*.csv")) + sorted(path.glob("*.csv.gz")) if path.is_dir() else []
    if not folders and not tables:
        raise DumpError(
            f"{path} holds nothing of reference implementation 000: looked for the folders "
            f"{', '.join(ENDINGS)} and a CSV. Pass the folder that the archives were unpacked into."
        )
    table_rows = _CsvRows()
    for table in tables:
        try:
            yield from table_rows.read(table)
        except DumpError as error:
            if not folders:
                raise
            yield RejectedRow(table.name, RejectionReason.MALFORMED, str(error))
    files: dict[int, dict[str, Path]] = {}
    for name, folder in folders.items():
        yield from _list(name, folder, files)
    for tmdb_id in sorted({*files, *table_rows.rows}):
        yield from _parse_movie(tmdb_id, files.get(tmdb_id, {}), table_rows.rows.get(tmdb_id))
    yield from table_rows.without_id


@dataclass
class _CsvRows:
    """The CSV's rows by movie; those without a TMDB id are yielded unchanged."""

    rows: dict[int, AcceptedRow] = field(default_factory=dict)
    without_id: list[AcceptedRow] = field(default_factory=list)

    def read(self, table: Path) -> Iterator[RejectedRow]:
        for row in imdbpro_csv.read(table):
            if isinstance(row, RejectedRow):
                yield row
            elif row.tmdb_id is None:
                self.without_id.append(row)
            elif row.tmdb_id in self.rows:
                first = self.rows[row.tmdb_id].row
                detail = f"movie {row.tmdb_id} stands at {first} already"
                yield RejectedRow(row.row, RejectionReason.DUPLICATE, detail)
            else:
                self.rows[row.tmdb_id] = row


def _list(name: str, folder: Path, files: dict[int, dict[str, Path]]) -> Iterator[RejectedRow]:
    """Collect a folder's files by movie; reject those without a movie's id as name."""
    try:
        listed = sorted(folder.iterdir())
    except OSError as error:
        detail = f"the folder cannot be read ({error.strerror or error})"
        yield RejectedRow(name, RejectionReason.MALFORMED, detail)
        return
    for path in listed:
        where = f"{name}/{path.name}"
        stem = path.name.removesuffix(ENDINGS[name])
        if path.is_symlink():
            yield RejectedRow(where, RejectionReason.UNSAFE, "it is a link to another place")
        elif stem == path.name or not _ID.fullmatch(stem):
            yield RejectedRow(where, RejectionReason.NO_ID, f"expected <tmdb_id>{ENDINGS[name]}")
        else:
            files.setdefault(int(stem), {})[name] = path


def _parse_movie(
    tmdb_id: int, files: Mapping[str, Path], table_row: AcceptedRow | None
) -> ParsedRows:
    responses: dict[str, dict] = {}
    counts: dict[str, int] = {}
    for name, path in files.items():
        try:
            if name in _RESPONSES:
                responses[name] = read_response(path, tmdb_id)
            else:
                counts[name] = _CHECKS[name](path)
        except UnsafePickleError as error:
            yield RejectedRow(f"{name}/{path.name}", RejectionReason.UNSAFE, str(error))
        except DumpError as error:
            yield RejectedRow(f"{name}/{path.name}", RejectionReason.MALFORMED, str(error))
    if counts.get(FEATURES, 0) != counts.get(REGIONS, 0) and {FEATURES, REGIONS} <= counts.keys():
        detail = f"{counts.pop(REGIONS)} objects, and {counts.pop(FEATURES)} in {FEATURES}"
        yield RejectedRow(
            place(REGIONS, tmdb_id),
            RejectionReason.MALFORMED,
            f"{detail}: neither file is accepted",
        )
    kept = {place(name, tmdb_id): files[name] for name in counts}
    if responses or kept or table_row:
        yield _accept(tmdb_id, responses, kept, table_row)


def _accept(
    tmdb_id: int,
    responses: Mapping[str, dict],
    kept: Mapping[str, Path],
    table_row: AcceptedRow | None,
) -> AcceptedRow:
    fields = join_folders(responses)
    places = [place(name, tmdb_id) for name in responses] + list(kept)
    accepted = AcceptedRow(
        ", ".join(places),
        fields,
        tmdb_id=tmdb_id,
        imdb_id=read_text(fields.get("imdb_id")) or None,
        title=read_text(fields.get("title")),
        year=_year(fields.get("release_date")),
        files=kept,
    )
    return _add_csv_row(accepted, table_row) if table_row else accepted


def _add_csv_row(accepted: AcceptedRow, table_row: AcceptedRow) -> AcceptedRow:
    """Add the fields of the CSV that TMDB's response lacks."""
    return replace(
        accepted,
        row=", ".join(filter(None, [accepted.row, table_row.row])),
        fields={
            **accepted.fields,
            **{k: v for k, v in table_row.fields.items() if not accepted.fields.get(k)},
        },
        imdb_id=accepted.imdb_id or table_row.imdb_id,
        title=accepted.title or table_row.title,
        year=accepted.year or table_row.year,
        files={**table_row.files, **accepted.files},
    )


def _year(value: object) -> int | None:
    text = read_text(value)[:4]
    return int(text) if len(text) == 4 and text.isascii() and text.isdigit() else None
