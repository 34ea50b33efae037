"""The result of one check, and running checks in parallel."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.core.errors import MarqueeError
from resources.http.redaction import redact


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: What was checked.
        is_ok: Whether it works; None where it is not configured, or could not be checked because
            something before it does not work.
        detail: What was found.
        remedy: How to fix it, or the use of it where it is not configured.
    """

    name: str
    is_ok: bool | None
    detail: str
    remedy: str = ""


Check = Callable[[], list[Finding]]


def finding_of_error(name: str, error: Exception, remedy: str = "") -> Finding:
    """Turn an error of ours into a finding: its first sentence is the detail, the rest the remedy.

    Example:
        >>> from pipeline.core.errors import StoreError
        >>> finding_of_error("store", StoreError("It is full. Free some space.")).remedy
        'Free some space.'
    """
    detail, _, advice = str(error).partition(". ")
    return Finding(name, False, redact(detail.removesuffix(".")), redact(remedy or advice))


def run_check(name: str, check: Check) -> list[Finding]:
    """Run one check; an error of ours, or of the operating system, is its finding."""
    try:
        return check()
    except (MarqueeError, OSError) as error:
        return [finding_of_error(name, error)]


class ParallelChecks:
    """Checks that wait for a host, each in a thread that cannot keep this process alive.

    Args:
        checks: By name.
    """

    def __init__(self, checks: Mapping[str, Check]):
        self._found: dict[str, list[Finding]] = {}
        self._threads = {
            name: threading.Thread(target=self._run, args=(name, check), name=name, daemon=True)
            for name, check in checks.items()
        }
        for thread in self._threads.values():
            thread.start()

    def _run(self, name: str, check: Check) -> None:
        self._found[name] = run_check(name, check)

    def collect(self, limit_s: float) -> list[Finding]:
        """Wait for all, up to `limit_s`, and return the findings in the order of the checks."""
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
            f"no response within {limit_s:.0f} s",
            "Check the connection, the name server and the proxy (HTTPS_PROXY).",
        )
    return Finding(name, False, "the check itself failed, as shown above", "Please report it.")
