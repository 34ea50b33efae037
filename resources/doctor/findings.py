"""What a check of the surroundings found, and looking at many things side by side."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.core.errors import MarqueeError
from resources.http.redaction import redact


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was looked at.
        is_ok: Whether it works; None where it is not configured, or could not be looked at because
            something before it does not work.
        detail: What is there.
        remedy: What to do, or what it would give where it is not configured.
    """

    name: str
    is_ok: bool | None
    detail: str
    remedy: str = ""


Check = Callable[[], list[Finding]]


def finding_of_error(name: str, error: Exception, remedy: str = "") -> Finding:
    """Make a finding of an error of ours: its first sentence says what is, the rest what to do.

    Example:
        >>> from pipeline.core.errors import StoreError
        >>> finding_of_error("store", StoreError("It is full. Free some space.")).remedy
        'Free some space.'
    """
    said, _, advice = str(error).partition(". ")
    return Finding(name, False, redact(said.removesuffix(".")), redact(remedy or advice))


def run_check(name: str, check: Check) -> list[Finding]:
    """Look at one thing; what it raises on purpose, or what the machine refuses, is its finding."""
    try:
        return check()
    except (MarqueeError, OSError) as error:
        return [finding_of_error(name, error)]


class ParallelChecks:
    """Checks that wait for somebody, each in a thread that cannot keep this process alive.

    Args:
        checks: By name.
    """

    def __init__(self, checks: Mapping[str, Check]):
        self._found: dict[str, list[Finding]] = {}
        self._threads = {
            name: threading.Thread(target=self._look, args=(name, check), name=name, daemon=True)
            for name, check in checks.items()
        }
        for thread in self._threads.values():
            thread.start()

    def _look(self, name: str, check: Check) -> None:
        self._found[name] = run_check(name, check)

    def collect(self, limit_s: float) -> list[Finding]:
        """Wait for all, `limit_s` at most, and give what they found in the order of the checks."""
        ends_at = time.monotonic() + limit_s
        findings = []
        for name, thread in self._threads.items():
            thread.join(max(0.0, ends_at - time.monotonic()))
            findings += self._found.get(name) or [_without_result(name, thread, limit_s)]
        return findings


def _without_result(name: str, thread: threading.Thread, limit_s: float) -> Finding:
    if thread.is_alive():
        return Finding(
            name,
            False,
            f"no answer within {limit_s:.0f} s",
            "Check the connection, the name server and the proxy (HTTPS_PROXY).",
        )
    return Finding(name, False, "the check itself broke, as shown above", "Please report it.")
