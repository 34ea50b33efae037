"""The settings that the results of per-movie assets depend on, each reduced to a version."""

from collections.abc import Mapping

from pipeline.core.presets import Preset
from pipeline.core.staleness import Row
from pipeline.core.versions import combine, hash_json
from pipeline.embeddings.backbones import BACKBONES, Modality, preparation_version
from resources.compute.attribute_model import CLIP, vocabulary_version
from resources.compute.weights import users_files
from resources.run_context import RunContext
from resources.sources.exchange_rates import version_of_rates
from resources.trailers.options import (
    MAX_HEIGHT_PX,
    TrailerOptions,
    maximum_height,
    trailer_options,
)
from resources.trailers.trailer_sources import open_cooldown, open_own_folder

REGION_BACKBONE = "resnet50"
"""Whose last stage the features of poster regions are of. Source: reference implementation 000,
2048 channels."""


def box_office_version(run_context: RunContext) -> str:
    """Return the version of the configured sources and of the user's exchange rates."""
    sources = "imdbpro" if run_context.settings.imdbpro_cookie else "tmdb"
    rates = version_of_rates(run_context.settings.exchange_rates)
    return combine([sources, rates]) if rates else sources


def resolution_version(run_context: RunContext) -> str:
    """Return the version of the trailers' maximum height; "" for the default."""
    lines = maximum_height(run_context.settings)
    return "" if lines == MAX_HEIGHT_PX else f"{lines} lines"


def reading_options(run_context: RunContext) -> TrailerOptions:
    """Return how trailers are read; clips are cut where there is a video backbone."""
    cuts_clips = bool(run_context.backbones[Modality.VIDEO])
    return trailer_options(run_context.settings, run_context.preset, cuts_clips=cuts_clips)


def frames_version(run_context: RunContext) -> str:
    """Return the version of the options that frames and clips depend on."""
    return reading_options(run_context).frames_version


def sound_version(run_context: RunContext) -> str:
    """Return the version of the options that the kept sound depends on."""
    return reading_options(run_context).sound_version


def attribute_version(run_context: RunContext) -> str:
    """Return the version of the vocabulary of attributes."""
    return vocabulary_version(run_context.settings.attributes)


def region_networks(preset: Preset) -> tuple[str, ...]:
    """List the networks that find and describe poster regions, the preset's detector first."""
    return (preset.detector, REGION_BACKBONE, *CLIP)


def clip_extent(preset: Preset) -> str:
    """Describe which of a trailer's clips and frames are embedded; "" for all.

    Example:
        >>> from pipeline.core.presets import PRESETS
        >>> clip_extent(PRESETS["random"])
        '2 clips at most, one frame in 12'
    """
    limits = []
    if preset.clips_per_trailer:
        limits.append(f"{preset.clips_per_trailer} clips at most")
    if preset.clip_frame_step > 1:
        limits.append(f"one frame in {preset.clip_frame_step}")
    return ", ".join(limits)


def backbone_version(name: str, run_context: RunContext) -> str:
    """Return the version of a network's preparation and of the user's own weights.

    Published weights do not change under their name; the user's own are known by size and time.
    """
    files = users_files(name, run_context.weights_folder)
    own = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in files]
    prepared = preparation_version(BACKBONES[name]) if name in BACKBONES else ""  # a detector
    return combine([name, prepared, hash_json(own)])


def own_trailer_versions(run_context: RunContext, records: Mapping[int, Row]) -> Mapping[int, str]:
    """Return the version of the user's own trailer for each movie that has one.

    A file that is added, replaced or removed makes its movie stale, and no other one.

    Args:
        run_context: Whose settings.
        records: The movies' rows in `movie_records`, which hold IMDb ids and videos.
    """
    own = open_own_folder(run_context.settings)
    if own is None:
        return {}
    return own.versions({tmdb_id: _own_trailer_names(row) for tmdb_id, row in records.items()})


def own_folder_version(run_context: RunContext) -> str:
    """Return the version of all of the user's own trailers; "" where there is no folder."""
    own = open_own_folder(run_context.settings)
    return own.version if own else ""


def _own_trailer_names(row: Row) -> tuple[str, list[str]]:
    """Return a movie's IMDb id and the keys of its videos: its own trailer may bear either."""
    keys = row.metadata.get("trailer_keys")
    return str(row.metadata.get("imdb_id") or ""), keys if isinstance(keys, list) else []


def find_host_pause(run_context: RunContext) -> str:
    """Describe until when the trailer host must not be asked, and why; "" where it may be."""
    pauses = open_cooldown(run_context.settings, run_context.ledger, run_context.clock)
    pause = pauses.current()
    return pause.message if pause else ""
