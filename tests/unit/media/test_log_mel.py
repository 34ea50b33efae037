import numpy as np
import pytest
import torch
from torch import nn

from pipeline.media.log_mel import (
    CENTRE_DB,
    HOP,
    N_FFT,
    N_MELS,
    N_STEPS,
    N_THIN_STEPS,
    SAMPLE_RATE_HZ,
    SCALE_DB,
    log_mel,
    mel_filters,
    thin_out,
)


def compute_with_numpy(audio):
    """Compute the same from the definition, with loops and numpy's own transform."""
    samples = np.pad(audio / 2**15, N_FFT // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    starts = range(0, len(samples) - N_FFT + 1, HOP)
    power = np.stack([np.abs(np.fft.rfft(window * samples[s : s + N_FFT])) ** 2 for s in starts])

    def to_mel(f):
        return f * 3 / 200 if f < 1000 else 15 + np.log(f / 1000) * 27 / np.log(6.4)

    def to_hz(m):
        return m * 200 / 3 if m < 15 else 1000 * np.exp((m - 15) * np.log(6.4) / 27)

    edges = [to_hz(m) for m in np.linspace(0, to_mel(SAMPLE_RATE_HZ / 2), N_MELS + 2)]
    bins = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE_HZ / N_FFT
    filters = [
        np.interp(bins, edges[i : i + 3], [0, 1, 0]) * 2 / (edges[i + 2] - edges[i])
        for i in range(N_MELS)
    ]
    levels_db = 10 * np.log10(np.maximum(np.stack(filters) @ power.T, 1e-10))
    return (levels_db - CENTRE_DB) / SCALE_DB


def noise(duration_s, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 3000, round(duration_s * SAMPLE_RATE_HZ))).astype(np.int16)


def test_spectrogram_agrees_with_the_definition():
    audio = noise(3)
    expected = compute_with_numpy(audio.astype(np.float64))
    assert np.abs(log_mel(audio).numpy()[:, : expected.shape[1]] - expected).max() < 2e-4


def test_thirty_seconds_fill_the_fixed_shape():
    spectrogram = log_mel(noise(30))
    assert spectrogram.shape == (N_MELS, N_STEPS)
    assert spectrogram.isfinite().all()
    assert (spectrogram > -3).all()


def test_shorter_track_is_padded_with_silence():
    spectrogram = log_mel(noise(2))
    assert spectrogram.shape == (N_MELS, N_STEPS)
    assert (spectrogram[:, 100:] == -3).all()


@pytest.mark.parametrize("n_samples", [0, 1, 511, 512, 600_000])
def test_any_length_gives_the_fixed_shape(n_samples):
    assert log_mel(noise(40)[:n_samples]).shape == (N_MELS, N_STEPS)


def test_a_tone_lights_its_own_band():
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    audio = (10_000 * np.sin(2 * np.pi * 1000 * time_s)).astype(np.int16)
    band = int(log_mel(audio)[:, 10].argmax())
    assert int(mel_filters()[band].argmax()) == pytest.approx(1000 * N_FFT / SAMPLE_RATE_HZ, abs=2)


def test_samples_of_another_type_are_refused():
    with pytest.raises(ValueError, match="int16"):
        log_mel(np.zeros(16_000, dtype=np.float32))


@pytest.mark.parametrize("steps", [1, 3, 50, 936, N_STEPS])
def test_thinned_sound_is_the_mean_of_four_steps_as_torch_pools(steps):
    sound = torch.randn(2, 5, steps)
    torch.testing.assert_close(thin_out(sound), nn.AvgPool1d(4, ceil_mode=True)(sound))


def test_thirty_seconds_thinned_have_a_fixed_width():
    assert thin_out(torch.zeros(N_MELS, N_STEPS)).shape == (N_MELS, N_THIN_STEPS)
