"""The command `marquee`: what it asks, prints and calls; nothing imports it."""

import gc

ALLOCATIONS_PER_COLLECTION = 200_000
"""Objects that are made before Python looks for garbage; by default 700. Loading Dagster makes
millions and leaves none: looking took a third of the time of a build that has nothing to do."""

_THRESHOLD = gc.get_threshold()


def main() -> None:
    """Run the command."""
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION)
    try:
        from assets.cli.app import run

        run()
    finally:
        collect_as_usual()


def collect_as_usual() -> None:
    """Look for garbage as Python does by default: work has begun, which leaves arrays behind."""
    gc.set_threshold(*_THRESHOLD)
