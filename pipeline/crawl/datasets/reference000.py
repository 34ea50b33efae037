"""Seed 000's folders: TMDB's answers as dicts, posters, ROI features, boxes, and a CSV of money.

Source: seed 000.
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
    merge_answers,
    read_answer,
    read_regions,
)
from pipeline.crawl.datasets.safe_pickle import UnsafePickleError
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
_ANSWERS = (BASICS, KEYWORDS, CREDITS)
_CHECKS = {
    POSTERS: check_poster,
    FEATURES: check_features,
    REGIONS: lambda path: len(read_regions(path)),
}
"""How the files that are kept as they are get looked at; gives how many things they hold."""


def read(path: Path) -> ParsedRows:
    """Read what there is of seed 000; any of its folders will do alone.

    Each movie has one `AcceptedRow`, by TMDB id: basics, keywords and credits as one response, the
    CSV's row where it has one, and posters, ROI features and boxes in `files`, under their original
    names. The folders' dicts take precedence over the CSV.

    Args:
        path: The folder that holds `basics/`, `keywords/` and so on.

    Yields:
        `RejectedRow` for each file that cannot be taken; the movie's other files count.

    Raises:
        DumpError: There is none of the folders and no CSV.
    """
    folders = {name: path / name for name in ENDINGS if (path / name).is_dir()}
    tables = sorted(path.glob("*.csv")) + sorted(path.glob("*.csv.gz")) if path.is_dir() else []
    if not folders and not tables:
        raise DumpError(
            f"{path} holds nothing of seed 000: looked for folders {', '.join(ENDINGS)} and a CSV. "
            "Give the folder that the archives were unpacked into."
        )
    money = _Money()
    for table in tables:
        try:
            yield from money.read(table)
        except DumpError as error:
            if not folders:
                raise
            yield RejectedRow(table.name, RejectionReason.MALFORMED, str(error))
    files: dict[int, dict[str, Path]] = {}
    for name, folder in folders.items():
        yield from _list(name, folder, files)
    for tmdb_id in sorted({*files, *money.rows}):
        yield from _movie(tmdb_id, files.get(tmdb_id, {}), money.rows.get(tmdb_id))
    yield from money.nameless


@dataclass
class _Money:
    """The CSV's rows by movie; those without a TMDB id are handed on as they are."""

    rows: dict[int, AcceptedRow] = field(default_factory=dict)
    nameless: list[AcceptedRow] = field(default_factory=list)

    def read(self, table: Path) -> Iterator[RejectedRow]:
        for row in imdbpro_csv.read(table):
            if isinstance(row, RejectedRow):
                yield row
            elif row.tmdb_id is None:
                self.nameless.append(row)
            elif row.tmdb_id in self.rows:
                first = self.rows[row.tmdb_id].row
                detail = f"film {row.tmdb_id} stands at {first} already"
                yield RejectedRow(row.row, RejectionReason.DUPLICATE, detail)
            else:
                self.rows[row.tmdb_id] = row


def _list(name: str, folder: Path, files: dict[int, dict[str, Path]]) -> Iterator[RejectedRow]:
    """Note a folder's files by movie; refuse those that no movie's id names."""
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
            yield RejectedRow(where, RejectionReason.NO_ID, f"<tmdb_id>{ENDINGS[name]} was wanted")
        else:
            files.setdefault(int(stem), {})[name] = path


def _movie(tmdb_id: int, files: Mapping[str, Path], money: AcceptedRow | None) -> ParsedRows:
    answers: dict[str, dict] = {}
    counts: dict[str, int] = {}
    for name, path in files.items():
        try:
            if name in _ANSWERS:
                answers[name] = read_answer(path, tmdb_id)
            else:
                counts[name] = _CHECKS[name](path)
        except UnsafePickleError as error:
            yield RejectedRow(f"{name}/{path.name}", RejectionReason.UNSAFE, str(error))
        except DumpError as error:
            yield RejectedRow(f"{name}/{path.name}", RejectionReason.MALFORMED, str(error))
    if counts.get(FEATURES, 0) != counts.get(REGIONS, 0) and {FEATURES, REGIONS} <= counts.keys():
        detail = f"{counts.pop(REGIONS)} objects, and {counts.pop(FEATURES)} in {FEATURES}"
        yield RejectedRow(
            place(REGIONS, tmdb_id), RejectionReason.MALFORMED, f"{detail}: neither file is taken"
        )
    kept = {place(name, tmdb_id): files[name] for name in counts}
    if answers or kept or money:
        yield _taken(tmdb_id, answers, kept, money)


def _taken(
    tmdb_id: int, answers: Mapping[str, dict], kept: Mapping[str, Path], money: AcceptedRow | None
) -> AcceptedRow:
    fields = merge_answers(answers)
    places = [place(name, tmdb_id) for name in answers] + list(kept)
    taken = AcceptedRow(
        ", ".join(places),
        fields,
        tmdb_id=tmdb_id,
        imdb_id=_text(fields.get("imdb_id")) or None,
        title=_text(fields.get("title")),
        year=_year(fields.get("release_date")),
        files=kept,
    )
    return _add_money(taken, money) if money else taken


def _add_money(taken: AcceptedRow, money: AcceptedRow) -> AcceptedRow:
    """Add what the CSV knows and TMDB's answer does not."""
    return replace(
        taken,
        row=", ".join(filter(None, [taken.row, money.row])),
        fields={
            **taken.fields,
            **{k: v for k, v in money.fields.items() if not taken.fields.get(k)},
        },
        imdb_id=taken.imdb_id or money.imdb_id,
        title=taken.title or money.title,
        year=taken.year or money.year,
        files={**money.files, **taken.files},
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _year(value: object) -> int | None:
    text = _text(value)[:4]
    return int(text) if len(text) == 4 and text.isascii() and text.isdigit() else None
