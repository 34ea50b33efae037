"""The command `marquee`: what it asks, prints and calls; nothing imports it."""

import atexit
import gc

ALLOCATIONS_PER_COLLECTION = 200_000
"""Objects that are made before Python looks for garbage; by default 700. Loading Dagster makes
millions and leaves none: looking took a third of the time of a build that has nothing to do."""


def main() -> None:
    """Run the command."""
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION)
    atexit.register(gc.freeze)  # the process ends: nothing is left to collect
    from assets.cli.app import run

    run()
