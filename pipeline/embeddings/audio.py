"""Sound backbones: windows of samples become log-mels, and log-mels embeddings."""

import threading
import warnings
from functools import cache

import numpy as np
import torch
from torch import nn
from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.backbones import Backbone

FRAME_SAMPLES = 400
HOP_SAMPLES = 160
"""Length and step of the log-mel's frames. Source: arXiv 2104.01778, "25 ms every 10 ms"."""

SHORTEST_REST_S = 1.0
"""A track's last window is dropped when it is shorter and there are others."""

FULL_SCALE = 2.0**15

_OPENING = threading.Lock()
"""Many threads prepare sound, and `catch_warnings` changes the whole process."""


class AudioNetwork(nn.Module):
    """A backbone that takes normalised log-mels."""

    def __init__(self, trunk: nn.Module):
        super().__init__()
        self.trunk = trunk

    def forward(self, log_mels: torch.Tensor) -> torch.Tensor:
        """Embed log-mels, float32 (batch, frames, mels) → (batch, width)."""
        return self.trunk(log_mels).pooler_output.float()


def build_audio_network(trunk: nn.Module) -> AudioNetwork:
    """Wrap a transformers model as backbone, in float32 and evaluation mode."""
    return AudioNetwork(trunk).eval().requires_grad_(False)


def build_random_audio(backbone: Backbone) -> AudioNetwork:
    """Build a placeholder for a sound backbone without weights: the right width, no training.

    Two layers of the real one's twelve, with random parameters.
    """
    config = ASTConfig(hidden_size=backbone.width, num_hidden_layers=2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        trunk = ASTModel(config)
    return build_audio_network(trunk)


def cut_windows(samples: np.ndarray, backbone: Backbone) -> list[np.ndarray]:
    """Cut a track into the windows that a backbone takes one at a time.

    A window's last frame overlaps the next window, so that no frame is lost between two.

    Args:
        samples: int16, shape (samples,), at the backbone's rate.
        backbone: A row of the table, with modality `AUDIO`.

    Returns:
        At least one window; all but the last have the same length.
    """
    hop = round(backbone.window_s * backbone.sample_rate_hz)
    overlap = FRAME_SAMPLES - HOP_SAMPLES
    windows = [samples[start : start + hop + overlap] for start in range(0, len(samples), hop)]
    if len(windows) > 1 and len(windows[-1]) < SHORTEST_REST_S * backbone.sample_rate_hz:
        windows.pop()
    return windows


def compute_log_mels(windows: list[np.ndarray], backbone: Backbone) -> torch.Tensor:
    """Compute the network's input, float32 (windows, frames, mels), with transformers' extractor.

    Windows are int16, each of at least `FRAME_SAMPLES`; zeros pad a shorter one as in training.
    """
    with _OPENING:
        extract = _open_extractor(backbone)
    waves = [window.astype(np.float32) / FULL_SCALE for window in windows]
    found = extract(waves, sampling_rate=backbone.sample_rate_hz, return_tensors="np")
    return torch.from_numpy(np.asarray(found["input_values"], dtype=np.float32))


def prepare_sound(array: np.ndarray, backbone: Backbone) -> torch.Tensor | ItemError:
    """Return a track's log-mels, float32 (windows, frames, mels), or the error `MALFORMED`.

    It is int16 mono (samples,), at the backbone's rate.
    """
    if array.dtype != np.int16 or array.ndim != 1 or len(array) < FRAME_SAMPLES:
        wanted = f"expected an int16 array of at least {FRAME_SAMPLES} samples"
        return ItemError(Reason.MALFORMED, f"{wanted}, got {array.dtype} {array.shape}")
    return compute_log_mels(cut_windows(array, backbone), backbone)


@cache
def _open_extractor(backbone: Backbone) -> ASTFeatureExtractor:
    with warnings.catch_warnings():
        # 128 bands over 257 frequencies leave the lowest band empty, as in training
        warnings.filterwarnings("ignore", message="At least one mel filter has all zero values")
        return ASTFeatureExtractor(
            sampling_rate=backbone.sample_rate_hz,
            max_length=round(backbone.window_s * backbone.sample_rate_hz / HOP_SAMPLES),
            mean=backbone.mean[0],
            std=backbone.std[0],
        )
