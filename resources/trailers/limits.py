"""What a trailer may be: lines, bytes, seconds; the same for a host's and for the user's own."""

from dataclasses import dataclass

from pipeline.core.errors import ConfigurationError, FetchError
from pipeline.core.outcomes import Reason
from resources.settings import ENVIRONMENT, Settings

TRAILER_LINES = 480
"""Lines of the picture where nothing else is asked for: twice what any backbone takes."""

LINES_RANGE = (72, 4320)
"""What `MARQUEE_TRAILER_LINES` may be: from a thumbnail's lines to those of 8K."""


@dataclass(frozen=True)
class Limits:
    """What a trailer may be, and how long one is waited for.

    Attributes:
        max_bytes: Per file.
        max_duration_s: Longer videos are not trailers.
        timeout_s: For connecting, and for every wait for the next bytes.
        max_download_s: Whole time for one file.
        lines: Lines of the picture at most, where the host has a choice.
    """

    max_bytes: int = 300 * 1024 * 1024
    max_duration_s: float = 15 * 60
    timeout_s: float = 20.0
    max_download_s: float = 600.0
    lines: int = TRAILER_LINES


def trailer_lines(settings: Settings) -> int:
    """Return the lines that are fetched at most.

    Raises:
        ConfigurationError: The setting is no whole number within `LINES_RANGE`.
    """
    lines = settings.number("trailer_lines", TRAILER_LINES)
    low, high = LINES_RANGE
    if lines != int(lines) or not low <= lines <= high:
        raise ConfigurationError(
            f"{ENVIRONMENT['trailer_lines']} must be a whole number of lines from {low} to {high}, "
            f"such as 480 or 720; got {settings.trailer_lines!r}."
        )
    return int(lines)


def refuse_long(duration_s: float | None, limits: Limits) -> None:
    """Refuse what is too long to be a trailer; an unknown length passes.

    Raises:
        FetchError: `TOO_LONG`.

    Example:
        >>> refuse_long(120.0, Limits()) is None
        True
    """
    if duration_s is not None and duration_s > limits.max_duration_s:
        raise FetchError(
            Reason.TOO_LONG, f"{duration_s:.0f} s, more than {limits.max_duration_s:.0f} s"
        )


def refuse_large(size_bytes: float | None, limits: Limits) -> None:
    """Refuse a file of too many bytes; an unknown size passes.

    Raises:
        FetchError: `TOO_LARGE`.
    """
    if size_bytes is not None and size_bytes > limits.max_bytes:
        raise FetchError(
            Reason.TOO_LARGE, f"{size_bytes:.0f} bytes, more than {limits.max_bytes} bytes"
        )


def check_video(info: dict, limits: Limits) -> None:
    """Refuse what the host itself says is no trailer, before anything is fetched.

    Args:
        info: yt-dlp's words on the video.
        limits: What a trailer may be.

    Raises:
        FetchError: `LIVE` or `TOO_LONG`.
    """
    if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming", "post_live"):
        raise FetchError(Reason.LIVE, f"live status {info.get('live_status') or 'is_live'}")
    refuse_long(info.get("duration"), limits)


def check_size(state: dict, limits: Limits) -> None:
    """Stop a file that is, or will be, too large.

    Args:
        state: yt-dlp's words on how far it is.
        limits: What a trailer may be.

    Raises:
        FetchError: `TOO_LARGE`.
    """
    expected = state.get("total_bytes") or state.get("total_bytes_estimate") or 0
    refuse_large(max(expected, state.get("downloaded_bytes") or 0), limits)
