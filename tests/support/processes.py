"""The command `marquee` in a process of its own, which can be killed: real, and quickly there."""

import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a new process imports this module before the command, and no more
    from sites import Site

LIBRARIES = (
    "dagster", "typer", "rich", "sqlalchemy", "alembic", "requests", "upath",
    "numpy", "PIL", "torch", "torchvision", "transformers",
)  # fmt: skip
"""What is imported once for all; whatever else a command wants, its process imports itself."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(LIBRARIES))


class Process:
    """A command at work in a site; its words go to a file in the site's folder.

    Args:
        site: Where it works.
        *arguments: Of the command.
        environment: Variables besides the site's.
        program: The module whose `main` is the command; Dagster's is `dagster._cli`.
        before: Called in the process before the command is loaded, with `given`; importable by
            name from a module of this folder.
    """

    def __init__(
        self,
        site: "Site",
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        program: str = "assets.cli",
        before: Callable[..., None] | None = None,
        given: tuple = (),
    ):
        self._words = site.folder / f"output_text-{len(list(site.folder.glob('output_text-*')))}"
        self._words.touch()
        self._process = _CONTEXT.Process(
            target=_work,
            args=(
                program,
                arguments,
                {**_credentials(), **site.environment, **(environment or {})},
                site.folder,
                self._words,
                before,
                given,
            ),
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """What it has written to its output so far."""
        return self._words.read_text()

    def poll(self) -> int | None:
        """Return its exit status, the signal below 0 that ended it, or None while it works."""
        return self._process.exitcode

    def wait(self, timeout_s: float = 900) -> int:
        """Wait for its end and return its exit status."""
        self._process.join(timeout_s)
        if (status := self.poll()) is None:
            self.kill()
            raise AssertionError(f"still at work after {timeout_s:.0f} s:\n{self.output}")
        return status

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.join()


def _credentials() -> dict[str, str]:
    """Return the object store of the test at work: the fork server has the first one's."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def _work(
    program: str,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    folder: Path,
    words: Path,
    before: Callable[..., None] | None,
    given: tuple,
) -> None:
    from resources.http import pacing

    os.environ.update(environment)
    os.chdir(folder)
    descriptor = os.open(words, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.argv = [program, *arguments]
    pacing.BACKOFF_BASE_S = 0.01
    if before is not None:
        before(*given)
    importlib.import_module(program).main()


def raise_code_version(asset: str, version: str) -> None:
    """Have this process be a newer release, in which one asset has another code version."""
    from dataclasses import replace

    from assets.orchestration import asset_specs

    asset_specs.MOVIE_ASSETS = tuple(
        replace(spec, code_version=version) if spec.name == asset else spec
        for spec in asset_specs.MOVIE_ASSETS
    )


def die_at(point: str, asset: str, number: int) -> None:
    """Have this process kill itself when an asset reaches a point for the `number`th time."""
    from resources.storage.crash_points import listen

    left = [number]

    def listener(reached: str, by: str) -> None:
        if (reached, by) == (point, asset):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    listen(listener)


def hold_at(point: str, asset: str, number: int, folder: Path) -> None:
    """Have this process wait at a point until there is a file `go_on` in the folder.

    It says with a file `waiting` that it has come there.
    """
    from resources.storage.crash_points import listen

    left = [number]

    def listener(reached: str, by: str) -> None:
        if (reached, by) == (point, asset):
            left[0] -= 1
            if left[0] == 0:
                (folder / "waiting").touch()
                while not (folder / "go_on").exists():
                    time.sleep(0.02)

    listen(listener)
