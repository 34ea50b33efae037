"""The outcome of one movie in one asset: status, reason from a closed set, content hash."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Status(StrEnum):
    """Status of a movie in an asset; all but `WILL_RETRY` are final until an input changes.

    The values are those of the ledger's rows, and enter versions: they stay as they were first
    stored. `label` is what people read.
    """

    OK = "ok"
    UNAVAILABLE = "absent"
    REJECTED = "refused"
    WILL_RETRY = "retry"

    @property
    def is_final(self) -> bool:
        """Whether the movie shows as materialized."""
        return self is not Status.WILL_RETRY

    @property
    def label(self) -> str:
        """The status in words, as the command line, logs and metadata show it.

        Example:
            >>> [status.label for status in Status]
            ['ok', 'unavailable', 'rejected', 'will retry']
        """
        return self.name.replace("_", " ").lower()


PENDING = "pending"
"""What people read of a movie that an asset has not tried yet: it has no row, and no status."""


class Reason(StrEnum):
    """Why a movie has no result; each reason belongs to exactly one status."""

    # unavailable: it does not exist
    NOT_LISTED = "not_listed"
    NO_BOX_OFFICE = "no_box_office"
    NO_TEXT = "no_text"
    NO_AUDIO_TRACK = "no_audio_track"
    NO_VIDEO_TRACK = "no_video_track"
    SILENT = "silent"
    DELETED_AT_SOURCE = "deleted_at_source"
    UPSTREAM_UNAVAILABLE = "upstream_absent"
    # rejected: it will not be had by trying again
    GONE = "gone"
    PRIVATE = "private"
    REMOVED = "removed"
    GEO_BLOCKED = "geo_blocked"
    AGE_GATED = "age_gated"
    FORBIDDEN = "forbidden"
    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    TOO_LONG = "too_long"
    TOO_FEW_FRAMES = "too_few_frames"
    FOREIGN_CURRENCY = "foreign_currency"
    DISPUTED = "disputed"
    UPSTREAM_REJECTED = "upstream_refused"
    # will retry: it may be had later
    RATE_LIMITED = "rate_limited"
    BOT_CHECK = "bot_check"
    LIVE = "live"
    SERVER_ERROR = "server_error"
    NETWORK = "network"
    TIMEOUT = "timeout"
    CUT_OFF = "cut_off"
    DAMAGED_UPSTREAM = "damaged_upstream"
    UNEXPECTED = "unexpected"

    @property
    def status(self) -> Status:
        """The status that this reason stands for."""
        return _STATUS_OF[self]


_UNAVAILABLE = (
    Reason.NOT_LISTED, Reason.NO_BOX_OFFICE, Reason.NO_TEXT, Reason.NO_AUDIO_TRACK,
    Reason.NO_VIDEO_TRACK, Reason.SILENT, Reason.DELETED_AT_SOURCE, Reason.UPSTREAM_UNAVAILABLE,
)  # fmt: skip
_WILL_RETRY = (
    Reason.RATE_LIMITED, Reason.BOT_CHECK, Reason.LIVE, Reason.SERVER_ERROR, Reason.NETWORK,
    Reason.TIMEOUT, Reason.CUT_OFF, Reason.DAMAGED_UPSTREAM, Reason.UNEXPECTED,
)  # fmt: skip
_STATUS_OF = {
    reason: Status.UNAVAILABLE if reason in _UNAVAILABLE
    else Status.WILL_RETRY if reason in _WILL_RETRY
    else Status.REJECTED
    for reason in Reason
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """The outcome of one movie in one asset.

    Attributes:
        tmdb_id: The movie.
        status: Whether there is a result, and if not, whether there may be one later.
        reason: Why there is none; None where `status` is `OK`.
        detail: One line for a person: what was expected and what was found.
        content_hash: Hash of the result; the data version that Dagster shows.
        facets: Hashes of the parts of a record that different assets depend on (records only).
        metadata: Figures shown on the movie's partition: JSON values only.
        next_attempt_s: When a final result is stale by itself, in seconds since the epoch; 0: not
            before an input changes. Where there may be one later: not to be tried before.
        picture: What the movie's event shows where that is not stored: a JPEG or PNG, kept in no
            row.
    """

    tmdb_id: int
    status: Status
    reason: Reason | None = None
    detail: str = ""
    content_hash: str = ""
    facets: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    next_attempt_s: float = 0.0
    picture: bytes = b""

    def with_next_attempt(self, next_attempt_s: float) -> "Outcome":
        """Return the outcome with that time of its next attempt."""
        return replace(self, next_attempt_s=next_attempt_s)

    def showing(self, picture: bytes) -> "Outcome":
        """Return the outcome with that picture."""
        return replace(self, picture=picture)


def made(tmdb_id: int, content_hash: str, **metadata: object) -> Outcome:
    """Return the outcome of a movie that has a result with this content.

    Example:
        >>> made(597, "ab12", width_px=500).status.value
        'ok'
    """
    return Outcome(tmdb_id, Status.OK, content_hash=content_hash, metadata=metadata)


def lacking(tmdb_id: int, reason: Reason, detail: str = "", **metadata: object) -> Outcome:
    """Return the outcome of a movie without a result; the status follows from the reason.

    Example:
        >>> lacking(597, Reason.GONE, "HTTP 404").status.value
        'refused'
    """
    return Outcome(
        tmdb_id, reason.status, reason, detail, content_hash=reason.value, metadata=metadata
    )
