"""`marquee verify`: compare ledger and store, and repair what does not agree."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from assets.orchestration.asset_specs import MOVIE_ASSETS, UNPARTITIONED_ASSETS, WHOLE
from assets.orchestration.store_check import StoreCheck, check_files, repair
from resources.run_context import RunContext

_EXAMPLES = 3


def verify(
    run_context: RunContext, console: Console, *, with_content: bool, with_repair: bool
) -> int:
    """Print what does not agree, asset by asset.

    Args:
        run_context: Store and ledger; held by the caller where they are repaired.
        console: Where to print.
        with_content: Whether files are read and their hashes compared.
        with_repair: Whether to repair it.

    Returns:
        Exit status: 1 if something does not agree and was not repaired.
    """
    found = check_files(run_context, with_content=with_content)
    if found.is_clean:
        seen = "content of files" if with_content else "list of files"
        console.print(f"Ledger and store agree ({seen} compared).")
        return 0
    console.print(_tabulate(found))
    if not with_repair:
        console.print("Repair it with `uv run marquee verify --repair`.")
        return 1
    repair(run_context, found)
    console.print("Repaired. Run `uv run marquee build`: it computes what is missing.")
    return 0


def _tabulate(found: StoreCheck) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("asset", "problem", "movies", "e.g."):
        table.add_column(name, justify="right" if name == "movies" else "left")
    for asset, problem, ids in _list_problems(found):
        whole = ids == [WHOLE]
        examples = ", ".join(map(str, ids[:_EXAMPLES]))
        table.add_row(asset, problem, "" if whole else str(len(ids)), "" if whole else examples)
    return table


def _list_problems(found: StoreCheck) -> Iterator[tuple[str, str, list[int]]]:
    for asset in (*(spec.name for spec in MOVIE_ASSETS), *UNPARTITIONED_ASSETS):
        if ids := found.missing.get(asset):
            yield asset, "row without its file", ids
        if ids := found.damaged.get(asset):
            yield asset, "file is not what was kept", ids
        if rows := found.restorable.get(asset):
            yield asset, "row is lost, file is intact", list(rows)
