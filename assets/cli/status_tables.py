"""What `marquee status` prints: movies by asset and status, with reasons, and every movie."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from textwrap import wrap

from rich.cells import set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assets.cli.status import COLUMNS, Account, Line, list_disabled, take_account
from assets.orchestration.asset_settings import find_host_pause
from assets.orchestration.asset_specs import MOVIE_ASSETS, RECORD_FILE
from assets.orchestration.record_age import find_kept_too_long
from pipeline.core.staleness import CLOCK_TOLERANCE_S, RECORDS
from resources.run_context import RunContext
from resources.storage.tally import Tally

_LETTERS = {"ok": "●", "absent": "–", "refused": "✗", "retry": "↻", "": "·"}
_LEGEND = "● ok   – unavailable   ✗ rejected   ↻ will retry   · pending"

_INDENT = 12
"""Columns before a reason's message."""

_TITLE = 26
"""Columns of a movie's title."""

_LINES_AT_ONCE = 1000

MOVIES_NAMED = 10
"""Movies listed in a sentence; the rest is a number."""


def print_status(
    run_context: RunContext,
    console: Console,
    *,
    films: bool = False,
    reasons: bool = False,
    as_json: bool = False,
) -> int:
    """Print source, movies by asset and status, reasons, and a line per movie.

    Args:
        run_context: Store and ledger.
        console: Where to.
        films: Whether to print a line per movie.
        reasons: Whether to print every reason below its asset, with the sum, and no movie.
        as_json: Whether to print one JSON object of the figures and reasons instead.

    Returns:
        Exit status: 1 where an asset does not add up to the known movies.
    """
    accounts = take_account(run_context)
    known = accounts[0].known
    odd = [account for account in accounts if not account.adds_up]
    if as_json:
        console.print_json(json.dumps(_as_values(run_context, accounts)))
        return 1 if odd else 0
    _print_head(run_context, console, known)
    if not known and not odd:
        console.print("Nothing yet. Run `uv run marquee demo` or `uv run marquee build`.")
        return 0
    if reasons:
        _print_accounts(accounts, console)
    else:
        _print_counts(accounts, console)
        _print_reasons(accounts, console)
        if films:
            _print_movies(run_context, console)
    if disabled := list_disabled(run_context):
        names = ", ".join(disabled)
        console.print(f"Disabled by the preset and the settings: {names}.", highlight=False)
    _print_verdict(accounts, odd, console)
    return 1 if odd else 0


def _print_head(run_context: RunContext, console: Console, known: int) -> None:
    """Print source, store and number of movies, and whether retries have to wait or are due."""
    console.print(f"Source: {run_context.source.label}", highlight=False)
    console.print(f"Store:  {run_context.store.root}", highlight=False, soft_wrap=True)
    console.print(f"Known movies: {known}")
    if pause := find_host_pause(run_context):
        console.print(pause, highlight=False, soft_wrap=True)
    for sentence in find_kept_too_long(run_context, RECORD_FILE).sentences:
        console.print(sentence, highlight=False, soft_wrap=True)
    ahead = run_context.ledger.count_written_after(run_context.clock() + CLOCK_TOLERANCE_S)
    if ahead:
        console.print(
            f"{ahead} rows were written by a clock that ran ahead; what waits for a retry among "
            "them is due now.",
            highlight=False,
        )


def _print_counts(accounts: Sequence[Account], console: Console) -> None:
    table = Table("asset", box=None, header_style="bold")
    for column in (*COLUMNS, "sum"):
        table.add_column(column, justify="right")
    for account in accounts:
        figures = [str(account.counts[column] or "·") for column in COLUMNS]
        table.add_row(account.asset, *figures, str(account.total))
    console.print(table)


def _print_reasons(accounts: Sequence[Account], console: Console) -> None:
    """Print the reasons of all assets in one table, each with a movie as an example."""
    table = Table("asset", "status", "reason", box=None, header_style="bold")
    table.add_column("movies", justify="right")
    table.add_column("e.g.", justify="right")
    for account in accounts:
        for line in account.lines:
            figures = (str(line.movies), str(line.example))
            table.add_row(account.asset, line.status, line.reason, *figures)
    if table.row_count:
        console.print()
        console.print(table)
        console.print("Messages: `--reasons`. A line per movie: `--films`.")


def _print_accounts(accounts: Sequence[Account], console: Console) -> None:
    """Print each asset's sum, and below it every reason with an example and its message."""
    for account in accounts:
        mark = "[green]✓[/]" if account.adds_up else "[bold red]✗[/]"
        console.print(f"[bold]{account.asset}[/]: {account.known} known {mark}", highlight=False)
        for status in COLUMNS:
            if count := account.counts[status]:
                console.print(f"{count:>7} {status}", highlight=False)
            for line in account.lines:
                if line.status == status:
                    _print_reason(line, console)


def _print_reason(line: Line, console: Console) -> None:
    head = f"{line.movies:>11} {line.reason}, e.g. movie {line.example}"
    console.print(head, highlight=False)
    width = max(console.width - _INDENT, 20)
    for text in wrap(line.detail, width, break_long_words=False, break_on_hyphens=False):
        console.print(" " * _INDENT + escape(text), highlight=False, soft_wrap=True)


def _print_verdict(accounts: Sequence[Account], odd: Sequence[Account], console: Console) -> None:
    if not odd:
        console.print(
            f"✓ {accounts[0].known} known movies = {' + '.join(COLUMNS)}, for each of "
            f"{len(accounts)} assets.",
            highlight=False,
        )
        return
    for account in odd:
        console.print(f"[bold red]✗ {account.asset} does not add up:[/] {_explain(account)}")


def _explain(account: Account) -> str:
    faults = [f"{account.known} movies are known, {account.total} are counted"]
    if account.unknown:
        faults.append(f"rows of movies that are not known: {_list_movies(account.unknown)}")
    if account.invalid:
        faults.append(f"movies with a status that does not exist: {_list_movies(account.invalid)}")
    return "; ".join(faults)


def _list_movies(tmdb_ids: Sequence[int]) -> str:
    listed = ", ".join(map(str, tmdb_ids[:MOVIES_NAMED]))
    more = len(tmdb_ids) - MOVIES_NAMED
    return f"{listed} and {more} more" if more > 0 else listed


def _as_values(run_context: RunContext, accounts: Sequence[Account]) -> dict[str, object]:
    kept = find_kept_too_long(run_context, RECORD_FILE)
    return {
        "source": run_context.source.label,
        "store": str(run_context.store.root),
        "movies_known": accounts[0].known,
        "adds_up": all(account.adds_up for account in accounts),
        "disabled": list_disabled(run_context),
        "records_past_last_lawful_day": len(kept.waiting) + len(kept.gone),
        "assets": {
            account.asset: {
                **{status.replace(" ", "_"): n for status, n in account.counts.items()},
                "sum": account.total,
                "adds_up": account.adds_up,
                "reasons": [
                    asdict(line) | {"status": line.status.replace(" ", "_")}
                    for line in account.lines
                ],
                "movies_not_known": list(account.unknown),
                "movies_of_no_status": list(account.invalid),
            }
            for account in accounts
        },
    }


def _print_movies(run_context: RunContext, console: Console) -> None:
    """Print a line per movie, a thousand at once: a table of all would need to know each width."""
    tally = run_context.ledger.tally
    movies = tally.movie_ids()
    place_of = {tmdb_id: place for place, tmdb_id in enumerate(movies)}
    letters = [_letters_of(tally, spec.name, place_of) for spec in MOVIE_ASSETS]
    titles = [""] * len(movies)
    for tmdb_id, metadata in tally.each(RECORDS, ("tmdb_id", "metadata")):
        if (place := place_of.get(tmdb_id)) is not None:
            titles[place] = str(json.loads(metadata).get("title", ""))
    width = max(len("TMDB id"), len(str(movies[-1])) if movies else 0)
    numbers = [str(number) for number in range(1, len(MOVIE_ASSETS) + 1)]
    lines = [" ".join([f"{'TMDB id':<{width}}", set_cell_size("title", _TITLE), *numbers])]
    for place, tmdb_id in enumerate(movies):
        marks = (
            of_asset[place].ljust(len(n)) for of_asset, n in zip(letters, numbers, strict=True)
        )
        title = set_cell_size(_as_line(titles[place]), _TITLE)
        lines.append(" ".join([f"{tmdb_id:<{width}}", title, *marks]).rstrip())
        if len(lines) >= _LINES_AT_ONCE:
            console.out("\n".join(lines), highlight=False)
            lines.clear()
    console.out("\n".join([*lines, _LEGEND]), highlight=False)
    console.print(", ".join(f"{n} {spec.name}" for n, spec in enumerate(MOVIE_ASSETS, start=1)))


def _letters_of(tally: Tally, asset: str, place_of: Mapping[int, int]) -> list[str]:
    """Return the letter of each movie's status in an asset."""
    letters = [_LETTERS[""]] * len(place_of)
    for tmdb_id, status in tally.each(asset, ("tmdb_id", "status")):
        if (place := place_of.get(tmdb_id)) is not None:
            letters[place] = _LETTERS.get(status, "?")
    return letters


def _as_line(title: str) -> str:
    """Return a title without signs that would end its line or move the cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in title)
