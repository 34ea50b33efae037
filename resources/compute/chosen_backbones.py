"""Which backbones the settings ask for: the preset's, and those that the user named beside it."""

from collections.abc import Mapping

from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import Preset
from pipeline.embeddings.backbones import BACKBONES, Modality

FIELDS = {
    Modality.TEXT: "text_backbone",
    Modality.IMAGE: "image_backbone",
    Modality.POSTER: "poster_backbone",
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
        ('efficientnet_lite0', 'swin_t')
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
        fitting = {modality, Modality.IMAGE} if modality is Modality.POSTER else {modality}
        more = [name for name in named if BACKBONES[name].modality in fitting]
        chosen[modality] = tuple(dict.fromkeys([*own, *more]))
    return chosen
