"""The sound of a trailer becomes mono samples at one rate."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import av
import numpy as np
import soxr

from pipeline.core.errors import AudioError
from pipeline.core.outcomes import Reason
from pipeline.media.container import Beat, decode_stream, keep_still, open_container

DURATION_S = 30.0
"""Length taken from the beginning of the sound. Source: seed 001, "Audio"."""

SAMPLE_RATE_HZ = 16_000
"""Source: seed 001, "Audio"."""

SILENCE_PEAK = 2.0**-10
"""A track that never exceeds this share of full scale (-60 dB) is silent."""

MAX_PLANES = 8
"""Channels that may lie in planes of their own; of more, PyAV reads beyond the last one."""

CHUNK = 2**15
"""Samples resampled at once: a call costs as much as a few thousand of them."""

_FULL_SCALE = 2**15 - 1

Channels = Sequence[np.ndarray]
"""What was decoded at once: float32 (samples,) of each channel, no copies of a frame's own."""


def decode_audio(
    path: Path,
    *,
    duration_s: float | None = DURATION_S,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    beat: Beat = keep_still,
) -> np.ndarray:
    """Decode the beginning of a trailer's sound as mono.

    Mono is the mean of the channels, so that full scale stays full scale. Decoding stops once
    there is enough; a shorter or cut-off track gives fewer samples.

    Args:
        path: The trailer, or a sound file beside it.
        duration_s: Length wanted; None takes the whole track.
        sample_rate_hz: Rate of the result.
        beat: Called as decoding gets on.

    Returns:
        int16, shape (samples,), at most duration_s × sample_rate_hz.

    Raises:
        AudioError: `NO_AUDIO_TRACK`; `SILENT` where no sample exceeds `SILENCE_PEAK`; `MALFORMED`
            where the file cannot be opened or no sample be decoded.
    """
    n_wanted = None if duration_s is None else round(duration_s * sample_rate_hz)
    parts: list[np.ndarray] = []
    n_samples = 0
    for part in _resample(_decode_channels(path), sample_rate_hz):
        beat()
        parts.append(part)
        n_samples += len(part)
        if n_wanted is not None and n_samples >= n_wanted:
            break
    audio = np.concatenate(parts)[:n_wanted] if parts else np.empty(0, dtype=np.float32)
    if not len(audio):
        raise AudioError(Reason.MALFORMED, "no sample of the sound track can be decoded")
    if np.abs(audio).max() <= SILENCE_PEAK:
        raise AudioError(Reason.SILENT, f"no sample above {SILENCE_PEAK:.4f} of full scale")
    return np.rint(np.clip(audio, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)


def _resample(parts: Iterator[tuple[int, Channels]], sample_rate_hz: int) -> Iterator[np.ndarray]:
    """Mix and resample parts, all of the first one's rate, `CHUNK` samples at a time."""
    resampler = None
    waiting: list[Channels] = []
    n_waiting = 0
    for rate_hz, part in parts:
        if resampler is None:
            resampler = soxr.ResampleStream(rate_hz, sample_rate_hz, 1, dtype="float32")
        waiting.append(part)
        n_waiting += len(part[0])
        if n_waiting >= CHUNK:
            yield resampler.resample_chunk(_mix(waiting))
            waiting, n_waiting = [], 0
    if resampler is not None:
        yield resampler.resample_chunk(_mix(waiting), last=True)


def _mix(parts: Sequence[Channels]) -> np.ndarray:
    """Average the channels of parts and put them one behind the other, float32 (samples,)."""
    mono = [np.empty(0, dtype=np.float32)]
    for n_channels, alike in groupby(parts, key=len):
        total, *others = (np.concatenate(channel) for channel in zip(*alike, strict=True))
        for channel in others:
            total += channel
        mono.append(total / n_channels)
    return np.concatenate(mono)


def _decode_channels(path: Path) -> Iterator[tuple[int, Channels]]:
    """Yield (rate, channels) frame by frame, float32 within ±1, until the end or the damage."""
    with open_container(path, AudioError) as container:
        if not container.streams.audio:
            raise AudioError(Reason.NO_AUDIO_TRACK, "the file holds no sound track")
        stream = container.streams.audio[0]
        if stream.codec_context is None or not stream.codec_context.sample_rate:
            raise AudioError(Reason.MALFORMED, "the sound's codec or rate is unknown")
        stream.codec_context.thread_count = 1
        rate_hz, setup, to_float = None, None, None
        for frame in decode_stream(container, stream):
            rate_hz = rate_hz or frame.sample_rate
            if frame.sample_rate != rate_hz:
                continue  # damage reads as another rate; a change of layout is legal
            n_channels = frame.layout.nb_channels
            if (
                frame.format.name == "fltp" and n_channels <= MAX_PLANES
            ):  # what AAC, MP3 and Opus give
                yield rate_hz, [np.frombuffer(p, np.float32, frame.samples) for p in frame.planes]
                continue
            if setup != (frame.format.name, frame.layout.name):
                setup = (frame.format.name, frame.layout.name)
                to_float = av.AudioResampler(format="fltp" if n_channels <= MAX_PLANES else "flt")
            for samples in to_float.resample(frame):
                channels = samples.to_ndarray()
                if n_channels > MAX_PLANES:
                    channels = channels.reshape(-1, n_channels).T
                yield rate_hz, list(channels)
