"""The sound of a trailer, decoded as mono samples at one rate."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import soxr
from av.audio.codeccontext import AudioCodecContext

from pipeline.core.errors import AudioError
from pipeline.core.outcomes import Reason
from pipeline.media.container import Beat, decode_stream, no_beat, open_container

DURATION_S = 30.0
"""Length taken from the beginning of the sound. Source: reference implementation 001, "Audio"."""

SAMPLE_RATE_HZ = 16_000
"""Source: reference implementation 001, "Audio"."""

SILENCE_PEAK = 2.0**-10
"""A track that never exceeds this share of full scale (-60 dB) is silent."""

MAX_PLANES = 8
"""Channels that may be in planes of their own; of more, PyAV reads beyond the last one."""

CHUNK = 2**15
"""Samples resampled at once: a call costs as much as a few thousand of them."""

_FULL_SCALE = 2**15 - 1

Channels = Sequence[np.ndarray]
"""What was decoded at once: float32 (samples,) of each channel, views into a frame."""


def decode_audio(
    path: Path,
    *,
    duration_s: float | None = DURATION_S,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    beat: Beat = no_beat,
) -> np.ndarray:
    """Decode the beginning of a trailer's sound as mono.

    Mono is the mean of the channels, so that full scale stays full scale. Decoding stops once
    there is enough; a shorter or cut-off track has fewer samples.

    Args:
        path: The trailer, or a sound file beside it.
        duration_s: Length; None for the whole track.
        sample_rate_hz: Rate of the result.
        beat: Called during decoding.

    Returns:
        int16, shape (samples,), at most duration_s × sample_rate_hz.

    Raises:
        AudioError: `NO_AUDIO_TRACK`; `SILENT` where no sample exceeds `SILENCE_PEAK`; `MALFORMED`
            where the file cannot be opened or no sample be decoded.
    """
    max_samples = None if duration_s is None else round(duration_s * sample_rate_hz)
    chunks: list[np.ndarray] = []
    n_samples = 0
    for chunk in _resample(_decode_channels(path), sample_rate_hz):
        beat()
        chunks.append(chunk)
        n_samples += len(chunk)
        if max_samples is not None and n_samples >= max_samples:
            break
    audio = np.concatenate(chunks)[:max_samples] if chunks else np.empty(0, dtype=np.float32)
    if not len(audio):
        raise AudioError(Reason.MALFORMED, "no sample of the sound track can be decoded")
    if np.abs(audio).max() <= SILENCE_PEAK:
        raise AudioError(Reason.SILENT, f"no sample above {SILENCE_PEAK:.4f} of full scale")
    return np.rint(np.clip(audio, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)


def _resample(decoded: Iterator[tuple[int, Channels]], sample_rate_hz: int) -> Iterator[np.ndarray]:
    """Mix and resample channels, all of the first one's rate, `CHUNK` samples at a time."""
    resampler = None
    waiting: list[Channels] = []
    n_waiting = 0
    for rate_hz, channels in decoded:
        if resampler is None:
            resampler = soxr.ResampleStream(rate_hz, sample_rate_hz, 1, dtype="float32")
        waiting.append(channels)
        n_waiting += len(channels[0])
        if n_waiting >= CHUNK:
            yield resampler.resample_chunk(_mix(waiting))
            waiting, n_waiting = [], 0
    if resampler is not None:
        yield resampler.resample_chunk(_mix(waiting), last=True)


def _mix(decoded: Sequence[Channels]) -> np.ndarray:
    """Average channels and concatenate what was decoded one after the other, float32 (samples,)."""
    mono: list[np.ndarray] = [np.empty(0, dtype=np.float32)]
    for n_channels, alike in groupby(decoded, key=len):
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
        # None for an unknown codec
        context = cast("AudioCodecContext | None", stream.codec_context)
        if context is None or not context.sample_rate:
            raise AudioError(Reason.MALFORMED, "the sound's codec or rate is unknown")
        context.thread_count = 1
        rate_hz, layout, to_float = None, None, av.AudioResampler(format="fltp")
        for frame in decode_stream(container, stream):
            rate_hz = rate_hz or frame.sample_rate
            if frame.sample_rate != rate_hz:
                continue  # damage reads as another rate; a change of layout is legal
            n_channels = frame.layout.nb_channels
            is_planar = n_channels <= MAX_PLANES
            if is_planar and frame.format.name == "fltp":  # from AAC, MP3 and Opus
                # a plane is a buffer, but PyAV's stubs do not declare it
                planes = cast(Sequence[Any], frame.planes)
                yield rate_hz, [np.frombuffer(p, np.float32, frame.samples) for p in planes]
                continue
            if layout != (frame.format.name, frame.layout.name):
                layout = (frame.format.name, frame.layout.name)
                to_float = av.AudioResampler(format="fltp" if is_planar else "flt")
            for samples in to_float.resample(frame):
                channels = samples.to_ndarray()
                if not is_planar:
                    channels = channels.reshape(-1, n_channels).T
                yield rate_hz, list(channels)
