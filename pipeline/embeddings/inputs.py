"""A movie's array becomes units as its backbone wants them, or an error that says what is wrong."""

import numpy as np
import torch

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.audio import FRAME_SAMPLES, compute_log_mels, cut_windows
from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.image import to_square
from pipeline.embeddings.video import clips_to_square


def pictures_of(array: np.ndarray, *, backbone: Backbone) -> torch.Tensor | ItemError:
    """Return pictures, uint8 RGB (pictures, height, width, 3), at the backbone's size."""
    if not _is_rgb(array, n_axes=4):
        wanted = "wanted a non-empty uint8 array (pictures, height, width, 3)"
        return ItemError(Reason.MALFORMED, wanted)
    return to_square(_as_tensor(array), backbone)


def clips_of(array: np.ndarray, *, backbone: Backbone) -> torch.Tensor | ItemError:
    """Return clips, uint8 RGB (clips, frames, height, width, 3), at the backbone's size."""
    if not _is_rgb(array, n_axes=5) or array.shape[1] != backbone.n_frames:
        wanted = (
            f"wanted a non-empty uint8 array (clips, {backbone.n_frames}, height, width, 3), "
            f"got {array.dtype} {array.shape}"
        )
        return ItemError(Reason.MALFORMED, wanted)
    return clips_to_square(_as_tensor(array), backbone)


def windows_of(array: np.ndarray, *, backbone: Backbone) -> torch.Tensor | ItemError:
    """Return the log-mels of a track, int16 (samples,): float32 (windows, frames, mels)."""
    if array.dtype != np.int16 or array.ndim != 1 or len(array) < FRAME_SAMPLES:
        wanted = (
            f"wanted an int16 array of at least {FRAME_SAMPLES} samples, "
            f"got {array.dtype} {array.shape}"
        )
        return ItemError(Reason.MALFORMED, wanted)
    return compute_log_mels(cut_windows(array, backbone), backbone)


def _is_rgb(array: np.ndarray, *, n_axes: int) -> bool:
    return (
        array.dtype == np.uint8 and array.ndim == n_axes and array.shape[-1] == 3 and array.size > 0
    )


def _as_tensor(array: np.ndarray) -> torch.Tensor:
    """Share the array with torch where it takes it; torch warns of memory that is read-only."""
    if not array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array)
    return torch.from_numpy(array)
