"""The terms of an export: of every film and part, the source, when it was read and its last day."""

import csv
import io
from collections.abc import Mapping, Sequence

from pipeline.core.terms import describe_terms, find_terms, list_notices

TERMS_FILE = "terms.tsv"
"""No `.csv`: loaders of public layouts take every such file for one of theirs."""

RECORD = "record"
"""The part of a movie that its record is."""

_COLUMNS = ("tmdb_id", "part", "source", "terms", "page", "fetched_at", "last_lawful_day")


class ExportTerms:
    """Collects the terms of the parts that an export writes."""

    def __init__(self):
        self._entries: dict[tuple[int, str, str], dict[str, str]] = {}

    def add(self, part: str, source: str, tmdb_id: int, fetched_s: float) -> None:
        """Add a movie's part.

        Args:
            part: What it is.
            source: Its source.
            tmdb_id: The movie; its record has been added.
            fetched_s: When it was read, in seconds since the epoch, where the record is not from
                the same source.
        """
        of_record = self._entries.get((tmdb_id, RECORD, source))
        self._entries[tmdb_id, part, source] = of_record or describe_terms(source, fetched_s)

    def add_record(self, tmdb_id: int, entries: Sequence[Mapping[str, str]]) -> None:
        """Add what a movie's record says of its sources."""
        for entry in entries:
            self._entries[tmdb_id, RECORD, entry["source"]] = dict(entry)

    def encode_table(self) -> bytes:
        """Encode `terms.tsv`: a row per film, part and source."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        for (tmdb_id, part, source), entry in sorted(self._entries.items()):
            values = {**entry, "tmdb_id": tmdb_id, "part": part, "page": find_terms(source).page}
            writer.writerow([values.get(name, "") for name in _COLUMNS])
        return text.getvalue().encode()

    def describe(self) -> dict[str, object]:
        """Return what the manifest says: each source's terms, and until when all of it may be kept.

        Returns:
            `sources` (by id: name, terms, page, notice, whether only personal use is free, longest
            caching in days, films, first and last time of reading, first last lawful day),
            `last_lawful_day` of the whole export ("" where none is known) and `notices`.
        """
        sources = sorted({source for _, _, source in self._entries})
        described = {source: self._describe_source(source) for source in sources}
        days = [str(one["last_lawful_day"]) for one in described.values() if one["last_lawful_day"]]
        return {
            "sources": described,
            "last_lawful_day": min(days, default=""),
            "notices": [notice["text"] for notice in list_notices(sources)],
        }

    def _describe_source(self, source: str) -> dict[str, object]:
        terms = find_terms(source)
        entries = {key: one for key, one in self._entries.items() if key[2] == source}
        read = [one["fetched_at"] for one in entries.values()]
        days = [one["last_lawful_day"] for one in entries.values() if one["last_lawful_day"]]
        return {
            "name": terms.name,
            "terms": terms.terms,
            "page": terms.page,
            "notice": terms.notice,
            "is_personal_use_only": terms.is_personal,
            "longest_caching_days": terms.caching_days,
            "films": len({tmdb_id for tmdb_id, _, _ in entries}),
            "fetched_first": min(read),
            "fetched_last": max(read),
            "last_lawful_day": min(days, default=""),
        }
