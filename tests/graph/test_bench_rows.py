"""Verdicts of a benchmark's rows."""

import pytest

from benchmarks.report import BenchRow
from benchmarks.scale import _rows


@pytest.mark.parametrize(
    ("ours", "peer", "target", "limit", "is_ok"),
    [
        (3.0, None, None, 5.0, True),
        (6.0, None, None, 5.0, False),
        (3.0, None, None, None, None),
        (3.0, None, 0.5, 5.0, None),
        (None, 6.0, 0.5, 5.0, None),
        (3.0, 6.0, 0.5, 5.0, True),
        (3.0, 5.0, 0.5, 5.0, False),
        (3.0, 6.0, 0.5, 2.0, False),
    ],
)
def test_verdict_is_of_the_ratio_and_of_the_absolute_limit(ours, peer, target, limit, is_ok):
    row = BenchRow("row", ours, "s", "peer", peer, target=target, limit=limit)
    assert row.is_ok is is_ok


def test_scale_without_a_checkout_beside_has_verdicts_of_its_absolute_targets():
    keys = ("status", "films", "idle", "tick", "night")
    ours = {"cpu": 2.0, "wall": 3.0, "peak": 200.0, "home": 2.5}
    ours |= {f"{key}{end}": 1.0 for key in keys for end in ("", "_cpu", "_mb")} | {"night": 30.0}
    verdicts = {row.name: row.is_ok for row in _rows(36_000, "sqlite", ours, {})}
    assert verdicts["build with nothing due"] is True
    assert verdicts["build with nothing due: memory"] is True
    assert verdicts["a night with 71 changed films, media excluded"] is False
    assert verdicts["wall per film and asset"] is None
