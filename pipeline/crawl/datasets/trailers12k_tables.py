"""Read Trailers12k's `metadata.json` and `mtgc.csv`, by IMDb id."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.errors import DumpError
from pipeline.core.movie_ids import IMDB_ID, YOUTUBE_ID
from pipeline.crawl.datasets.csv_tables import open_table
from pipeline.crawl.datasets.dump_rows import RejectedRow, RejectionReason
from pipeline.crawl.datasets.list_parsers import read_json_constant
from pipeline.crawl.json_values import read_mapping
from pipeline.layouts.trailers12k_layout import (
    GENRES,
    METADATA_KEY,
    MTGC_COLUMNS,
    SPLITS,
    normalise_imdb_id,
)

MAX_METADATA_BYTES = 512 * 1024 * 1024
MAX_ENTRY_DEPTH = 16


@dataclass
class ParsedFile:
    """The rows of one file, by IMDb id.

    Attributes:
        rows: Place in the file, for a person, and parsed row.
        rejected: Rejected rows.
    """

    rows: dict[str, tuple[str, dict]] = field(default_factory=dict)
    rejected: list[RejectedRow] = field(default_factory=list)

    def add(self, imdb_id: str, where: str, row: dict) -> None:
        """Add a row; reject it where its movie has one already."""
        if imdb_id in self.rows:
            first = self.rows[imdb_id][0]
            self.reject(where, RejectionReason.DUPLICATE, f"{imdb_id} stands at {first} already")
        else:
            self.rows[imdb_id] = (where, row)

    def reject(self, where: str, reason: RejectionReason, detail: str) -> None:
        """Add a rejected row."""
        self.rejected.append(RejectedRow(where, reason, detail))


def read_metadata(path: Path) -> ParsedFile:
    """Read `metadata.json`: IMDb's genres and the trailers' YouTube ids.

    Each row has `db_id`, `metadata` (the entry as it came) and `youtube_ids` in order.

    Raises:
        DumpError: It is no JSON object with `trailers12k`.
    """
    parsed = ParsedFile()
    for db_id, entry in _entries(path).items():
        where = f"{path.name} {db_id[:40]}"
        imdb = read_mapping(read_mapping(entry).get("imdb"))
        imdb_id = normalise_imdb_id(imdb.get("id"))
        if imdb_id is None:
            parsed.reject(where, RejectionReason.NO_ID, f"imdb.id is {str(imdb.get('id'))[:40]!r}")
        elif _depth(entry) > MAX_ENTRY_DEPTH:
            parsed.reject(where, RejectionReason.MALFORMED, f"more than {MAX_ENTRY_DEPTH} levels")
        else:
            youtube_ids = list(_youtube_ids(entry, where, parsed))
            parsed.add(
                imdb_id, where, {"db_id": db_id, "metadata": entry, "youtube_ids": youtube_ids}
            )
    return parsed


def read_mtgc(path: Path) -> ParsedFile:
    """Read `mtgc.csv`: ten genres, and the set of each movie in three splits.

    Each row has `genres` (names) and `splits` (0, 1 or 2 by name).

    Raises:
        DumpError: It is no such table.
    """
    parsed = ParsedFile()
    for row in open_table(path, MTGC_COLUMNS).read_rows():
        if isinstance(row, RejectedRow):
            parsed.rejected.append(row)
            continue
        cells = row.cells
        odd = [n for n in GENRES if cells[n] not in ("0", "1")]
        odd += [n for n in SPLITS if cells[n] not in ("0", "1", "2")]
        if not IMDB_ID.fullmatch(cells["mid"]):
            parsed.reject(
                row.where, RejectionReason.NO_ID, f"mid is {cells['mid'][:40]!r}, expected tt…"
            )
        elif odd:
            detail = f"{odd[0]} is {cells[odd[0]][:40]!r}, expected 0, 1 (or 2 in a split)"
            parsed.reject(row.where, RejectionReason.MALFORMED, detail)
        else:
            genres = [name for name in GENRES if cells[name] == "1"]
            splits = {name: int(cells[name]) for name in SPLITS}
            parsed.add(cells["mid"], row.where, {"genres": genres, "splits": splits})
    return parsed


def _entries(path: Path) -> Mapping:
    try:
        if path.stat().st_size > MAX_METADATA_BYTES:
            raise DumpError(
                f"{path} is larger than {MAX_METADATA_BYTES} bytes. Is it the right file?"
            )
        value = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=read_json_constant)
    except OSError as error:
        raise DumpError(f"{path} cannot be opened: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise DumpError(
            f"{path} is no JSON in UTF-8 ({type(error).__name__}): download it again."
        ) from None
    entries = read_mapping(value).get(METADATA_KEY)
    if not isinstance(entries, dict):
        raise DumpError(f"{path} holds no object {METADATA_KEY!r}: is it Trailers12k's metadata?")
    return entries


def _youtube_ids(entry: Mapping, where: str, parsed: ParsedFile) -> Iterator[str]:
    """Yield valid YouTube ids; reject the others."""
    trailers = read_mapping(entry.get("youtube")).get("trailers")
    for number, trailer in enumerate(trailers if isinstance(trailers, list) else [], start=1):
        youtube_id = read_mapping(trailer).get("id")
        if isinstance(youtube_id, str) and YOUTUBE_ID.fullmatch(youtube_id):
            yield youtube_id
        else:
            detail = f"{str(youtube_id)[:40]!r} is no YouTube id; the other trailers are accepted"
            parsed.reject(f"{where} trailer {number}", RejectionReason.MALFORMED, detail)


def _depth(value: object) -> int:
    """Count levels without recursion."""
    level, depth = [value], 0
    while level and depth <= MAX_ENTRY_DEPTH:
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        depth += 1
    return depth
