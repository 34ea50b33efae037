"""What a benchmark prints: rows of ours against a named peer from one run."""

import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

RUNS = 5
"""Counted runs of each side, after one warm-up."""


@dataclass(frozen=True)
class BenchRow:
    """One comparison; `better` says whether `lower` or `higher` figures are better.

    Attributes:
        name: What was measured.
        ours, peer_value: Medians, in `unit`.
        peer: What it is compared with.
        target: The ratio ours / peer that must be reached: at most, or at least, by `better`.
        limit: A figure in `unit` that ours must reach in the same sense, or None.
        why: Where something could not be measured: why.
        bound: What this machine could do at the very most, in `unit`, by its measured limits; None
            where nobody has worked it out.
        note: What a figure wants beside it: its interval, the weights it began with.
    """

    name: str
    ours: float | None
    unit: str
    peer: str
    peer_value: float | None
    target: float | None
    limit: float | None = None
    better: str = "lower"
    why: str = ""
    bound: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's; None where one could not be measured."""
        if self.ours is None or not self.peer_value:
            return None
        return self.ours / self.peer_value

    @property
    def is_ok(self) -> bool | None:
        """Whether target and limit are kept; None where one could not be measured, or where there
        is neither a limit nor a peer.
        """
        if self.ours is None or (self.ratio is None and (self.target or self.limit is None)):
            return None
        is_target_kept = self.ratio is None or self._reaches(self.ratio, self.target)
        return is_target_kept and self._reaches(self.ours, self.limit)

    @property
    def wanted(self) -> str:
        """Target and limit, for people; "" where there is neither.

        Example:
            >>> BenchRow("idle build", 3.0, "s", "none", None, target=0.5, limit=5.0).wanted
            '0.50; 5.00 s'
        """
        target = [] if self.target is None else [f"{self.target:.2f}"]
        limit = [] if self.limit is None else [_figure(self.limit, self.unit)]
        return "; ".join(target + limit)

    def _reaches(self, figure: float, wanted: float | None) -> bool:
        if wanted is None:
            return True
        return figure <= wanted if self.better == "lower" else figure >= wanted


def interleave(ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """Measure both in turn; give the medians of `RUNS` runs each, after a warm-up of each."""
    ours()
    peer()
    pairs = [(ours(), peer()) for _ in range(RUNS)]
    return tuple(statistics.median(side) for side in zip(*pairs, strict=True))


def describe_machine() -> dict[str, object]:
    """Say in which kind of machine the figures were taken."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


def print_rows(bench: str, rows: Sequence[BenchRow], *, as_json: bool, console: Console) -> int:
    """Print the rows; give the exit status, 1 where one is not ok."""
    if as_json:
        shown = [
            {**asdict(row), "ratio": row.ratio and round(row.ratio, 4), "ok": row.is_ok}
            for row in rows
        ]
        line = {"bench": bench, "machine": describe_machine(), "rows": shown}
        console.print(json.dumps(line), soft_wrap=True, highlight=False, markup=False)
    else:
        table = Table("row", "ours", "peer", "ratio", "target", "physical limit", "ok", box=None)
        for row in rows:
            table.add_row(
                row.name,
                _figure(row.ours, row.unit),
                f"{_figure(row.peer_value, row.unit)} ({row.peer})",
                "not measured" if row.ratio is None else f"{row.ratio:.2f}",
                row.wanted,
                "" if row.bound is None else _figure(row.bound, row.unit),
                {True: "yes", False: "NO", None: row.why}[row.is_ok],
            )
        console.print(table)
    return int(any(row.is_ok is False for row in rows))


def _figure(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.2f} {unit}"
