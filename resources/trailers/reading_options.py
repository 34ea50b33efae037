"""What the settings say of reading trailers: which frames, and how much of the sound."""

from dataclasses import dataclass

from pipeline.core.errors import ConfigurationError
from resources.settings import Settings

KEYFRAMES = "keyframes"
DISTINCT = "distinct"
WHOLE = "whole"


@dataclass(frozen=True)
class TrailerOptions:
    """How a trailer is read.

    Attributes:
        from_keyframes: Whether frames are drawn among keyframes first, which need no other decoded.
        drops_repeats: Whether frames that repeat an earlier one are dropped.
        cuts_clips: Whether clips are cut.
        keeps_whole_sound: Whether the whole track is kept, not only its first 30 s.
    """

    from_keyframes: bool = False
    drops_repeats: bool = False
    cuts_clips: bool = False
    keeps_whole_sound: bool = False

    @property
    def frames_version(self) -> str:
        """What kept frames depend on; empty where nothing but the published was asked for."""
        words = (
            (self.from_keyframes, KEYFRAMES), (self.drops_repeats, DISTINCT),
            (self.cuts_clips, "clips"),
        )  # fmt: skip
        return " ".join(word for is_asked, word in words if is_asked)

    @property
    def sound_version(self) -> str:
        """The same of sound."""
        return WHOLE if self.keeps_whole_sound else ""


def trailer_options(settings: Settings, *, cuts_clips: bool) -> TrailerOptions:
    """Read the words of the settings.

    Raises:
        ConfigurationError: A word means nothing.

    Example:
        >>> trailer_options(Settings(frames="keyframes, distinct"), cuts_clips=True).frames_version
        'keyframes distinct clips'
    """
    frames = _words("MARQUEE_FRAMES", settings.frames, (KEYFRAMES, DISTINCT))
    sound = _words("MARQUEE_SOUND", settings.sound, (WHOLE,))
    return TrailerOptions(KEYFRAMES in frames, DISTINCT in frames, cuts_clips, WHOLE in sound)


def _words(name: str, text: str, known: tuple[str, ...]) -> set[str]:
    words = set(text.replace(",", " ").split())
    if unknown := words.difference(known):
        raise ConfigurationError(
            f"{name} is {text!r}; it may hold {' and '.join(known)}, and {min(unknown)!r} is none."
        )
    return words
