"""Which backbones the settings ask for: the preset's, and those that the user named beside it."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import Preset
from pipeline.embeddings.backbones import BACKBONES, Modality, Origin
from resources.compute.weights import users_files

LOG = logging.getLogger("marquee")

FIELDS = {
    Modality.TEXT: "text_backbone",
    Modality.IMAGE: "image_backbone",
    Modality.VIDEO: "clip_backbone",
    Modality.AUDIO: "audio_backbone",
}
"""Which field of a preset names the backbone of a modality."""


def choose_backbones(preset: Preset, beside: str) -> Mapping[Modality, tuple[str, ...]]:
    """Return the names of backbones by modality, the preset's first; none where none is asked for.

    Args:
        preset: Names one of each modality at most.
        beside: Names of more, separated by commas, in any order.

    Raises:
        ConfigurationError: There is no backbone of that name.

    Example:
        >>> from pipeline.core.presets import PRESETS
        >>> choose_backbones(PRESETS["small"], "swin_t, ast")[Modality.IMAGE]
        ('shufflenet', 'swin_t')
    """
    named = [name.strip() for name in beside.split(",") if name.strip()]
    unknown = [name for name in named if name not in BACKBONES]
    if unknown:
        raise ConfigurationError(
            f"MARQUEE_BACKBONES names {unknown[0]!r}; there are {', '.join(BACKBONES)}."
        )
    chosen = {}
    for modality, field in FIELDS.items():
        own = [getattr(preset, field)] if getattr(preset, field) else []
        more = [name for name in named if BACKBONES[name].modality is modality]
        chosen[modality] = tuple(dict.fromkeys([*own, *more]))
    return chosen


def leave_out_missing(preset: Preset, weights_folder: Path | None) -> Preset:
    """Leave out of a preset what only the user can bring and has not brought.

    For real movies, where random weights never stand in: a preset would otherwise not work at all
    for want of a file that few have. Whoever names a backbone beside the preset means it.
    """
    missing = [
        (field, name)
        for field in FIELDS.values()
        if (name := getattr(preset, field)) and _is_missing(name, weights_folder)
    ]
    for _, name in missing:
        LOG.warning(
            "No embeddings by %s: nobody offers its weights for download. Put %s.pth into a folder "
            "and name it by MARQUEE_WEIGHTS, or name another backbone by MARQUEE_BACKBONES.",
            name,
            name,
        )
    return replace(preset, **{field: "" for field, _ in missing})


def _is_missing(name: str, weights_folder: Path | None) -> bool:
    return BACKBONES[name].origin is Origin.FILE and not users_files(name, weights_folder)
