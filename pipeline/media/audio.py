"""The sound of a trailer, decoded as mono samples at one rate."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import soxr
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from pipeline.core.errors import AudioError
from pipeline.core.outcomes import Reason
from pipeline.media.container import (
    Beat,
    decode_stream,
    no_beat,
    open_container,
)
from pipeline.media.tracks import audio_streams

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

GAP_S = 0.1
"""A gap in the timestamps above this is filled with silence; below it they are inexact. Source:
FFmpeg's `min_hard_comp`, which resamples by timestamps."""

MAX_GAP_S = 900.0
"""A longer gap is closed up also where the whole track is kept: its clock is damaged."""

CANCELLED = 0.03
"""Channels whose sum has less than this part of their energy cancel each other out; of channels
that have nothing to do with each other it has all."""

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

    Mono is the mean of the channels, so that full scale stays full scale; channels that cancel each
    other out count by one of them. Silence stands where the sound begins after the picture, or has
    a gap. Decoding stops once there is enough; a shorter or cut-off track has fewer samples. Of
    several tracks the best one that is not silent is taken; see `audio_streams`.

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
    failures: list[AudioError] = []
    while True:
        with open_container(path, AudioError) as container:
            streams = audio_streams(container)
            decoded = _fill_gaps(container, streams[len(failures)], duration_s or MAX_GAP_S)
            try:
                return _to_samples(_resample(decoded, sample_rate_hz), max_samples, beat)
            except AudioError as err:
                failures.append(err)
        if len(failures) == len(streams):
            raise failures[0]


def _to_samples(resampled: Iterator[np.ndarray], max_samples: int | None, beat: Beat) -> np.ndarray:
    """Collect a track, and reject it where there is nothing to hear."""
    chunks: list[np.ndarray] = []
    n_samples = 0
    for chunk in resampled:
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
    """Mix and resample channels `CHUNK` samples at a time, anew where their rate changes."""
    for rate_hz, alike in groupby(decoded, key=itemgetter(0)):
        resampler = soxr.ResampleStream(rate_hz, sample_rate_hz, 1, dtype="float32")
        waiting: list[Channels] = []
        n_waiting = 0
        for _, channels in alike:
            waiting.append(channels)
            n_waiting += len(channels[0])
            if n_waiting >= CHUNK:
                yield resampler.resample_chunk(_mix(waiting))
                waiting, n_waiting = [], 0
        yield resampler.resample_chunk(_mix(waiting), last=True)


def _mix(decoded: Sequence[Channels]) -> np.ndarray:
    """Mix channels and concatenate what was decoded one after the other, float32 (samples,)."""
    mono: list[np.ndarray] = [np.empty(0, dtype=np.float32)]
    for _, alike in groupby(decoded, key=len):
        mono.append(_average([np.concatenate(channel) for channel in zip(*alike, strict=True)]))
    return np.concatenate(mono)


def _average(channels: Sequence[np.ndarray]) -> np.ndarray:
    """Average channels, in place; where they cancel each other out, return the first loud one."""
    energies = [_energy(channel) for channel in channels]
    total, *others = channels
    for channel in others:
        total += channel
    if _energy(total) >= CANCELLED * sum(energies):
        return total / len(channels)
    half = max(energies) / 2  # the same one from chunk to chunk, where they are about as loud
    if energies[0] < half:
        return next(c for c, energy in zip(channels, energies, strict=True) if energy >= half)
    return total - np.sum(others, axis=0, dtype=np.float32)


def _energy(samples: np.ndarray) -> float:
    return float(np.einsum("i,i", samples, samples))  # a dot product would start threads


def _fill_gaps(
    container: InputContainer, stream: AudioStream, longest_s: float
) -> Iterator[tuple[int, Channels]]:
    """Yield (rate, channels) from the trailer's beginning, with silence where there is no sound.

    A gap of more than `longest_s` is closed up: of silence alone nothing would be learned.
    """
    now_s, unit_s = _start_s(container, stream), float(stream.time_base or 0)
    for frame, channels in _decode_channels(container, stream):
        rate_hz, at = frame.sample_rate, frame.pts
        gap_s = 0.0 if at is None else at * unit_s - now_s
        if gap_s > longest_s:
            now_s += gap_s
        elif gap_s > GAP_S:
            n_missing = round(gap_s * rate_hz)
            now_s += n_missing / rate_hz
            for start in range(0, n_missing, CHUNK):
                yield rate_hz, [np.zeros(min(CHUNK, n_missing - start), dtype=np.float32)]
        now_s += len(channels[0]) / rate_hz
        yield rate_hz, channels


def _start_s(container: InputContainer, stream: AudioStream) -> float:
    """Return when the trailer begins, with picture or sound, on the clock of the file."""
    cover = Disposition.attached_pic
    pictures = [video for video in container.streams.video if not video.disposition & cover]
    return min(
        (
            float(one.start_time * one.time_base)
            for one in (stream, *pictures)
            if one.start_time is not None and one.time_base is not None
        ),
        default=0.0,
    )


def _decode_channels(
    container: InputContainer, stream: AudioStream
) -> Iterator[tuple[av.AudioFrame, Channels]]:
    """Yield each frame with its channels, float32 within ±1, until the end or the damage."""
    stream.codec_context.thread_count = 1
    form, to_float = None, av.AudioResampler(format="fltp")
    for frame in decode_stream(container, stream):
        n_channels = frame.layout.nb_channels
        is_planar = n_channels <= MAX_PLANES
        if is_planar and frame.format.name == "fltp":  # from AAC, MP3 and Opus
            # a plane is a buffer, but PyAV's stubs do not declare it
            planes = cast(Sequence[Any], frame.planes)
            yield frame, [np.frombuffer(p, np.float32, frame.samples) for p in planes]
            continue
        if form != (frame.format.name, frame.layout.name, frame.sample_rate):
            form = (frame.format.name, frame.layout.name, frame.sample_rate)
            to_float = av.AudioResampler(format="fltp" if is_planar else "flt")
        for samples in to_float.resample(frame):
            channels = samples.to_ndarray()
            if not is_planar:
                channels = channels.reshape(-1, n_channels).T
            yield frame, list(channels)
