"""The exports `parquet` and `csv`: one table of all movies."""

from collections.abc import Iterator, Mapping

from assets.exports.export_job import Job
from assets.orchestration.asset_specs import BOX_OFFICE_FILE, MOVIE_ASSETS
from pipeline.core.errors import DamagedFileError
from pipeline.core.outcomes import PENDING, Status
from pipeline.core.terms import read_terms
from pipeline.crawl.tmdb.responses import parse_details

_ASSETS = tuple(spec.name for spec in MOVIE_ASSETS)


def export_parquet(job: Job) -> None:
    """Write `films.parquet`."""
    from pipeline.exports.movie_table import table_schema, write_parquet

    with job.folder.writing("films.parquet") as path:
        write_parquet(path, _rows(job), table_schema(_ASSETS))
    job.notes.append("columns whose metadata say `known: after release` are labels, never inputs")


def export_csv(job: Job) -> None:
    """Write `films.csv`."""
    from pipeline.exports.movie_table import table_schema, write_csv

    with job.folder.writing("films.csv") as path:
        escaped = write_csv(path, _rows(job), table_schema(_ASSETS))
    job.counts["cells with an apostrophe"] = escaped
    if escaped:
        job.notes.append(
            f"{escaped} texts that a spreadsheet would run as a formula have an apostrophe before "
            "them; the Parquet table has every text as it is"
        )
    job.notes.append(
        "known after release, labels and never inputs: popularity, vote_average, vote_count, "
        "box_office_figures, and every column with revenue in its name"
    )


def _rows(job: Job) -> Iterator[dict]:
    from pipeline.exports.movie_table import make_row

    for tmdb_id in job.each("export films"):
        details = job.details(tmdb_id, "record")
        record = parse_details(details) if details is not None else None
        job.counts["record"] += record is not None
        states = {name: job.state(name, tmdb_id) for name in _ASSETS}
        terms = read_terms(details, tmdb_id) if details is not None else ()
        yield make_row(tmdb_id, record, _money(job, tmdb_id), states, terms)
        job.counts["films"] += 1


def _money(job: Job, tmdb_id: int) -> Mapping:
    """Read a movie's box office; there may be figures although none of them makes a label."""
    row = job.rows["box_office"].get(tmdb_id)
    path = BOX_OFFICE_FILE.path(job.store, tmdb_id)
    if row is None or not row.is_final or not path.exists():
        job.leave_out(
            "money",
            f"{Status(row.status).label}: {row.reason}" if row and row.status else PENDING,
            tmdb_id,
        )
        return {}
    try:
        money = job.store.read_json(path)
    except DamagedFileError as error:
        job.leave_out("money", str(error), tmdb_id)
        return {}
    job.counts["money"] += 1
    job.note_figures(money.get("figures", ()), tmdb_id)
    return money
