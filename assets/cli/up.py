"""The command `marquee up`: a cluster on this machine, for trying how work is cut across nodes."""

import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assets.cli.options import console, errors

if TYPE_CHECKING:
    from resources.cluster.local_cluster import LocalCluster

_WATCH_S = 1.0


def up(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="What to run on it, after `--`; the cluster ends with it."),
    ] = None,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Ray, PostgreSQL and an object store on loopback.")
    ] = False,
    nodes: Annotated[int, typer.Option(min=1, max=64, help="Nodes with one CPU each.")] = 2,
    listen: Annotated[
        str, typer.Option(help="Address that Ray listens on; whoever reaches it needs the token.")
    ] = "127.0.0.1",
    folder: Annotated[
        Path, typer.Option(help="For Dagster's home and the passwords of this cluster.")
    ] = Path(".cluster"),
) -> None:
    """Run a cluster on this machine until Ctrl-C, or for one command. It keeps nothing."""
    from pipeline.core.errors import ConfigurationError
    from resources.cluster.local_cluster import local_cluster

    if not cluster:
        raise ConfigurationError(
            "`marquee up` starts a cluster: `marquee up --cluster`. On one machine nothing has to "
            "be started: `marquee build` works at once."
        )
    with _ending_on_sigterm(), local_cluster(folder, nodes=nodes, listen=listen) as site:
        status = _run(site, command) if command else _wait(site)
    raise typer.Exit(status)


@contextmanager
def _ending_on_sigterm():
    """Let SIGTERM end this process as Ctrl-C does, so that it ends what it has started."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(site: "LocalCluster", command: list[str]) -> int:
    """Run a command on a cluster; return its exit status."""
    from pipeline.core.errors import ConfigurationError

    try:
        process = subprocess.Popen(command, env=dict(site.environment))
    except OSError as error:
        raise ConfigurationError(f"{command[0]} cannot be run ({error.strerror}).") from error
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _wait(site: "LocalCluster") -> int:
    """Print how the cluster is used, and wait; return 1 as soon as it lacks an essential part."""
    from resources.cluster.local_cluster import ESSENTIAL, shown_variables

    lines = [f"export {name}='{value}'" for name, value in shown_variables(site).items()]
    console.print("The cluster is up; Ctrl-C ends it, with all that it holds. To use it:\n")
    console.print("\n".join(lines), soft_wrap=True, highlight=False)
    known = set[int]()
    while True:
        threading.Event().wait(_WATCH_S)
        for child in site.children.started:
            if child.has_ended and child.process.pid not in known:
                known.add(child.process.pid)
                words = child.last_lines()
                errors.print(f"{child.name} has ended. {words}", soft_wrap=True, markup=False)
                if child.name in ESSENTIAL:
                    return 1
