"""The command `marquee` in this process: arguments and variables in, exit status and words out."""

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from sites import ROOT

from assets.cli import main, options
from resources.settings import ENVIRONMENT


@dataclass(frozen=True)
class Output:
    """What a command answered."""

    returncode: int
    stdout: str
    stderr: str


def bare_environment() -> dict[str, str]:
    """Return the environment without anything that points marquee or Dagster anywhere."""
    names = {*ENVIRONMENT.values(), "DAGSTER_HOME", "DAGSTER_MODULE_NAME"}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


def marquee(
    *arguments: str,
    cwd: Path,
    environment: dict[str, str] | None = None,
    check: bool = True,
) -> Output:
    """Run the command as the script of that name does, in `cwd`."""
    given = {**bare_environment(), **(environment or {})}
    with (
        patch.object(sys, "argv", ["marquee", *arguments]),
        patch.dict(os.environ, given, clear=True),
        chdir(cwd),
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()) as err,
    ):
        options.console.width = int(given["COLUMNS"])  # a process reads it when it starts
        code = _exit_status()
    output = Output(code, out.getvalue(), err.getvalue())
    assert code == 0 or not check, output
    return output


def _exit_status() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
