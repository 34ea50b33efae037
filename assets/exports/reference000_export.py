"""The export `seed000`: the folders of reference implementation 000, of the store's own movies."""

from collections.abc import Iterator, Sequence

from assets.exports.export_job import Job
from assets.orchestration.asset_specs import (
    ATTRIBUTES_FILE,
    BOX_OFFICE_FILE,
    POSTER_FILE,
    RECORD_FILE,
    REGIONS_FILE,
)
from pipeline.core.errors import PosterError
from pipeline.core.staleness import RECORDS
from pipeline.crawl.datasets.dump_rows import AcceptedRow
from pipeline.exports.reference000_writer import encode_npy_dict, split_response
from pipeline.layouts.reference000_layout import (
    BOX_OFFICE_CSV,
    FEATURES,
    POSTERS,
    REGIONS,
    place,
)
from resources.storage.store import npy_bytes

SOURCE = "seed000"
"""Kind of the import that ROI features and boxes may come from."""

POSTER_SOURCE = "tmdb-images"
"""Whose terms hold for posters, and for what is made of them."""

_OF_REGIONS = (FEATURES, REGIONS)
"""What is made of posters: regions of one maker go together, object by object."""


def export_seed000(job: Job) -> None:
    """Write basics, keywords, credits, posters, ROI features, boxes and the CSV of money."""
    with_record = []
    for tmdb_id in job.each("export seed000"):
        details = job.details(tmdb_id, "records")
        if details is not None:
            with_record.append(tmdb_id)
            for folder, value in split_response(details, tmdb_id).items():
                job.folder.write(place(folder, tmdb_id), encode_npy_dict(value))
                job.counts[folder] += 1
        _export_poster(job, tmdb_id)
        _export_regions(job, tmdb_id)
    _export_money(job, with_record)


def _export_poster(job: Job, tmdb_id: int) -> None:
    from pipeline.media.poster import encode_reference000_poster

    if not job.has("posters", tmdb_id, POSTERS):
        return
    content = job.content(POSTER_FILE.path(job.store, tmdb_id), POSTERS, tmdb_id)
    if content is None:
        return
    try:
        job.folder.write(place(POSTERS, tmdb_id), encode_reference000_poster(content))
        job.counts[POSTERS] += 1
        job.note_terms(POSTERS, POSTER_SOURCE, "posters", tmdb_id)
    except PosterError as error:
        job.leave_out(POSTERS, str(error), tmdb_id)


def _export_regions(job: Job, tmdb_id: int) -> None:
    """Write the ROI features and boxes of one maker: those that were imported, else our own."""
    imported = {name: job.path("imports", SOURCE, place(name, tmdb_id)) for name in _OF_REGIONS}
    if not any(path.exists() for path in imported.values()):
        _export_own_regions(job, tmdb_id)
        return
    for name, path in imported.items():
        if not path.exists():
            job.leave_out(name, "not among what was imported of this film", tmdb_id)
            continue
        with path.open("rb") as source:
            job.folder.copy(place(name, tmdb_id), source)
        job.counts[name] += 1
        job.note_terms(name, SOURCE, RECORDS, tmdb_id)


def _export_own_regions(job: Job, tmdb_id: int) -> None:
    lacking = [name for name in _OF_REGIONS if not job.has("poster_regions", tmdb_id, name)]
    if lacking:
        return
    features = job.array(REGIONS_FILE.path(job.store, tmdb_id), FEATURES, tmdb_id)
    boxes = job.content(ATTRIBUTES_FILE.path(job.store, tmdb_id), REGIONS, tmdb_id)
    if features is not None and boxes is not None:
        job.folder.write(place(FEATURES, tmdb_id), npy_bytes(features))
        job.folder.write(place(REGIONS, tmdb_id), boxes)
        job.counts.update(_OF_REGIONS)
        for name in _OF_REGIONS:
            job.note_terms(name, POSTER_SOURCE, "posters", tmdb_id)


def _export_money(job: Job, movies: Sequence[int]) -> None:
    from pipeline.crawl.imdbpro.csv_writer import write_imdbpro_csv

    with job.folder.writing(BOX_OFFICE_CSV) as path:
        job.counts[BOX_OFFICE_CSV] = write_imdbpro_csv(_money(job, movies), path)
    job.notes.append(
        f"{BOX_OFFICE_CSV} is as the seed has it: cells are not changed for spreadsheets, and a "
        "text that begins with = + - @ would be run as a formula there"
    )


def _money(job: Job, movies: Sequence[int]) -> Iterator[AcceptedRow]:
    """Return each record with the figures of all sources, crawled ones too, one at a time."""
    store = job.store
    for tmdb_id in movies:
        fields = store.read_json(RECORD_FILE.path(store, tmdb_id))
        path = BOX_OFFICE_FILE.path(store, tmdb_id)
        row = job.rows["box_office"].get(tmdb_id)
        if row is not None and row.is_final and path.exists():
            fields["marquee_box_office"] = store.read_json(path).get("figures", [])
            job.note_figures(fields["marquee_box_office"], tmdb_id)
        yield AcceptedRow(f"film {tmdb_id}", fields, tmdb_id=tmdb_id)
