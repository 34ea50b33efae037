"""The log-mel spectrogram of mono samples, in a fixed shape."""

from functools import cache

import numpy as np
import torch

N_MELS = 64
"""Mel bands between 0 and half the sample rate."""

N_FFT = 1024
"""Window (periodic Hann) in samples: 64 ms at 16 kHz."""

HOP = 512
"""Step between windows in samples: 32 ms at 16 kHz."""

SAMPLE_RATE_HZ = 16_000
"""Rate of the samples."""

N_STEPS = 938
"""Columns of 30 s: 1 + 480000 // 512."""

THIN = 4
"""Steps that are averaged into one of a network's input, 128 ms: it models thirty seconds, not
syllables."""

N_THIN_STEPS = -(-N_STEPS // THIN)
"""Columns of 30 s of it: 235."""

FLOOR_DB = -100.0
"""Level of digital silence, and of the padding after a shorter track."""

CENTRE_DB, SCALE_DB = -40.0, 20.0
"""A value is (level − centre) / scale: silence is −3 and the loudest bands are near 3. The same
two numbers for all movies: trailers differ in loudness, and no statistic of other movies may leak
into one."""


def log_mel(audio: np.ndarray, *, n_steps: int = N_STEPS) -> torch.Tensor:
    """Compute the standardised log-mel spectrogram of 16 kHz mono samples.

    Power of a centred short-time Fourier transform, Slaney's mel scale with bands of equal area,
    decibels above `FLOOR_DB`, then a fixed shift and scale.

    Args:
        audio: int16, shape (samples,); full scale counts as 1.
        n_steps: Columns of the result: a shorter track is padded with silence, a longer one cut.

    Returns:
        float32, shape (N_MELS, n_steps), within about −3 and 4, so float16 keeps it to 0.04 dB.

    Raises:
        ValueError: `audio` is not int16 of one dimension.

    Example:
        >>> log_mel(np.zeros(16000, dtype=np.int16)).unique().tolist()
        [-3.0]
    """
    if audio.dtype != np.int16 or audio.ndim != 1:
        raise ValueError(f"expected int16 of one dimension, got {audio.dtype} {audio.shape}")
    samples = torch.from_numpy(audio[: n_steps * HOP].astype(np.float32) / 2**15)
    levels_db = torch.full((N_MELS, n_steps), FLOOR_DB)
    spectrum = torch.stft(
        samples, N_FFT, HOP, window=torch.hann_window(N_FFT), center=True, pad_mode="constant",
        return_complex=True,
    )  # (N_FFT / 2 + 1, steps)  # fmt: skip
    power = mel_filters() @ spectrum.abs().square()  # (N_MELS, steps)
    n_filled = min(n_steps, power.shape[1])
    floor = 10.0 ** (FLOOR_DB / 10)
    levels_db[:, :n_filled] = 10.0 * power[:, :n_filled].clamp_min(floor).log10()
    return (levels_db - CENTRE_DB) / SCALE_DB


def thin_out(spectrogram: torch.Tensor, steps: int = THIN) -> torch.Tensor:
    """Average every few time steps, and the rest by itself.

    Args:
        spectrogram: (..., time).
        steps: How many become one.

    Returns:
        (..., time / steps, rounded up).

    Example:
        >>> thin_out(torch.tensor([1.0, 3.0, 5.0]), 2).tolist()
        [2.0, 5.0]
    """
    whole = spectrogram.shape[-1] // steps * steps
    thin = spectrogram[..., :whole].unflatten(-1, (-1, steps)).mean(dim=-1)
    if whole == spectrogram.shape[-1]:
        return thin
    return torch.cat([thin, spectrogram[..., whole:].mean(dim=-1, keepdim=True)], dim=-1)


@cache
def mel_filters() -> torch.Tensor:
    """Compute triangular filters on Slaney's mel scale, each of area 1 in hertz.

    Returns:
        float32, shape (N_MELS, N_FFT / 2 + 1).
    """
    edges_hz = _mel_to_hz(torch.linspace(0.0, _hz_to_mel(SAMPLE_RATE_HZ / 2), N_MELS + 2))
    bins_hz = torch.linspace(0.0, SAMPLE_RATE_HZ / 2, N_FFT // 2 + 1)
    low, centre, high = (edges_hz[i : i + N_MELS, None] for i in range(3))
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    triangles = torch.minimum(rising, falling).clamp_min(0.0)
    return triangles * (2.0 / (high - low))


_LINEAR_HZ = 200.0 / 3
"""Hertz per mel below the break, in Slaney's Auditory Toolbox."""
_BREAK_HZ = 1000.0
_LOG_STEP = float(np.log(6.4) / 27)
"""Natural log of the frequency ratio per mel above the break."""


def _hz_to_mel(frequency_hz: float) -> float:
    if frequency_hz < _BREAK_HZ:
        return frequency_hz / _LINEAR_HZ
    return _BREAK_HZ / _LINEAR_HZ + float(np.log(frequency_hz / _BREAK_HZ)) / _LOG_STEP


def _mel_to_hz(mel: torch.Tensor) -> torch.Tensor:
    break_mel = _BREAK_HZ / _LINEAR_HZ
    above = _BREAK_HZ * torch.exp(_LOG_STEP * (mel - break_mel))
    return torch.where(mel < break_mel, mel * _LINEAR_HZ, above)
