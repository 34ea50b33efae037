"""Import a public dump: every row is taken for one movie, or refused with a reason."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assets.crawl.record_terms import note_import
from assets.orchestration.store_check import reconcile
from pipeline.core.errors import ConfigurationError, DumpError
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.registry import DUMP_KINDS, load_reader
from pipeline.crawl.datasets.titles import join_key
from pipeline.crawl.future_releases import UNUSABLE_KEY, drop_future_release
from resources.run_context import RunContext, open_run_context
from resources.settings import Settings
from resources.sources.imported_dumps import Identity, MovieIndex, open_movie_index
from resources.storage.lock import exclusive

EXAMPLES_SHOWN = 3
EXAMPLE_CHARS = 160
"""What is longer stands in the list of refused rows whole, and on the screen cut off."""


@dataclass
class ImportReport:
    """What became of a dump's rows.

    Attributes:
        kind: Which dump.
        new, changed, unchanged: Rows taken, by what they were to the store.
        new_movies: Movies that the store did not know.
        refused: Rows that were not taken, in the dump's order.
    """

    kind: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    new_movies: int = 0
    refused: list[RejectedRow] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Rows taken."""
        return self.new + self.changed + self.unchanged


def import_dump(run_context: RunContext, kind: str, path: Path) -> ImportReport:
    """Read a dump and keep what it says, movie by movie; a second time changes nothing.

    Rows with a TMDB id register their movie. Rows without one are joined to known movies, by
    IMDb id, else by normalised title and year; where none or several fit, they are refused.

    Args:
        run_context: Store and ledger; its lock is the caller's.
        kind: A kind of `pipeline.crawl.datasets.registry`.
        path: The dump's folder or file.

    Raises:
        DumpError: There is no such kind, or `path` is not such a dump.
    """
    reader = load_reader(kind)
    report = ImportReport(kind)
    keeper = _Keeper(run_context, kind, report)
    named: list[AcceptedRow] = []
    for row in _rows(reader, path):
        if isinstance(row, RejectedRow):
            report.refused.append(row)
        elif row.tmdb_id is None and not row.imdb_id:
            named.append(row)  # the same name may come again: decided when all are read
        else:
            keeper.take(row)
    namesakes = Counter(join_key(row.title, row.year) for row in named if row.year)
    for row in named:
        if row.year and namesakes[join_key(row.title, row.year)] > 1:
            keeper.refuse(row, RejectionReason.AMBIGUOUS, "stands in the dump several times")
            keeper.withdraw(row)
        else:
            keeper.take(row)
    keeper.finish()
    _write_refused(run_context, report)
    return report


def _rows(reader: Callable[[Path], ParsedRows], path: Path) -> ParsedRows:
    """Return a dump's rows; what the disk refuses besides is an error of the dump's."""
    try:
        yield from reader(path)
    except OSError as error:
        place, why = error.filename or path, error.strerror or error
        raise DumpError(
            f"{place} cannot be read ({why}). Fix its permissions or fetch it again."
        ) from error


class _Keeper:
    """Joins rows to movies and keeps them."""

    def __init__(self, run_context: RunContext, kind: str, report: ImportReport):
        self._run_context, self._kind, self._report = run_context, kind, report
        self._imports = run_context.imports
        self._register: MovieIndex = open_movie_index(self._imports, run_context.ledger, but=kind)
        self._index = self._imports.index(kind)
        self._before = dict(self._index)
        self._named: dict[tuple, set[int]] = defaultdict(set)
        for tmdb_id, one in self._before.items():
            self._named[one.imdb_id, one.title, one.year].add(tmdb_id)
        self._today = datetime.fromtimestamp(run_context.clock(), UTC).date()
        self._known = run_context.ledger.movies()
        self._places: dict[int, str] = {}
        self._touched: dict[int, str] = {}

    def refuse(self, row: AcceptedRow, reason: RejectionReason, detail: str) -> None:
        name = f"{row.title} ({row.year or '?'})" if row.title else row.imdb_id or row.tmdb_id
        self._report.refused.append(RejectedRow(row.row, reason, f"{name}: {detail}"))

    def take(self, row: AcceptedRow) -> None:
        found = self._register.find(row)
        if len(found) != 1:
            self._refuse_unjoined(row, found)
            return
        tmdb_id = next(iter(found))
        if tmdb_id in self._places:
            first = self._places[tmdb_id]
            self.refuse(row, RejectionReason.DUPLICATE, f"film {tmdb_id} stands at {first} already")
            return
        self._places[tmdb_id] = row.row
        row = self._check_release(row)
        content = self._imports.keep(self._kind, tmdb_id, row)
        self._index[tmdb_id] = Identity(row.imdb_id, row.title, row.year, content)
        before = self._before.get(tmdb_id)
        if before is None:
            self._report.new += 1
        elif before.content != content:
            self._report.changed += 1
        else:
            self._report.unchanged += 1
        if before is None or before.content != content or tmdb_id not in self._known:
            self._touched[tmdb_id] = content

    def withdraw(self, row: AcceptedRow) -> None:
        """Take back what an earlier import gave to a movie that the row no longer fits."""
        for tmdb_id in self._named[row.imdb_id, row.title, row.year] - set(self._places):
            self._imports.drop(self._kind, tmdb_id)
            self._index.pop(tmdb_id, None)
            self._touched[tmdb_id] = "taken back"

    def _check_release(self, row: AcceptedRow) -> AcceptedRow:
        fields = drop_future_release(row.fields, self._today)
        year = row.year if UNUSABLE_KEY not in fields else None
        return replace(row, fields=fields, year=year)

    def _refuse_unjoined(self, row: AcceptedRow, found: set[int]) -> None:
        if found:
            ids = ", ".join(map(str, sorted(found)[:5]))
            self.refuse(row, RejectionReason.AMBIGUOUS, f"films {ids} all fit")
        elif row.imdb_id or (row.title and row.year):
            self.refuse(
                row,
                RejectionReason.UNKNOWN_MOVIE,
                "no film that is known fits; import a dump with TMDB ids first, or crawl",
            )
        else:
            self.refuse(row, RejectionReason.NO_ID, "neither an id nor title and year")
        self.withdraw(row)

    def finish(self) -> None:
        """Register the movies, then write the index, which marks the import as complete."""
        now = datetime.fromtimestamp(self._run_context.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        # The content as well: two imports of one second are two. The column takes 40 characters.
        stamps = {i: f"{now} {what}" for i, what in sorted(self._touched.items())}
        self._run_context.ledger.know_movies(stamps)
        self._imports.write_index(self._kind, self._index)
        if stamps:
            note_import(self._run_context, self._kind)
        self._report.new_movies = len(set(self._touched) - set(self._known))


@contextmanager
def open_for_import(settings: Settings) -> Iterator[RunContext]:
    """Open the run_context to import into, alone on its store: never the studio's, by default.

    Raises:
        ConfigurationError: The source is the studio: synthetic and real movies never mix.
    """
    if settings.source == "studio":
        raise ConfigurationError(
            "Dumps hold real movies, and MARQUEE_SOURCE is studio. Unset it, or set it to imports."
        )
    if settings.source_kind == "studio":
        settings = settings.model_copy(update={"source": "imports"})
    with (
        open_run_context(settings) as run_context,
        exclusive(run_context.store, run_context.ledger),
    ):
        reconcile(run_context)
        yield run_context


def print_kinds(asked: str, console: Console) -> int:
    """Print the kinds of dumps; give the exit status, 2 where a path was forgotten."""
    table = Table("kind", "what it is", box=None, header_style="bold")
    for kind, dump in DUMP_KINDS.items():
        table.add_row(kind, dump.description)
    console.print(table, markup=False)
    return 0 if asked == "kinds" else 2


def _write_refused(run_context: RunContext, report: ImportReport) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "reason", "detail"])
    writer.writerows([one.row, one.reason.value, one.detail] for one in report.refused)
    run_context.store.write(refused_path(run_context, report.kind), text.getvalue().encode())


def refused_path(run_context: RunContext, kind: str):
    """Return the place of the list of a dump's refused rows."""
    return run_context.store.path("reports", "imports", f"{kind}_refused.csv")


def _shorten(text: str) -> str:
    return text if len(text) <= EXAMPLE_CHARS else f"{text[: EXAMPLE_CHARS - 1]}…"


def print_import(run_context: RunContext, report: ImportReport, console: Console) -> None:
    """Print rows taken, and those refused by reason with the first of each."""
    console.print(
        f"{report.kind}: {report.taken} rows taken ({report.new} new, {report.changed} changed, "
        f"{report.unchanged} unchanged), {len(report.refused)} refused; "
        f"{report.new_movies} films are new to this store."
    )
    if report.refused:
        table = Table("refused", "rows", "for example", box=None, header_style="bold")
        for reason, count in Counter(one.reason for one in report.refused).most_common():
            examples = [one for one in report.refused if one.reason is reason][:EXAMPLES_SHOWN]
            shown = "\n".join(_shorten(f"{one.row}: {one.detail}") for one in examples)
            table.add_row(reason.value, str(count), shown)
        console.print(table, markup=False)
        console.print(f"All of them: {refused_path(run_context, report.kind)}")
    if run_context.source.is_imports:
        console.print(
            "Next: set MARQUEE_SOURCE=imports, give Dagster a home of its own (DAGSTER_HOME in "
            ".env), then `uv run marquee build`."
        )
