"""Find the JavaScript runtime that yt-dlp needs for YouTube: the `deno` that comes with marquee."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

START_LIMIT_S = 20.0
"""Timeout of its version: a first start reads a program of 100 MB."""


def find_deno(folders: tuple[Path, ...] | None = None) -> Path | None:
    """Return the path of `deno`: beside this Python, where the wheel puts it, else on the PATH.

    A command that is started by its path finds nothing of its own environment on the PATH.

    Args:
        folders: Searched instead, in this order.
    """
    name = f"deno{sysconfig.get_config_var('EXE') or ''}"
    own = (Path(sys.executable).parent, Path(sysconfig.get_path("scripts")))
    for folder in own if folders is None else folders:
        if (folder / name).is_file() and os.access(folder / name, os.X_OK):
            return folder / name
    found = shutil.which("deno") if folders is None else None
    return Path(found) if found else None


def start_deno(path: Path) -> tuple[str, str]:
    """Start deno and return its version.

    Returns:
        The version, and the error where there is none; one of them is empty.
    """
    try:
        done = subprocess.run(
            [str(path), "--version"], capture_output=True, timeout=START_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", getattr(error, "strerror", None) or f"no output in {START_LIMIT_S:.0f} s"
    words = done.stdout.decode(errors="replace").split()
    if done.returncode == 0 and len(words) > 1 and words[0] == "deno":
        return words[1], ""
    errors = done.stderr.decode(errors="replace").strip().splitlines()
    return "", f"exit status {done.returncode}" + (f": {errors[-1][:200]}" if errors else "")
