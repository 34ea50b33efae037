"""The export `trailers12k`: metadata, official splits where they were imported, and features."""

from collections.abc import Iterable, Iterator, Mapping

from assets.embeddings.embedding_notes import backbone_notes
from assets.exports.export_job import Job
from pipeline.core.errors import DumpError
from pipeline.core.staleness import RECORDS
from pipeline.crawl.tmdb.responses import parse_details
from pipeline.crawl.tmdb.trailer_ranking import rank_trailers
from pipeline.exports.trailers12k_writer import (
    GroupWriter,
    encode_metadata,
    encode_mtgc,
    make_metadata_entry,
    official_mtgc_row,
)
from pipeline.layouts.trailers12k_layout import (
    METADATA,
    MTGC,
    clips_group,
    frames_group,
    is_group_name,
    posters_group,
)

SOURCE = "trailers12k"

_PARTS = {
    "clips": ("clip_embeddings", clips_group, "one row per clip of 24 frames"),
    "clip_frames": (
        "clip_embeddings",
        frames_group,
        "one row per clip of 24 frames, the mean of what the backbone gives for its frames",
    ),
    "poster": ("poster_embeddings", posters_group, "one row per poster"),
}
"""What is exported of `embeddings/`: the asset, the name of the group, and what its rows are."""


def export_trailers12k(job: Job) -> None:
    """Write metadata.json, mtgc.csv, the groups that were imported, and those of our own."""
    imdb_ids = _export_tables(job)
    imported = [name for name in job.folders("imports", SOURCE) if is_group_name(name)]
    for name in imported:
        _export_group(job, name, ("imports", SOURCE, name), imdb_ids)
    for folder, (asset, name_of, rows) in _PARTS.items():
        for backbone in job.folders("embeddings", folder):
            name = name_of(backbone)
            if name is None:
                job.notes.append(f"{folder} of {backbone} left out: it has no name in this layout")
            elif name in imported:
                job.notes.append(
                    f"our {folder} of {backbone} left out: the imported {name} bears that name"
                )
            elif made := _made_with(job, asset, backbone, name, imdb_ids):
                _export_group(job, name, ("embeddings", folder, backbone), made, is_ours=True)
                origin = _describe_origin(job, asset, backbone, made)
                job.notes.append(f"{name} is our own: {rows}; backbone {backbone}, {origin}")


def _export_tables(job: Job) -> dict[int, str]:
    """Write the two tables; give the IMDb ids of the movies that have one of their own."""
    entries: dict[str, dict] = {}
    official: list[list[str | int]] = []
    imdb_ids: dict[int, str] = {}
    taken: set[str] = set()
    for tmdb_id in job.each("export trailers12k"):
        details = job.details(tmdb_id, METADATA)
        if details is None:
            continue
        record = parse_details(details)
        if not record.imdb_id:
            job.leave_out(METADATA, "no IMDb id, by which everything here is named", tmdb_id)
        elif record.imdb_id in taken:
            job.leave_out(METADATA, "another film has its IMDb id", tmdb_id)
        else:
            imdb_ids[tmdb_id] = record.imdb_id
            taken.add(record.imdb_id)
            ranked = rank_trailers(record.videos, record.original_language, record.release_date)
            keys = [video.key for video in ranked]
            key, entry = make_metadata_entry(tmdb_id, record.imdb_id, details, record.genres, keys)
            entries[key] = entry
            official += _official(job, tmdb_id, record.imdb_id, details)
    job.folder.write(METADATA, encode_metadata(entries))
    job.counts[METADATA] = len(entries)
    if official:
        job.folder.write(MTGC, encode_mtgc(official))
        job.counts[MTGC] = len(official)
    else:
        job.notes.append(f"no {MTGC}: the official splits were not imported, and ours are others")
    return imdb_ids


def _official(job: Job, tmdb_id: int, imdb_id: str, details: Mapping) -> Iterator[list[str | int]]:
    row = official_mtgc_row(imdb_id, details)
    if row is None:
        job.leave_out(MTGC, "not in the official table, or that was not imported", tmdb_id)
    else:
        yield row


def _made_with(
    job: Job, asset: str, backbone: str, part: str, imdb_ids: Mapping[int, str]
) -> dict[int, str]:
    """Keep the movies whose embedding by this backbone is up to date; note the others."""
    made = {}
    for tmdb_id, imdb_id in imdb_ids.items():
        if not job.has(asset, tmdb_id, part):
            continue
        if backbone in backbone_notes(job.rows[asset][tmdb_id]):
            made[tmdb_id] = imdb_id
        else:
            job.leave_out(part, "its embedding is of another backbone", tmdb_id)
    return made


def _describe_origin(job: Job, asset: str, backbone: str, movies: Iterable[int]) -> str:
    """Describe the weights of a group, and how much of each trailer it covers."""
    notes = [backbone_notes(job.rows[asset][tmdb_id])[backbone] for tmdb_id in movies]
    weights = {f"{note['weights']} ({note['weights_hash']})" for note in notes}
    extents = {note.get("extent", "") for note in notes} - {""}
    return "; ".join([f"weights {' and '.join(sorted(weights))}", *sorted(extents)])


def _export_group(
    job: Job,
    name: str,
    place: tuple[str, ...],
    imdb_ids: Mapping[int, str],
    *,
    is_ours: bool = False,
) -> None:
    """Write one group; a vector of our own becomes one row, an imported array stays as it is."""
    writer = GroupWriter(job.folder, name)
    for tmdb_id, imdb_id in imdb_ids.items():
        path = job.path(*place, f"{tmdb_id}.npy")
        if not is_ours and not path.exists():
            job.leave_out(name, "not in the imported group", tmdb_id)
            continue
        array = job.array(path, name, tmdb_id)
        if array is None:
            continue
        try:
            writer.write(imdb_id, array[None] if is_ours and array.ndim == 1 else array)
            job.counts[name] += 1
            _note_terms(job, name, place, tmdb_id)
        except DumpError as error:
            job.leave_out(name, str(error), tmdb_id)


def _note_terms(job: Job, name: str, place: tuple[str, ...], tmdb_id: int) -> None:
    """Note whose an array is: the dump's, or what its poster or trailer is."""
    if place[0] == "imports":
        job.note_terms(name, SOURCE, RECORDS, tmdb_id)
    elif place[1] == "poster":
        job.note_terms(name, "tmdb-images", "posters", tmdb_id)
    else:
        job.note_trailer(name, tmdb_id)
