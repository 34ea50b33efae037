"""Posters and trailers that are given: how large and long they may be."""

from pathlib import Path

from pipeline.core.errors import InputError, ItemError
from pipeline.media.poster import MIN_SIDE_PX
from pipeline.media.trailer import probe
from resources.run_context import RunContext
from resources.trailers.options import TrailerLimits

MAX_POSTER_BYTES = 20 * 2**20

POSTER = (
    f"a JPEG, PNG or WebP of at most {MAX_POSTER_BYTES // 2**20} MB, with sides of at least "
    f"{MIN_SIDE_PX} pixels"
)
_LIMITS = TrailerLimits()
TRAILER = (
    f"a video of at most {_LIMITS.max_bytes // 2**20} MB and {_LIMITS.max_duration_s / 60:.0f} min"
)
"""What is allowed, for people."""


def check_trailer(run_context: RunContext, path: Path) -> None:
    """Check size and length of a video.

    Raises:
        InputError: It is no usable video.
    """
    size_bytes = path.stat().st_size
    if size_bytes > _LIMITS.max_bytes:
        raise InputError("trailer", f"got {size_bytes:,} bytes", TRAILER)
    try:
        info = run_context.decoders.call(probe, path)
    except ItemError as error:
        raise InputError("trailer", error.detail or str(error), TRAILER) from error
    if info.duration_s > _LIMITS.max_duration_s:
        raise InputError("trailer", f"got {info.duration_s:.0f} s", TRAILER)


def read_poster_file(source: Path | bytes) -> bytes:
    """Return the content of a poster's file.

    Raises:
        InputError: It is too large.
    """
    size_bytes = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size_bytes > MAX_POSTER_BYTES:
        raise InputError("poster", f"got {size_bytes:,} bytes", POSTER)
    return source if isinstance(source, bytes) else source.read_bytes()
