"""The result of fetching a movie's trailer: its files and earlier attempts, or the failure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.errors import FetchError, ItemError
from pipeline.core.outcomes import Reason, Status

if TYPE_CHECKING:  # it imports a decoder
    from pipeline.media.trailer import TrailerInfo

Inspect = Callable[[Path], "TrailerInfo"]
"""Returns a file's facts, or raises `ItemError` where it is unusable."""


HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class PostponedError(FetchError):
    """The video cannot be had now; when it is requested again.

    Attributes:
        wait_s: After how long.
        due_s: Not before this time, in seconds since the epoch.
    """

    def __init__(self, reason: Reason, detail: str, *, wait_s: float = 0.0, due_s: float = 0.0):
        super().__init__(reason, detail)
        self.wait_s, self.due_s = wait_s, due_s


@dataclass(frozen=True)
class Attempt:
    """One video that could not be fetched.

    Attributes:
        name: The video's key, or the name of the user's own file.
        reason: Why not.
        detail: The same in words.
        wait_s, due_s: When to request it again, see `PostponedError`; 0 where nothing says so.
    """

    name: str
    reason: Reason
    detail: str = ""
    wait_s: float = 0.0
    due_s: float = 0.0

    @classmethod
    def of(cls, name: str, error: ItemError) -> "Attempt":
        """Return the attempt that ended in an error."""
        wait_s, due_s = (error.wait_s, error.due_s) if isinstance(error, PostponedError) else (0, 0)
        return cls(name, error.reason, error.detail, wait_s, due_s)

    def due_at_s(self, now_s: float) -> float:
        """Return when the video is to be requested again; 0 where nothing says so.

        A premiere whose time has passed, and which is still none, is requested an hour later.
        """
        if self.due_s:
            return max(self.due_s, now_s + HOUR_S)
        return now_s + self.wait_s if self.wait_s else 0.0


def find_due_s(tried: Sequence[Attempt], now_s: float, *, only_live: bool = False) -> float:
    """Return when the first of the videos is to be requested again; 0 where none is.

    It is 0 as well where one failed transiently: that is retried as any failure, whatever the
    others wait for.

    Args:
        tried: The videos.
        now_s: Time in seconds since the epoch.
        only_live: Whether to wait for premieres alone, as beside a trailer that was fetched.
    """
    if not only_live and any(
        one.reason.status is Status.WILL_RETRY and not one.due_at_s(now_s) for one in tried
    ):
        return 0.0
    counted = [one for one in tried if one.reason is Reason.LIVE or not only_live]
    return min((due_s for one in counted if (due_s := one.due_at_s(now_s))), default=0.0)


@dataclass(frozen=True)
class FetchedTrailer:
    """A trailer's files, complete, still in the staging folder.

    Attributes:
        path: Video, with its sound where `audio_path` is None.
        audio_path: Sound alone, where the host keeps it apart.
        name: The fetched video: its key, or the name of the user's own file.
        tried: The videos before it, and why each could not be fetched.
        info: Facts of the video, where `inspect` read them.
        is_own: Whether it is the user's own.
    """

    path: Path
    audio_path: Path | None
    name: str
    tried: tuple[Attempt, ...] = ()
    info: "TrailerInfo | None" = None
    is_own: bool = False


class NoTrailerError(FetchError):
    """No trailer could be fetched. The reason is the transient failure, else the first one's.

    Args:
        tried: The failed attempts, in order.
        elsewhere: Videos at hosts that are not supported, in words.

    Example:
        >>> NoTrailerError([Attempt("a", Reason.GONE, "HTTP 404"), Attempt("b", Reason.PRIVATE)])
        NoTrailerError('gone: HTTP 404 (tried: a gone, b private)')
    """

    def __init__(self, tried: Sequence[Attempt], elsewhere: str = ""):
        self.tried = tuple(tried)
        transient = [attempt for attempt in tried if attempt.reason.status is Status.WILL_RETRY]
        if not tried:
            super().__init__(Reason.NOT_LISTED, elsewhere or "no trailer is listed")
            return
        cause = transient[-1] if transient else tried[0]
        attempts = ", ".join(f"{attempt.name} {attempt.reason.value}" for attempt in tried)
        also = f"; {elsewhere}" if elsewhere else ""
        detail = f"{cause.detail} (tried: {attempts}){also}"
        super().__init__(cause.reason, detail, tried=describe_attempts(tried))


def describe_attempts(tried: Sequence[Attempt]) -> dict[str, str]:
    """Return the reason and the details of each attempt, by name.

    Example:
        >>> describe_attempts([Attempt("a", Reason.GONE, "HTTP 404")])
        {'a': 'gone: HTTP 404'}
    """
    return {attempt.name: f"{attempt.reason.value}: {attempt.detail}" for attempt in tried}
