"""The comparison of two versions of a system, in lines that fit 80 columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS


def print_comparison(found: Mapping[str, Any], console: Console) -> None:
    """Print what `assets.evaluation.side_by_side.compare` found."""
    first, second = found["versions"]
    console.print(Text(f"{found['system']}: version {second} beside version {first}", "bold"))
    _print("On films of both test sets", _describe_changes(found["on_test"]), console)
    _print("Asked about while both answered", _describe_asked(found["asked"]), console)
    since = list(_describe_changes(found["since_known"]))
    title = "On films whose actual value became known since then"
    _print(title, since or ["none yet"], console)


def _print(title: str, lines: Sequence[str] | Iterator[str], console: Console) -> None:
    console.print(Text(f"\n{title}", "bold"))
    for line in lines:
        console.print(Text(f"  {line}"))


def _describe_changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in changes:
        metric = METRIC_WORDS.get(one["metric"], one["metric"])
        if one["reason"]:
            yield f"{one['task']}: not compared; {one['reason']}"
            continue
        yield f"{one['task']}: {metric} {_show(one['second'])} after {_show(one['first'])},"
        interval = f"{_show(one['low'], '+')} to {_show(one['high'], '+')}"
        yield f"  difference {_show(one['difference'], '+')} (95 % interval {interval})"


def _describe_asked(asked: Mapping[str, Any]) -> Iterator[str]:
    if not asked["requests"]:
        yield "nothing yet: `uv run marquee serve --challenger SYSTEM=VERSION` has both answer"
        return
    answered = ", ".join(f"{n} by version {name}" for name, n in asked["answered"].items())
    yield f"{asked['requests']} requests, answered: {answered}"
    for task, one in asked["agreement"].items():
        if "same" in one:
            yield f"{task}: the same in {one['same']:.0%}"
        else:
            gap, absolute = one["mean_gap"], one["mean_absolute_gap"]
            yield f"{task}: {gap:+.3f} apart on average, {absolute:.3f} without the sign"


def _show(value: float | None, sign: str = "") -> str:
    return "undefined" if value is None else f"{value:{sign}.3f}"
