"""What `marquee status` prints: films by asset and status, with reasons, and every film.

What belongs here: tables. What does not: the figures (see `assets.status`).
"""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from assets.status import NOT_TRIED, count_statuses
from assets.steps import STEPS
from pipeline.outcomes import Status
from resources.workplace import Workplace

_LETTERS = {"ok": "●", "absent": "–", "refused": "✗", "retry": "↻", "": "·"}
FILMS_SHOWN = 200
"""A store of more films shows them only when asked."""


def print_status(workplace: Workplace, console: Console, *, films: bool | None) -> None:
    """Print source, films by asset and status, reasons, and a line per film.

    Args:
        workplace: Store and ledger.
        console: Where to.
        films: Whether to print a line per film; None: where there are few enough.
    """
    movies = workplace.ledger.movies()
    console.print(f"Source: {workplace.source.label}")
    console.print(f"Store:  {workplace.store.root}")
    console.print(f"Films known: {len(movies)}")
    if not movies:
        console.print("Nothing yet. Run `uv run marquee demo` or `uv run marquee build`.")
        return
    _print_counts(workplace, console)
    _print_reasons(workplace, console)
    if films or (films is None and len(movies) <= FILMS_SHOWN):
        _print_films(workplace, console, movies)


def _print_counts(workplace: Workplace, console: Console) -> None:
    table = Table("asset", box=None, header_style="bold")
    columns = [status.value for status in Status] + [NOT_TRIED]
    for column in (*columns, "sum"):
        table.add_column(column.replace("_", " "), justify="right")
    for name, row in count_statuses(workplace).items():
        figures = [row[column] for column in columns]
        table.add_row(name, *(str(f) if f else "·" for f in figures), str(sum(figures)))
    console.print(table)


def _print_reasons(workplace: Workplace, console: Console) -> None:
    counts = workplace.ledger.counts()
    table = Table("asset", "status", "reason", box=None, header_style="bold", title_justify="left")
    table.add_column("films", justify="right")
    for step in STEPS:
        for (status, reason), count in sorted(counts.get(step.name, {}).items()):
            if reason:
                table.add_row(step.name, status, reason, str(count))
    if table.row_count:
        console.print(table)


def _print_films(workplace: Workplace, console: Console, movies: Iterable[int]) -> None:
    rows = {step.name: workplace.ledger.rows(step.name) for step in STEPS}
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("film", no_wrap=True)
    table.add_column("title", no_wrap=True, max_width=26)
    for number in range(1, len(STEPS) + 1):
        table.add_column(str(number), justify="center")
    for tmdb_id in movies:
        record = rows["movie_records"].get(tmdb_id)
        title = str(record.metadata.get("title", "")) if record else ""
        letters = [
            _LETTERS[row.status if (row := rows[step.name].get(tmdb_id)) else ""] for step in STEPS
        ]
        table.add_row(str(tmdb_id), title, *letters)
    console.print(table)
    console.print("● ok   – absent   ✗ refused   ↻ retry   · not tried")
    console.print(", ".join(f"{n} {step.name}" for n, step in enumerate(STEPS, start=1)))
