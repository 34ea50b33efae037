"""What `marquee status` prints: films by asset and status, with reasons, and every film."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assets.cli.status import NOT_TRIED, STATUSES, Account, Line, list_off, take_account
from assets.media.own_trailers import tell_rest
from assets.orchestration.asset_specs import STEPS
from resources.run_context import RunContext

_LETTERS = {"ok": "●", "absent": "–", "refused": "✗", "retry": "↻", "": "·"}
FILMS_SHOWN = 200
"""A store of more films shows them only when asked."""

FILMS_NAMED = 10
"""Films named in a sentence; the rest is a number."""

_COLUMNS = (*STATUSES, NOT_TRIED)


def print_status(
    run_context: RunContext,
    console: Console,
    *,
    films: bool | None = None,
    reasons: bool = False,
    as_json: bool = False,
) -> int:
    """Print source, films by asset and status, reasons, and a line per film.

    Args:
        run_context: Store and ledger.
        console: Where to.
        films: Whether to print a line per film; None: where there are few enough.
        reasons: Whether to print every reason below its asset, with the sum, and no film.
        as_json: Whether to print one JSON object of the figures and reasons instead.

    Returns:
        Exit status: 1 where an asset does not add up to the films known.
    """
    accounts = take_account(run_context)
    known = accounts[0].known
    odd = [account for account in accounts if not account.adds_up]
    if as_json:
        console.print_json(json.dumps(_as_values(run_context, accounts)))
        return 1 if odd else 0
    console.print(f"Source: {run_context.source.label}", highlight=False)
    console.print(f"Store:  {run_context.store.root}", highlight=False, soft_wrap=True)
    console.print(f"Films known: {known}")
    if rest := tell_rest(run_context):
        console.print(rest, highlight=False, soft_wrap=True)
    if not known and not odd:
        console.print("Nothing yet. Run `uv run marquee demo` or `uv run marquee build`.")
        return 0
    if reasons:
        _print_accounts(accounts, console)
    else:
        _print_counts(accounts, console)
        _print_reasons(accounts, console)
        if films or (films is None and known <= FILMS_SHOWN):
            _print_films(run_context, console, run_context.ledger.movies())
    if off := list_off(run_context):
        console.print(f"Not asked for by preset and settings: {', '.join(off)}.", highlight=False)
    _print_verdict(accounts, odd, console)
    return 1 if odd else 0


def _print_counts(accounts: Sequence[Account], console: Console) -> None:
    table = Table("asset", box=None, header_style="bold")
    for column in (*_COLUMNS, "sum"):
        table.add_column(column.replace("_", " "), justify="right")
    for account in accounts:
        table.add_row(account.asset, *_figures(account), str(account.total))
    console.print(table)


def _figures(account: Account) -> list[str]:
    return [str(account.counts[column] or "·") for column in _COLUMNS]


def _print_reasons(accounts: Sequence[Account], console: Console) -> None:
    """Print the reasons of all assets in one table, each with a film to look at."""
    table = _table_of_lines("asset", "status", "reason")
    for account in accounts:
        for line in account.lines:
            table.add_row(account.asset, line.status, line.reason, *_example(line))
    if table.row_count:
        console.print(table)


def _print_accounts(accounts: Sequence[Account], console: Console) -> None:
    """Print each asset's sum, and below it a line for every reason."""
    table = _table_of_lines("asset", "status and reason")
    for account in accounts:
        mark = "[green]✓[/]" if account.adds_up else "[bold red]✗[/]"
        table.add_row(f"[bold]{account.asset}[/]", f"known {mark}", str(account.known), "", "")
        for status in _COLUMNS:
            if count := account.counts[status]:
                table.add_row("", status.replace("_", " "), str(count), "", "")
            for line in account.lines:
                if line.status == status:
                    table.add_row("", f"    {line.reason}", *_example(line))
    console.print(table)


def _table_of_lines(*columns: str) -> Table:
    table = Table(*columns, box=None, header_style="bold")
    for column in table.columns:
        column.no_wrap = True
    table.add_column("films", justify="right", no_wrap=True)
    table.add_column("such as", justify="right", no_wrap=True)
    table.add_column("what was said")
    return table


def _example(line: Line) -> tuple[str, str, str]:
    return str(line.films), str(line.example), escape(line.detail)


def _print_verdict(accounts: Sequence[Account], odd: Sequence[Account], console: Console) -> None:
    if not odd:
        sum_of = " + ".join(column.replace("_", " ") for column in _COLUMNS)
        console.print(
            f"✓ {accounts[0].known} films known = {sum_of}, for each of {len(accounts)} assets.",
            highlight=False,
        )
        return
    for account in odd:
        console.print(f"[bold red]✗ {account.asset} does not add up:[/] {_tell_odd(account)}")


def _tell_odd(account: Account) -> str:
    said = [f"{account.known} films are known, {account.total} are accounted for"]
    if account.strangers:
        said.append(f"rows of films that are not known: {_name_films(account.strangers)}")
    if account.unclear:
        said.append(f"films with a status that there is not: {_name_films(account.unclear)}")
    return "; ".join(said)


def _name_films(films: Sequence[int]) -> str:
    named = ", ".join(map(str, films[:FILMS_NAMED]))
    more = len(films) - FILMS_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _as_values(run_context: RunContext, accounts: Sequence[Account]) -> dict[str, object]:
    return {
        "source": run_context.source.label,
        "store": str(run_context.store.root),
        "films_known": accounts[0].known,
        "adds_up": all(account.adds_up for account in accounts),
        "not_asked_for": list_off(run_context),
        "assets": {
            account.asset: {
                **account.counts,
                "sum": account.total,
                "adds_up": account.adds_up,
                "reasons": [asdict(line) for line in account.lines],
                "films_not_known": list(account.strangers),
                "films_of_no_status": list(account.unclear),
            }
            for account in accounts
        },
    }


def _print_films(run_context: RunContext, console: Console, movies: Iterable[int]) -> None:
    rows = {step.name: run_context.ledger.rows(step.name) for step in STEPS}
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("film", no_wrap=True)
    table.add_column("title", no_wrap=True, max_width=26)
    for number in range(1, len(STEPS) + 1):
        table.add_column(str(number), justify="center")
    for tmdb_id in movies:
        record = rows["movie_records"].get(tmdb_id)
        title = str(record.metadata.get("title", "")) if record else ""
        letters = [
            _LETTERS.get(row.status if (row := rows[step.name].get(tmdb_id)) else "", "?")
            for step in STEPS
        ]
        table.add_row(str(tmdb_id), escape(title), *letters)
    console.print(table)
    console.print("● ok   – absent   ✗ refused   ↻ retry   · not tried")
    console.print(", ".join(f"{n} {step.name}" for n, step in enumerate(STEPS, start=1)))
