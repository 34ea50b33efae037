"""The per-movie assets as a table: what depends on what, and each one's code version.

Raise a code version whenever an asset's results would differ.
"""

from collections.abc import Mapping

from pipeline.core.staleness import RECORDS, Step
from pipeline.core.systems import Preset
from pipeline.core.versions import combine, hash_json
from pipeline.embeddings.backbones import BACKBONES, Modality
from pipeline.embeddings.preparation import preparation_version
from resources.compute.attribute_model import CLIP, vocabulary_version
from resources.compute.weights import users_files
from resources.run_context import RunContext
from resources.sources.exchange_rates import version_of_rates
from resources.trailers.limits import TRAILER_LINES, trailer_lines
from resources.trailers.reading_options import TrailerOptions, trailer_options

STEPS: tuple[Step, ...] = (
    Step(RECORDS, "1"),
    Step("box_office", "2", facet="box_office"),
    Step("posters", "2", facet="poster"),
    Step("trailers", "1", facet="trailer"),
    Step("trailer_frames", "2", upstreams=("trailers",)),
    Step("trailer_audio", "1", upstreams=("trailers",)),
    Step("text_embeddings", "2", facet="text"),
    Step("poster_embeddings", "3", upstreams=("posters",)),
    Step("poster_regions", "1", upstreams=("posters",)),
    Step("frame_embeddings", "2", upstreams=("trailer_frames",)),
    Step("clip_embeddings", "1", upstreams=("trailer_frames",)),
    Step("audio_embeddings", "1", upstreams=("trailer_audio",)),
)
"""Every step stands after its upstreams."""

LOOKS_AT: Mapping[str, Mapping[Modality, str]] = {
    "text_embeddings": {Modality.TEXT: "text"},
    "poster_embeddings": {Modality.IMAGE: "poster"},
    "frame_embeddings": {Modality.IMAGE: "frames"},
    "clip_embeddings": {Modality.VIDEO: "clips", Modality.IMAGE: "clip_frames"},
    "audio_embeddings": {Modality.AUDIO: "audio"},
}
"""Backbones of which modality a step employs, and below which folder of `embeddings/` each puts its
files. The first decides: a step without a backbone of it does nothing."""

FEATURES_OF = "resnet50"
"""Whose last stage the features of poster regions are of. Source: seed 000, 2048 channels."""

SOURCE_BOUND = ("box_office",)
"""Steps whose result also depends on which sources are configured, and on the exchange rates."""


def settings_version(step: Step, run_context: RunContext) -> str:
    """Return the version of the settings that a step's results depend on, without loading
    anything.
    """
    if step.name in LOOKS_AT:
        versions = [
            _version_of_backbone(name, run_context) for name in backbones_of(step, run_context)
        ]
        return combine([extent_of(step, run_context.preset), *versions])
    if step.name == "poster_regions":
        networks = (run_context.preset.detector, FEATURES_OF, *CLIP)
        versions = [_version_of_backbone(name, run_context) for name in networks]
        return combine([vocabulary_version(run_context.settings.attributes), *versions])
    if step.name == "trailers":
        lines = trailer_lines(run_context.settings)
        return "" if lines == TRAILER_LINES else f"{lines} lines"
    if step.name == "trailer_frames":
        return options_of(run_context).frames_version
    if step.name == "trailer_audio":
        return options_of(run_context).sound_version
    if step.name in SOURCE_BOUND:
        asked = "imdbpro" if run_context.settings.imdbpro_cookie else "tmdb"
        rates = version_of_rates(run_context.settings.exchange_rates)
        return combine([asked, rates]) if rates else asked
    return ""


def options_of(run_context: RunContext) -> TrailerOptions:
    """Say how trailers are read; clips are cut where any backbone wants them."""
    cuts_clips = bool(run_context.backbones[Modality.VIDEO])
    return trailer_options(run_context.settings, cuts_clips=cuts_clips)


def is_asked_for(step: Step, run_context: RunContext) -> bool:
    """Whether the preset and the settings want a step's results at all."""
    if step.name == "poster_regions":
        return bool(run_context.preset.detector)
    return step.name not in LOOKS_AT or bool(backbones_of(step, run_context))


def backbones_of(step: Step, run_context: RunContext) -> dict[str, str]:
    """Return the backbones that a step employs, the preset's first, each with its folder."""
    folders = LOOKS_AT[step.name]
    if not run_context.backbones[next(iter(folders))]:
        return {}
    return {
        name: folder
        for modality, folder in folders.items()
        for name in run_context.backbones[modality]
    }


def extent_of(step: Step, preset: Preset) -> str:
    """Say how much of a movie's input a step's backbones see; "" where it is all of it."""
    if step.name != "clip_embeddings":
        return ""
    at_most, every = preset.clips_per_trailer, preset.clip_frame_step
    told = [f"{at_most} clips at most"] if at_most else []
    return ", ".join([*told, *([f"one frame in {every}"] if every > 1 else [])])


def _version_of_backbone(name: str, run_context: RunContext) -> str:
    """Return the version of a network's preparation, and of the user's own weights by size and
    time.

    Published weights do not change under their name, so only the user's own are looked at.
    """
    files = users_files(name, run_context.weights_folder)
    own = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in files]
    prepared = preparation_version(BACKBONES[name]) if name in BACKBONES else ""  # a detector
    return combine([name, prepared, hash_json(own)])
