"""The command `marquee`: what it asks, prints and calls; nothing imports it."""


def main() -> None:
    """Run the command."""
    from assets.cli.app import run

    run()
