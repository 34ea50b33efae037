"""Exports the store in a public layout, with a manifest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assets.exports.export_job import Job, check_terms
from assets.exports.export_terms import TERMS_FILE
from assets.exports.reference000_export import export_seed000
from assets.exports.table_export import export_csv, export_parquet
from assets.exports.trailers12k_export import export_trailers12k
from pipeline.core.errors import ConfigurationError
from pipeline.exports.export_folder import open_export
from resources.run_context import RunContext

EXPORTS: Mapping[str, Callable[[Job], None]] = {
    "seed000": export_seed000,
    "trailers12k": export_trailers12k,
    "parquet": export_parquet,
    "csv": export_csv,
}
"""The kinds, and what writes them."""


def export(
    run_context: RunContext, kind: str, path: Path, movies: Sequence[int] | None = None
) -> Job:
    """Write movies of the store into a folder, and the manifest when all is written.

    A run that is stopped leaves no manifest; the same export again finishes it. An export into a
    folder that holds one of the same kind and source replaces it.

    Args:
        run_context: Store and ledger, which are only read.
        kind: A key of `EXPORTS`.
        path: A new or empty folder, or one with an export of the same kind and source.
        movies: TMDB ids; all known movies where None.

    Returns:
        What was written and what was left out.

    Raises:
        ConfigurationError: There is no such kind, or a movie is not known.
        DumpError: The folder holds something else; nothing in it is touched.
        DiskError: The folder cannot be written.
        TermsError: A record does not say under which licence or terms it was given; an export that
            is in the folder stays.
    """
    if kind not in EXPORTS:
        raise ConfigurationError(f"There is no export {kind!r}; there are {', '.join(EXPORTS)}.")
    wanted = _choose(run_context, movies)
    check_terms(run_context, wanted)
    folder = open_export(path, kind, run_context.source.label)
    job = Job(kind, run_context, folder, wanted)
    EXPORTS[kind](job)
    folder.write(TERMS_FILE, job.terms.encode_table())
    folder.finish(
        {
            "marquee": _version(),
            "kind": kind,
            "source": run_context.source.label,
            "terms": job.terms.describe(),
            "films": len(wanted),
            "counts": dict(job.counts),
            "left_out": job.left_out,
            "notes": job.notes,
        }
    )
    return job


def print_export(job: Job, console: Console) -> None:
    """Print what was written, what was left out and why."""
    root, sizes = job.folder.root, [int(str(file["size"])) for file in job.folder.files.values()]
    console.print(
        f"{job.kind}: {len(job.movies)} movies, {len(sizes)} files, "
        f"{sum(sizes) / 1e6:,.1f} MB in {root}",
        markup=False,
    )
    table = Table("part", "written", "left out", "why", box=None, header_style="bold")
    for part in dict.fromkeys([*job.counts, *job.left_out]):
        reasons = job.left_out.get(part, {})
        lines = list(reasons.items()) or [("", [])]
        for number, (why, ids) in enumerate(lines):
            count = str(job.counts[part]) if number == 0 else ""
            table.add_row(part if number == 0 else "", count, str(len(ids) or "·"), why)
    console.print(table, markup=False)
    for note in [*job.notes, *_describe_terms(job)]:
        console.print(f"Note: {note}", markup=False)
    console.print(f"Check it with `uv run marquee export --verify {root}`.", markup=False)


def _describe_terms(job: Job) -> Iterator[str]:
    """Yield what whoever receives the export must know of its terms."""
    described = job.terms.describe()
    yield f"{TERMS_FILE} and the manifest say under which terms each film was given: read them"
    if day := described["last_lawful_day"]:
        yield f"the first of its films may be kept until {day}, as far as terms are known"


def _choose(run_context: RunContext, movies: Sequence[int] | None) -> list[int]:
    known = run_context.ledger.movies()
    unknown = [tmdb_id for tmdb_id in movies or () if tmdb_id not in known]
    if unknown or not known:
        what = f"TMDB id {unknown[0]} is not among" if unknown else "there is none among"
        raise ConfigurationError(
            f"{what} the {len(known)} movies known from {run_context.source.label}; "
            "`marquee status --films` lists them, `marquee build` or `marquee import` gets them."
        )
    return sorted(known if movies is None else set(movies))


def _version() -> str:
    try:
        return version("marquee")
    except PackageNotFoundError:
        return "not installed"
