"""The account that `marquee status` takes of a site's movies."""

import os

from rich.console import Console
from sites import Site

from assets.cli.status import take_account
from assets.cli.status_tables import print_status


def account(site: Site, asset: str | None = None):
    """Return the account of one asset, or of all by name."""
    with site.run_context() as run_context:
        found = {account.asset: account for account in take_account(run_context)}
    return found[asset] if asset else found


def assert_adds_up(site: Site) -> None:
    """Every movie has one status in every asset."""
    for account_ in account(site).values():
        assert account_.adds_up, account_
        assert account_.known == sum(account_.counts.values())


def say(site: Site, **options) -> tuple[int, str]:
    """Print the status; give the exit status and what was printed."""
    console = Console(width=300, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    with console.file, site.run_context() as run_context:
        code = print_status(run_context, console, **options)
    return code, console.export_text()
