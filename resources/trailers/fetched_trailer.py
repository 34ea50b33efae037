"""What came of looking for a movie's trailer: its files and what was tried before, or why none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason, Status


@dataclass(frozen=True)
class Attempt:
    """One video that could not be had.

    Attributes:
        name: The video's key, or the name of the user's own file.
        reason: Why not.
        detail: The same for a person.
    """

    name: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True)
class FetchedTrailer:
    """A trailer's files, complete, still in the staging folder.

    Attributes:
        path: Video, with its sound where `audio_path` is None.
        audio_path: Sound alone, where the host keeps it apart.
        name: The video that was taken: its key, or the name of the user's own file.
        tried: The videos before it, and why each could not be had.
        info: What `inspect` said of the video.
        is_own: Whether it is the user's own.
    """

    path: Path
    audio_path: Path | None
    name: str
    tried: tuple[Attempt, ...] = ()
    info: object = None
    is_own: bool = False


class NoTrailerError(FetchError):
    """No trailer could be had. The reason is the passing failure, else the first one's.

    Args:
        tried: What became of each video, in order.
        elsewhere: What else there is, which cannot be fetched.

    Example:
        >>> NoTrailerError([Attempt("a", Reason.GONE, "HTTP 404"), Attempt("b", Reason.PRIVATE)])
        NoTrailerError('gone: HTTP 404 (tried: a gone, b private)')
    """

    def __init__(self, tried: Sequence[Attempt], elsewhere: str = ""):
        self.tried = tuple(tried)
        passing = [attempt for attempt in tried if attempt.reason.status is Status.WILL_RETRY]
        if not tried:
            super().__init__(Reason.NOT_LISTED, elsewhere or "no trailer is listed")
            return
        blamed = passing[-1] if passing else tried[0]
        told = ", ".join(f"{attempt.name} {attempt.reason.value}" for attempt in tried)
        also = f"; {elsewhere}" if elsewhere else ""
        detail = f"{blamed.detail} (tried: {told}){also}"
        super().__init__(blamed.reason, detail, tried=tell_tried(tried))


def tell_tried(tried: Sequence[Attempt]) -> dict[str, str]:
    """Return the reason and the details of each attempt, by name.

    Example:
        >>> tell_tried([Attempt("a", Reason.GONE, "HTTP 404")])
        {'a': 'gone: HTTP 404'}
    """
    return {attempt.name: f"{attempt.reason.value}: {attempt.detail}" for attempt in tried}
