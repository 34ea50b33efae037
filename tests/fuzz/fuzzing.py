"""Feeds one parser spoiled inputs and keeps those that reach something new."""

import random
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mutation import mutate

from pipeline.core.errors import MarqueeError

ROOT = Path(__file__).resolve().parents[2]
_OURS = tuple(f"{ROOT / name}/" for name in ("pipeline", "resources"))

MAX_CORPUS = 4000


@dataclass(frozen=True)
class Parser:
    """A parser as the fuzzer sees it.

    Attributes:
        name: In commands and folders.
        check: Parses an input, and asserts what must hold of the result.
        seeds: Gives inputs to begin with.
        tokens: Words that mean something to it.
        allowed: Errors it may raise; any other one is a failure.
        memory_mib: How much one input may add to the process's peak.
        is_native: Whether it runs somebody's C code over the bytes: then a process of its own.
        also_traced: Files of the standard library whose lines count as reached too.
    """

    name: str
    check: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    tokens: tuple[bytes, ...] = ()
    allowed: tuple[type[BaseException], ...] = (MarqueeError,)
    memory_mib: int = 256
    is_native: bool = False
    also_traced: tuple[str, ...] = ()


@dataclass
class Failure:
    """An input that a parser answers in a way that it must not."""

    data: bytes
    signature: str
    report: str


@dataclass
class Tally:
    """What a run did."""

    inputs: int = 0
    kept: int = 0
    lines: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    grown_mib: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)


def try_input(parser: Parser, data: bytes) -> tuple[str, Failure | None]:
    """Parse one input; give how it ended, and the failure where it is one."""
    before_mib = peak_mib()
    try:
        parser.check(data)
    except parser.allowed as error:
        ended = f"{type(error).__name__}:{getattr(error, 'reason', '')}"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        signature = sign(error)
        return signature, Failure(data, signature, "".join(traceback.format_exception(error)))
    else:
        ended = "read"
    grown_mib = peak_mib() - before_mib
    if grown_mib > parser.memory_mib:
        report = f"one input of {len(data)} bytes took {grown_mib} MiB\n"
        return "Memory", Failure(data, "Memory", report)
    return ended, None


def sign(error: BaseException) -> str:
    """Name an error by its kind and the last line of ours that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_OURS)] or frames
    last = ours[-1]
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.name.strip('<>')}"


def peak_mib() -> int:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def fuzz(
    parser: Parser,
    *,
    seed: int,
    seconds: float = float("inf"),
    inputs: float = float("inf"),
    announce: Callable[[bytes], None] = lambda data: None,
) -> Tally:
    """Feed a parser until the time or the number of inputs is over.

    Args:
        parser: The parser.
        seed: Of chance; the same number of inputs from the same seed is the same run.
        seconds, inputs: Limits.
        announce: Ordered every input before it is parsed.
    """
    draw = random.Random(seed)
    seeds = list(parser.seeds()) or [b""]
    corpus = list(seeds)
    tally, seen = Tally(), set()
    ends_at = time.monotonic() + seconds
    while tally.inputs < inputs and time.monotonic() < ends_at:
        first = tally.inputs < len(seeds)
        data = seeds[tally.inputs] if first else _spoil(draw, corpus, parser.tokens)
        announce(data)
        began = time.thread_time()
        with _lines((*_OURS, *parser.also_traced)) as lines:
            ended, failure = try_input(parser, data)
        tally.slowest_s = max(tally.slowest_s, time.thread_time() - began)
        tally.inputs += 1
        tally.refused += ended != "read"
        if failure and failure.signature not in tally.failures:
            tally.failures[failure.signature] = failure
        lines.add((ended, 0, 0))
        if not lines <= seen:
            seen |= lines
            # what is read leads further than what is refused: the end is drawn from most
            corpus.insert(len(corpus) if ended == "read" else 0, data)
            del corpus[:-MAX_CORPUS]
    tally.kept, tally.lines = len(corpus), len(seen)
    return tally


def _spoil(draw: random.Random, corpus: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    # what was found last leads furthest
    at = len(corpus) - 1 - int(len(corpus) * draw.random() ** 2)
    return mutate(draw, corpus[max(at, 0)], corpus, tokens)


@contextmanager
def _lines(traced: tuple[str, ...]) -> Iterator[set]:
    """Collect the steps from line to line that code in these places takes."""
    found: set[tuple[str, int, int]] = set()

    def trace(frame, event, _argument):
        name = frame.f_code.co_filename
        if not name.startswith(traced):
            return None
        last = 0

        def trace_line(frame, event, _argument):
            nonlocal last
            if event == "line":
                found.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            return trace_line

        return trace_line

    before = sys.gettrace()
    if before is None:  # somebody who measures coverage comes first
        sys.settrace(trace)
    try:
        yield found
    finally:
        if before is None:
            sys.settrace(None)
