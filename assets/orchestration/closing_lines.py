"""Lines that stand below all that Dagster prints when a run was launched from a terminal.

Dagster ends with a dozen lines about steps, resources and itself; what was asked for would stand
far above them.
"""

import atexit
import sys
from pathlib import Path

_COMMANDS = ("dagster", "dg")
_SERVICES = ("api", "dev")
"""First arguments of processes that nobody looks at, or that end much later."""

_lines: list[str] = []


def print_at_the_end(line: str) -> None:
    """Print a line when this process ends, where it is one of Dagster's commands in a terminal."""
    if not is_command(sys.argv):
        return
    if not _lines:
        atexit.register(lambda: print("\n".join(_lines), file=sys.stderr))
    _lines.append(line)


def is_command(argv: list[str]) -> bool:
    """Whether a command of Dagster's runs here, and is no service.

    Example:
        >>> is_command(["/bin/dg", "launch", "--assets", "revenue_model"])
        True
        >>> is_command(["/bin/dagster", "api", "execute_run"]), is_command(["pytest"])
        (False, False)
    """
    program, *arguments = argv or [""]
    return Path(program).name in _COMMANDS and (not arguments or arguments[0] not in _SERVICES)
