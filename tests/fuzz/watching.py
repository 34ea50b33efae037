"""Runs the fuzzer in a process of its own, and finds the input that hangs or kills it."""

import faulthandler
import hashlib
import mmap
import multiprocessing
import os
import re
import resource
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from fuzzing import Failure, Parser, Tally, fuzz, peak_mib, try_input
from mutation import MAX_BYTES
from shrinking import shrink

HANG_S = 5.0
"""Processor time that one input may take; on a busy machine the clock on the wall says little."""

SILENCE_S = 120.0
"""Time on the wall after which an input counts as a hang although it does not compute."""

MEMORY_BYTES = 6 * 1024**3
"""What the process may map beyond what its parent had mapped, so that a bomb does not take the
machine with it. Without the parent's, a fork of a large process could not even grow its stack."""

FAILURES = Path(__file__).parent / "failures"

_DONE = 0
"""Number of no input: what follows is making failures small, which is bounded by itself."""

_HEAD = struct.Struct("<QId")
_SLOT_BYTES = _HEAD.size + MAX_BYTES
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class _Slot:
    """Memory that both processes see: which input is under way, and since when."""

    memory: mmap.mmap

    def put(self, number: int, data: bytes) -> None:
        data = data[:MAX_BYTES]
        self.memory[_HEAD.size : _HEAD.size + len(data)] = data
        self.memory[: _HEAD.size] = _HEAD.pack(number, len(data), time.process_time())

    def get(self) -> tuple[int, bytes, float]:
        number, size, began_s = _HEAD.unpack(self.memory[: _HEAD.size])
        return number, self.memory[_HEAD.size : _HEAD.size + size], began_s


def watch(parser: Parser, *, seconds: float, seed: int, inputs: float = float("inf")) -> Tally:
    """Fuzz a parser; a process that hangs or dies is replaced and its input is a failure.

    Args:
        parser: The parser.
        seconds: For how long.
        seed: Of chance.
        inputs: At most so many.
    """
    total, ends_at = Tally(), time.monotonic() + seconds
    context = multiprocessing.get_context("fork")
    while (left_s := ends_at - time.monotonic()) > 0 and total.inputs < inputs:
        slot = _Slot(mmap.mmap(-1, _SLOT_BYTES))
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(
            target=_work, args=(parser, left_s, seed, inputs - total.inputs, slot, sender)
        )
        process.start()
        sender.close()
        tally, fault = _wait(process, receiver, slot, left_s)
        number, data, _ = slot.get()
        _add(total, tally or _of_fault(number, data, fault))
        if tally:
            break
        seed += 1
    return total


def _work(parser: Parser, seconds: float, seed: int, inputs: float, slot: _Slot, sender) -> None:
    limit = _mapped_bytes() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()  # the input says more than the frames
    count = 0

    def announce(data: bytes) -> None:
        nonlocal count
        count += 1
        slot.put(count, data)

    for data in parser.seeds():
        announce(data)
        try_input(parser, data)  # what is imported and cached at first is no growth
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before_mib = peak_mib()
    tally = fuzz(parser, seconds=seconds, seed=seed, inputs=inputs, announce=announce)
    slot.put(_DONE, b"")
    tally.grown_mib = peak_mib() - before_mib
    for signature, failure in tally.failures.items():
        failure.data = shrink(
            failure.data, lambda data, wanted=signature: try_input(parser, data)[0] == wanted
        )
    sender.send(tally)


def _wait(
    process: multiprocessing.Process, receiver: Connection, slot: _Slot, seconds: float
) -> tuple[Tally | None, str]:
    """Wait for the tally; give the fault where there is none, and end what hangs."""
    current, since = -1, time.monotonic()
    ends_at = since + seconds + SILENCE_S
    while not receiver.poll(0.2):
        if not process.is_alive():
            return None, _tell_death(process)
        number, _, began_s = slot.get()
        now = time.monotonic()
        if number != current:
            current, since = number, now
        waited_s = now - since
        has_used = _processor_s(process.pid) - began_s > HANG_S and waited_s > HANG_S
        if now > ends_at or (number != _DONE and (has_used or waited_s > SILENCE_S)):
            process.kill()
            process.join()
            return None, "Hang"
    try:
        tally = receiver.recv()
    except EOFError:
        return None, _tell_death(process)
    process.join()
    return tally, ""


def _tell_death(process: multiprocessing.Process) -> str:
    process.join()
    assert process.exitcode is not None
    if process.exitcode >= 0:
        raise RuntimeError(f"the fuzzer itself has failed (exit status {process.exitcode})")
    return f"Signal-{-process.exitcode}"


def _mapped_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _processor_s(process_id: int) -> float:
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _of_fault(inputs: int, data: bytes, fault: str) -> Tally:
    report = f"{fault}: the process did not survive this input of {len(data)} bytes\n"
    return Tally(inputs=inputs, failures={fault: Failure(data, fault, report)})


def _add(total: Tally, more: Tally) -> None:
    total.inputs += more.inputs
    total.refused += more.refused
    total.kept, total.lines = max(total.kept, more.kept), max(total.lines, more.lines)
    total.slowest_s = max(total.slowest_s, more.slowest_s)
    total.grown_mib = max(total.grown_mib, more.grown_mib)
    for signature, failure in more.failures.items():
        total.failures.setdefault(signature, failure)


def keep(parser: Parser, failure: Failure) -> Path:
    """Write a failing input down, with what was reported about it beside it."""
    folder = FAILURES / parser.name
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(failure.data).hexdigest()[:8]
    path = folder / f"{failure.signature}-{digest}.bin"
    path.write_bytes(failure.data)
    report = re.sub(r'"[^"\n]*/([^"/\n]+\.py)"', r'"\1"', failure.report)  # no path of a machine
    path.with_suffix(".txt").write_text(report)
    return path
