"""The commands `import` and `export`."""

from pathlib import Path
from typing import Annotated

import typer

from assets.cli.options import Films, console, errors, ids_of, settings_of


def import_(
    kind: Annotated[str, typer.Argument(help="`marquee import kinds` lists them.")],
    path: Annotated[Path | None, typer.Argument(help="The dump's folder or file.")] = None,
) -> None:
    """Import movies and metadata from a public dump; no key is required."""
    from assets.crawl.dump_import import import_dump, open_for_import, print_import, print_kinds

    if kind == "kinds" or path is None:
        raise typer.Exit(print_kinds(kind, console))
    with open_for_import(settings_of()) as run_context:
        print_import(run_context, import_dump(run_context, kind, path), console)


def export(
    kind: Annotated[str, typer.Argument(help="`seed000`, `trailers12k`, `parquet` or `csv`.")] = "",
    path: Annotated[Path | None, typer.Argument(help="Folder to write into.")] = None,
    films: Films = "",
    verify: Annotated[
        Path | None, typer.Option(help="Check an exported folder against its manifest instead.")
    ] = None,
) -> None:
    """Export movies, features and box office to a folder with a manifest."""
    from assets.exports.export import export as run
    from assets.exports.export import print_export
    from resources.run_context import open_stored

    if verify is not None:
        raise typer.Exit(_verify(verify))
    if not kind or path is None:
        raise typer.BadParameter("KIND and PATH are required, or --verify PATH.")
    with open_stored(settings_of()) as run_context:
        print_export(run(run_context, kind, path, ids_of(films)), console)


def _verify(path: Path) -> int:
    from pipeline.exports.manifest import find_problems

    problems = find_problems(path)
    for problem in problems:
        errors.print(problem, markup=False, highlight=False, soft_wrap=True)
    if problems:
        errors.print(f"{path} is not what was exported: {len(problems)} problems. Export it again.")
    else:
        console.print(f"{path} is intact: every file is as its manifest says.")
    return int(bool(problems))
