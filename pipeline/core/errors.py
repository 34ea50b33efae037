"""The one tree of errors; a broken promise raises one of these, a bad item becomes an `Outcome`.

Messages are written where the error is raised: what was expected, what was found, for which movie,
and the remedy.
"""

import errno

from pipeline.core.outcomes import Reason


class MarqueeError(Exception):
    """Base class of every error that marquee raises on purpose."""


class ConfigurationError(MarqueeError):
    """A setting is missing or wrong; the message names it and the remedy."""


class InputError(ConfigurationError):
    """A given value of a movie cannot be used; the message names its field and what is allowed.

    Attributes:
        field: Name of the field.
        allowed: What it may hold, in words.
    """

    def __init__(self, field: str, problem: str, allowed: str):
        super().__init__(f"{field}: {problem}; allowed: {allowed}.")
        self.field, self.allowed = field, allowed


class SourceError(MarqueeError):
    """A source is unusable (wrong key, maintenance): the crawl stops, no retry is consumed."""


class CredentialError(SourceError):
    """The source rejects the key or the cookie."""


class PausedError(MarqueeError):
    """A source is rate-limited: movies that were not requested keep their status."""

    def __init__(self, reason: Reason, message: str):
        super().__init__(message)
        self.reason = reason


class StoreError(MarqueeError):
    """The store or the ledger cannot be used as it is."""


_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO})


class DiskError(StoreError):
    """The disk is full, read-only or broken: everything stops, no retry is consumed."""

    @staticmethod
    def is_behind(error: BaseException) -> bool:
        """Return whether an error of the operating system is a failure of the disk.

        Example:
            >>> DiskError.is_behind(OSError(28, "No space left on device"))
            True
            >>> DiskError.is_behind(FileNotFoundError(2, "No such file or directory"))
            False
        """
        return isinstance(error, OSError) and error.errno in _DISK_ERRNOS

    @classmethod
    def of(cls, error: OSError, what: str) -> "DiskError":
        """Return the error with what failed, why, and the remedy in its message."""
        return cls(
            f"{what} ({error.strerror or error}). Free some space or fix the permissions, then "
            "run again: no finished work is lost."
        )


class DamagedFileError(StoreError):
    """A file of the store is missing or cannot be read; the message names it and the remedy."""


class DumpError(MarqueeError):
    """A public dump, or an exported folder, does not have the format that it should have."""


class TermsError(MarqueeError):
    """A record does not say under which licence or terms it was given, so it is not handed on."""


class WeightsError(MarqueeError):
    """Pretrained weights are required and unavailable."""


class FeatureError(MarqueeError):
    """Records, labels and modalities do not fit into one table."""


class SplitError(MarqueeError):
    """A split cannot be made, or a movie or franchise is in two of its sets."""


class LeakError(MarqueeError):
    """A column that is known only after release is among the inputs."""


class TrainingError(MarqueeError):
    """A model cannot be trained, or cannot be loaded."""


class ItemError(MarqueeError):
    """One movie's item is bad; carries the reason that becomes its row in the ledger.

    Args:
        reason: The code of the reason.
        detail: The reason in words.
        **metadata: Numbers for the metadata of the movie's partition.
    """

    def __init__(self, reason: Reason, detail: str, **metadata: object):
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.metadata = metadata


class RecordError(ItemError):
    """A source's response is not a usable record."""


class PosterError(ItemError):
    """A poster file is not a usable picture."""


class TrailerError(ItemError):
    """A trailer file is not a usable video."""


class FrameError(ItemError):
    """The frames of a trailer cannot be used."""


class AudioError(ItemError):
    """The sound of a trailer cannot be used."""


class FetchError(ItemError):
    """One request for one movie failed; the reason decides whether it may be retried."""
