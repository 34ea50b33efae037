"""Options of trailers: how large and long one may be, which frames and how much sound are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core.errors import ConfigurationError, FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.presets import Preset
from resources.settings import ENVIRONMENT, Settings
from resources.trailers.fetched_trailer import PostponedError

MAX_HEIGHT_PX = 480
"""Default maximum height of the video: twice what any backbone takes."""

PREMIERE_S = 3600.0
"""A premiere is over at most so long after its beginning: a trailer is short."""

HEIGHT_RANGE_PX = (72, 4320)
"""What `MARQUEE_TRAILER_LINES` may be: from a thumbnail to 8K."""


KEYFRAMES = "keyframes"
DISTINCT = "distinct"
WHOLE = "whole"
ANY = "any"
"""Any frames, also where the preset would draw keyframes."""


@dataclass(frozen=True)
class TrailerLimits:
    """TrailerLimits of a trailer, of a host or the user's own, and of its download.

    Attributes:
        max_bytes: Per file.
        max_duration_s: Longer videos are not trailers.
        timeout_s: For connecting, and for every wait for the next bytes.
        max_download_s: Maximum time for one file.
        max_height_px: Maximum height of the video, where the host has a choice.
    """

    max_bytes: int = 300 * 1024 * 1024
    max_duration_s: float = 15 * 60
    timeout_s: float = 20.0
    max_download_s: float = 600.0
    max_height_px: int = MAX_HEIGHT_PX


def maximum_height(settings: Settings) -> int:
    """Return the maximum height of trailers' videos, in pixels.

    Raises:
        ConfigurationError: The setting is not a whole number within `HEIGHT_RANGE_PX`.
    """
    height_px = settings.number("trailer_lines", MAX_HEIGHT_PX)
    low, high = HEIGHT_RANGE_PX
    if height_px != int(height_px) or not low <= height_px <= high:
        raise ConfigurationError(
            f"{ENVIRONMENT['trailer_lines']} must be a whole number of pixels from {low} to "
            f"{high}, such as 480 or 720; got {settings.trailer_lines!r}."
        )
    return int(height_px)


def reject_too_long(duration_s: float | None, limits: TrailerLimits) -> None:
    """Reject what is too long to be a trailer, as `TOO_LONG`; an unknown length passes."""
    if duration_s is not None and duration_s > limits.max_duration_s:
        raise FetchError(
            Reason.TOO_LONG, f"{duration_s:.0f} s, more than {limits.max_duration_s:.0f} s"
        )


def reject_too_large(size_bytes: float | None, limits: TrailerLimits) -> None:
    """Reject a file that is too large, as `TOO_LARGE`; an unknown size passes."""
    if size_bytes is not None and size_bytes > limits.max_bytes:
        raise FetchError(
            Reason.TOO_LARGE, f"{size_bytes:.0f} bytes, more than {limits.max_bytes} bytes"
        )


def check_video(info: Mapping[str, Any], limits: TrailerLimits) -> None:
    """Reject what cannot be a trailer by yt-dlp's metadata, before anything is downloaded."""
    if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming", "post_live"):
        begins_s = info.get("release_timestamp") if not info.get("is_live") else None
        raise PostponedError(
            Reason.LIVE,
            f"live status {info.get('live_status') or 'is_live'}",
            due_s=begins_s + PREMIERE_S if begins_s else 0.0,
        )
    reject_too_long(info.get("duration"), limits)


def check_size(state: Mapping[str, Any], limits: TrailerLimits) -> None:
    """Reject a file that is, or will be, too large, by yt-dlp's progress."""
    expected = state.get("total_bytes") or state.get("total_bytes_estimate") or 0
    reject_too_large(max(expected, state.get("downloaded_bytes") or 0), limits)


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
        """What kept frames depend on; empty for the published way of reading."""
        words = (
            (self.from_keyframes, KEYFRAMES), (self.drops_repeats, DISTINCT),
            (self.cuts_clips, "clips"),
        )  # fmt: skip
        return " ".join(word for is_on, word in words if is_on)

    @property
    def sound_version(self) -> str:
        """What kept sound depends on; empty for the published way of reading."""
        return WHOLE if self.keeps_whole_sound else ""


def trailer_options(settings: Settings, preset: Preset, *, cuts_clips: bool) -> TrailerOptions:
    """Read the settings `frames`, for which the preset has a default, and `sound`.

    Raises:
        ConfigurationError: A word is unknown.

    Example:
        >>> bare, settings = Preset("bare"), Settings(frames="keyframes, distinct")
        >>> trailer_options(settings, bare, cuts_clips=True).frames_version
        'keyframes distinct clips'
    """
    words = settings.frames or preset.frames
    frames = _words("MARQUEE_FRAMES", words, (KEYFRAMES, DISTINCT, ANY))
    sound = _words("MARQUEE_SOUND", settings.sound, (WHOLE,))
    return TrailerOptions(KEYFRAMES in frames, DISTINCT in frames, cuts_clips, WHOLE in sound)


def _words(name: str, text: str, known: tuple[str, ...]) -> set[str]:
    words = set(text.replace(",", " ").split())
    if unknown := words.difference(known):
        raise ConfigurationError(
            f"{name} is {text!r}; it may hold {' and '.join(known)}, not {min(unknown)!r}."
        )
    return words
