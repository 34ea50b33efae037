"""The account that `marquee status` takes of a site's movies."""

from sites import Site

from assets.cli.status import take_account


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
