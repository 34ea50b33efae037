"""The per-movie assets as a table: what hangs on what, and each one's code version.

What belongs here: the table and the version of the settings that a step's results hang on. What
does not: the assets' code. Raise a code version whenever an asset's results would differ.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline.due import RECORDS, Step
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.preparation import preparation_version
from pipeline.versions import combine, hash_json
from resources.exchange_rates import version_of_rates
from resources.trailer_limits import TRAILER_LINES, trailer_lines
from resources.weights import users_files
from resources.workplace import Workplace

STEPS: tuple[Step, ...] = (
    Step(RECORDS, "1"),
    Step("box_office", "2", facet="box_office"),
    Step("posters", "2", facet="poster"),
    Step("trailers", "1", facet="trailer"),
    Step("trailer_frames", "1", upstreams=("trailers",)),
    Step("trailer_audio", "1", upstreams=("trailers",)),
    Step("text_embeddings", "1", facet="text"),
    Step("poster_embeddings", "2", upstreams=("posters",)),
    Step("frame_embeddings", "1", upstreams=("trailer_frames",)),
)
"""Every step stands after its upstreams."""

BACKBONE_OF: Mapping[str, str] = {
    "text_embeddings": "text_backbone",
    "poster_embeddings": "image_backbone",
    "frame_embeddings": "image_backbone",
}
"""Which field of the preset names the backbone of a step."""

SOURCE_BOUND = ("box_office",)
"""Steps whose result also hangs on which sources are configured, and on the exchange rates."""


def settings_version(step: Step, workplace: Workplace) -> str:
    """Give the version of the settings that a step's results hang on, without loading anything."""
    if step.name in BACKBONE_OF:
        backbone = getattr(workplace.preset, BACKBONE_OF[step.name])
        return _version_of_backbone(backbone, workplace.weights_folder)
    if step.name == "trailers":
        lines = trailer_lines(workplace.settings)
        return "" if lines == TRAILER_LINES else f"{lines} lines"
    if step.name in SOURCE_BOUND:
        asked = "imdbpro" if workplace.settings.imdbpro_cookie else "tmdb"
        rates = version_of_rates(workplace.settings.exchange_rates)
        return combine([asked, rates]) if rates else asked
    return ""


def _version_of_backbone(name: str, folder: Path | None) -> str:
    """Give the version of a backbone's preparation, and of the user's own weights by size and time.

    Published weights do not change under their name, so only the user's own are looked at.
    """
    own = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in users_files(name, folder)]
    return combine([name, preparation_version(BACKBONES[name]), hash_json(own)])
