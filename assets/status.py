"""How many films have which status in which asset.

What belongs here: the figures. What does not: printing them (see `assets.status_tables`).
"""

from assets.steps import STEPS
from pipeline.outcomes import Status
from resources.workplace import Workplace

NOT_TRIED = "not_tried"


def count_statuses(workplace: Workplace) -> dict[str, dict[str, int]]:
    """Count known movies by asset and status; every row adds up to the movies known."""
    known = len(workplace.ledger.movies())
    by_asset = workplace.ledger.counts()
    counts = {}
    for step in STEPS:
        found = by_asset.get(step.name, {})
        row = {
            status.value: sum(n for (s, _), n in found.items() if s == status) for status in Status
        }
        counts[step.name] = row | {NOT_TRIED: known - sum(row.values())}
    return counts
