"""The demonstration: everything on the built-in studio, on one screen; the log goes to a file."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from rich.console import Console

from assets.cli.build import STAGES, Request, build, find_home, open_site
from assets.cli.score_table import print_scores
from assets.orchestration.progress import shown_by
from pipeline.core.errors import MarqueeError
from resources.run_context import RunContext
from resources.settings import Settings

LOG_FILE = "demo.log"

KEPT = ("store", "ledger", "studio", "weights")
"""Settings that hold in the demonstration as well; all others are its own."""


def run_demo(console: Console, given: Settings, *, full: bool) -> None:
    """Build everything on the studio's movies; show a line per stage and the scores.

    Args:
        console: Where it is shown.
        given: The user's settings, of which `KEPT` hold.
        full: Whether all variants are trained, not each system's main one alone.

    Raises:
        MarqueeError: A stage failed; the message names the log.
    """
    console.print("marquee demo: synthetic movies of the built-in studio; none is real.\n")
    variants: Literal["all", "main"] = "all" if full else "main"
    kept = {name: getattr(given, name) for name in KEPT}
    log = find_home() / LOG_FILE
    log.parent.mkdir(parents=True, exist_ok=True)
    with _errors_into(log), open_site(Settings(**kept)) as (run_context, instance):
        for stage in STAGES:
            with _show_stage(console, stage, log):
                build(run_context, instance, Request(stages=(stage,), variants=variants))
        _print_results(run_context, console, log)


def _print_results(run_context: RunContext, console: Console, log: Path) -> None:
    console.print()
    print_scores(run_context, console)
    console.print(f"  {log} (the log)", soft_wrap=True, highlight=False)
    console.print("\nNext: `uv run marquee leaderboard`, `uv run --env-file .env dagster dev`.")


@contextmanager
def _errors_into(log: Path) -> Iterator[None]:
    """Send what this process and those that it starts write to the standard error into a file."""
    sys.stderr.flush()
    own = os.dup(2)
    try:
        with log.open("w") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(own, 2)
        os.close(own)


@contextmanager
def _show_stage(console: Console, stage: str, log: Path) -> Iterator[None]:
    """Show how far a stage is while it runs, and a line about it afterwards."""
    began_s, done = time.monotonic(), dict[str, tuple[int, int]]()
    with console.status(f"{stage} …") as status:

        def show(name: str, n_done: int, total: int) -> None:
            done[name] = (n_done, total)
            status.update(f"{stage}: {name} {n_done} of {total}")

        try:
            with shown_by(show):
                yield
        except MarqueeError as error:
            raise MarqueeError(f"{error}\nThe log: {log}") from error
    line = f"  {stage:<12}{_describe(done):<54}{time.monotonic() - began_s:6.0f} s"
    console.print(line, highlight=False, soft_wrap=True)


def _describe(done: Mapping[str, tuple[int, int]]) -> str:
    """Describe in at most 54 characters what a stage processed.

    Example:
        >>> _describe({"posters": (93, 93), "trailers": (91, 91)})
        'posters 93, trailers 91'
        >>> _describe({f"{name}_model": (8, 8) for name in ("box_office", "revenue")})
        '16 models'
        >>> _describe({f"{name}_embeddings": (4, 4) for name in ("text", "poster", "frame")})
        'embeddings of text 4, poster 4, frame 4'
    """
    for ending, noun in (("_model", "models"), ("_evaluation", "evaluations")):
        counts = [n_done for name, (n_done, _) in done.items() if name.endswith(ending)]
        if counts:
            return f"{sum(counts)} {noun}"
    texts = [f"{name.replace('_', ' ')} {n_done}" for name, (n_done, _) in done.items()]
    if texts and all(" embeddings " in text for text in texts):
        return "embeddings of " + ", ".join(text.replace(" embeddings", "") for text in texts)
    return ", ".join(texts)
