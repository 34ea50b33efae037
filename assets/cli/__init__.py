"""The command `marquee`: what it asks, prints and calls; nothing imports it."""

from assets.orchestration.garbage_collection import collect_rarely


def main() -> None:
    """Run the command."""
    with collect_rarely():
        from assets.cli.app import run

        run()
