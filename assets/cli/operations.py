"""The commands `backup`, `restore`, `migrate` and `metrics`."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assets.cli.options import console, errors, settings_of
from pipeline.core.errors import ConfigurationError

if TYPE_CHECKING:
    import dagster as dg

    from assets.operations.migration import Target
    from resources.run_context import RunContext

_EXAMPLES = 5


def backup(
    path: Annotated[Path, typer.Argument(help="The file to write, as marquee-2027-05-01.zip.")],
    quick: Annotated[
        bool, typer.Option("--quick", help="List the store's files without reading them.")
    ] = False,
) -> None:
    """Save ledger, Dagster's history and a list of the store's files in one file."""
    from assets.operations.backup import back_up, contents
    from resources.storage.archive import Archive

    with _open_alone("backup") as (run_context, instance):
        back_up(run_context, instance, path, with_hashes=not quick)
    saved = contents(Archive(path))  # reads it back, with every checksum
    console.print(
        f"{path}: {saved.movies} movies, {saved.rows} rows, {saved.events} events of Dagster's, "
        f"{saved.files} files listed ({path.stat().st_size / 1e6:.1f} MB). The files themselves "
        "are not in it.",
        highlight=False,
    )


def restore(
    path: Annotated[Path, typer.Argument(help="A file of `marquee backup`.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a ledger and a history that are not empty.")
    ] = False,
    content: Annotated[
        bool, typer.Option("--content", help="Read the store's files and compare checksums.")
    ] = False,
) -> None:
    """Restore ledger and Dagster's history; name what the store lacks (then exit status 1)."""
    import dagster as dg

    from assets.cli.build import home
    from assets.operations.backup import compare_files
    from assets.operations.backup import restore as run
    from resources.run_context import open_ledger
    from resources.sources.source import resolve_location
    from resources.storage.archive import Archive
    from resources.storage.lock import exclusive
    from resources.storage.store import Store

    archive = Archive(path)
    settings, source, root = resolve_location(settings_of())
    if archive.facts["source"] != source.name:
        raise ConfigurationError(
            f"The backup is of {archive.facts['source']}, the settings name {source.name}. Set "
            "MARQUEE_SOURCE, or the key, as they were."
        )
    store = Store(root)
    store.claim(source.name)
    home()
    with ExitStack() as stack:
        ledger = open_ledger(settings, store)
        stack.callback(ledger.close)
        stack.enter_context(exclusive(store, ledger, name=_name_of("restore")))
        instance = stack.enter_context(dg.DagsterInstance.get())
        run(archive, ledger, instance, command=f"restore {path.name}", may_replace=replace)
        missing, other = compare_files(archive, store.root, with_content=content)
    console.print(f"Restored as of {archive.facts['made_at']}.", highlight=False)
    raise typer.Exit(_report_files(missing, other))


def migrate(
    to_store: Annotated[str, typer.Option(help="Folder or URL of the new store, empty.")],
    to_ledger: Annotated[
        str, typer.Option(help="URL of the new ledger; without it SQLite inside the new store.")
    ] = "",
    to_home: Annotated[
        Path | None,
        typer.Option(
            help="New Dagster home: a folder, with a dagster.yaml where it is not SQLite. Without "
            "it the home stays."
        ),
    ] = None,
) -> None:
    """Copy store, ledger and Dagster's history to another place; ended, it continues."""
    from assets.operations.migration import migrate as run

    with _open_alone("migrate") as (run_context, instance), ExitStack() as stack:
        target = _open_target(stack, run_context, to_store, to_ledger, to_home)
        status = stack.enter_context(errors.status("files"))
        moved = run(run_context, instance, target, report=status.update)
    console.print(
        f"{moved.copied} files copied and compared, {moved.kept} had been copied before. The old "
        "place is as it was.",
        highlight=False,
    )
    variables = [f"MARQUEE_STORE={to_store}"]
    variables += ["MARQUEE_LEDGER=…"] if to_ledger else []
    variables += [f"DAGSTER_HOME={to_home}"] if to_home else []
    console.print(f"Set {', '.join(variables)} to work there.", highlight=False, soft_wrap=True)


def metrics(
    output: Annotated[
        Path | None,
        typer.Option(help="Write a file, as node_exporter's textfile collector reads them."),
    ] = None,
) -> None:
    """Print the state of store and ledger as metrics for Prometheus."""
    from assets.operations.metrics import describe_state
    from resources.run_context import open_stored

    with open_stored(settings_of()) as run_context:
        text = describe_state(run_context, output)
    if output is None:
        typer.echo(text, nl=False)


@contextmanager
def _open_alone(command: str) -> "Iterator[tuple[RunContext, dg.DagsterInstance]]":
    """Open store, ledger and home while no run works on them."""
    import dagster as dg

    from assets.cli.build import home
    from resources.run_context import open_stored
    from resources.storage.lock import exclusive

    home()
    with (
        open_stored(settings_of()) as run_context,
        exclusive(run_context.store, run_context.ledger, name=_name_of(command)),
        dg.DagsterInstance.get() as instance,
    ):
        yield run_context, instance


def _open_target(
    stack: ExitStack, run_context: "RunContext", to_store: str, to_ledger: str, to_home: Path | None
) -> "Target":
    """Open the new place, and hold it.

    Raises:
        ConfigurationError: It is the old one.
    """
    import dagster as dg

    from assets.cli.build import find_home, prepare_home
    from assets.operations.migration import Target
    from resources.http.redaction import keep_secret
    from resources.run_context import open_ledger
    from resources.storage.lock import exclusive
    from resources.storage.store import Store

    settings = run_context.settings.model_copy(update={"store": to_store, "ledger": to_ledger})
    keep_secret(*settings.secrets)
    store = Store(to_store)
    if _same_place(store, run_context.store) or (to_home and to_home.absolute() == find_home()):
        raise ConfigurationError("The new place is the old one. Name a new store and a new home.")
    ledger = open_ledger(settings, store)
    stack.callback(ledger.close)
    stack.enter_context(exclusive(store, ledger, name=_name_of("migrate")))
    if to_home is None:
        return Target(store, ledger, None)
    prepare_home(to_home)
    instance = dg.DagsterInstance.from_config(str(to_home.absolute()))
    return Target(store, ledger, stack.enter_context(instance))


def _same_place(one: object, other: object) -> bool:
    def name(store) -> str:
        return str(Path(str(store.root)).resolve()) if store.is_local else str(store.root)

    return name(one).rstrip("/") == name(other).rstrip("/")


def _name_of(command: str) -> str:
    return f"`marquee {command}` (process {os.getpid()})"


def _report_files(missing: Sequence[str], other: Sequence[str]) -> int:
    for problem, paths in (("missing from the store", missing), ("other than they were", other)):
        if paths:
            examples = ", ".join(paths[:_EXAMPLES])
            console.print(f"{len(paths)} files are {problem}, e.g. {examples}", highlight=False)
    if missing or other:
        console.print(
            "Run `uv run marquee verify --content --repair`, then `uv run marquee build`: it makes "
            "them again. Files that were kept elsewhere may be put back instead."
        )
        return 1
    console.print("The store has every file of the backup.")
    return 0
