"""The one tree of errors; a broken promise raises one of these, a bad item becomes an `Outcome`.

Messages are written where the error is raised and say what was wanted, what came, for which movie,
and what to do.
"""

import errno

from pipeline.core.outcomes import Reason


class MarqueeError(Exception):
    """Whatever marquee raises on purpose."""


class ConfigurationError(MarqueeError):
    """A setting is missing or wrong; the message names it and the remedy."""


class SourceError(MarqueeError):
    """A whole source is unusable (wrong key, maintenance): the crawl stops, no movie pays."""


class CredentialError(SourceError):
    """The source refuses the key or the cookie."""


class PausedError(MarqueeError):
    """A source wants a rest: movies that were not asked for are left as they were."""

    def __init__(self, reason: Reason, message: str):
        super().__init__(message)
        self.reason = reason


class StoreError(MarqueeError):
    """The store or the ledger cannot be used as it is."""


_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO})


class DiskError(StoreError):
    """The disk is full, read-only or broken: everything stops, no movie pays."""

    @staticmethod
    def is_behind(error: BaseException) -> bool:
        """Whether an error of the system's is one of these, whatever was being written.

        Example:
            >>> DiskError.is_behind(OSError(28, "No space left on device"))
            True
            >>> DiskError.is_behind(FileNotFoundError(2, "No such file or directory"))
            False
        """
        return isinstance(error, OSError) and error.errno in _DISK_ERRNOS

    @classmethod
    def of(cls, error: OSError, what: str) -> "DiskError":
        """Say what failed, why, and the remedy."""
        return cls(
            f"{what} ({error.strerror or error}). Free some space or mend the rights, then run "
            "again: nothing that was done is lost."
        )


class DamagedFileError(StoreError):
    """A file of the store is missing or cannot be read; the message names it and the remedy."""


class DumpError(MarqueeError):
    """A public dump, or an exported folder, is not what it was said to be."""


class WeightsError(MarqueeError):
    """Pretrained weights were asked for and cannot be had."""


class FeatureError(MarqueeError):
    """Records, labels and streams do not fit into one table."""


class SplitError(MarqueeError):
    """A split cannot be made, or a movie or franchise stands in two of its parts."""


class LeakError(MarqueeError):
    """A column that is known only after release reached the inputs."""


class TrainingError(MarqueeError):
    """A model cannot be trained or loaded from what was given."""


class ItemError(MarqueeError):
    """One movie's item is bad; carries the reason that becomes its row in the ledger.

    Args:
        reason: Why.
        detail: The same for a person.
        **metadata: Figures for the movie's partition.
    """

    def __init__(self, reason: Reason, detail: str, **metadata: object):
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.metadata = metadata


class RecordError(ItemError):
    """A source's answer is not a usable record."""


class PosterError(ItemError):
    """A poster file is not a usable picture."""


class TrailerError(ItemError):
    """A trailer file is not a usable video."""


class FrameError(ItemError):
    """The frames of a trailer cannot be used."""


class AudioError(ItemError):
    """The sound of a trailer cannot be used."""


class FetchError(ItemError):
    """One request for one movie failed; the reason says whether it may be tried again."""
