import wave
from fractions import Fraction

import av
import numpy as np
import pytest
from small_clips import mux_sound

from pipeline.core.errors import AudioError
from pipeline.core.outcomes import Reason
from pipeline.media.audio import DURATION_S, SAMPLE_RATE_HZ, decode_audio


def tone(duration_s, frequency_hz=440.0, amplitude=0.5, rate_hz=44_100):
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def reason_of(path):
    with pytest.raises(AudioError) as caught:
        decode_audio(path)
    return caught.value.reason


def test_long_track_gives_thirty_seconds_of_mono(make_sound):
    audio = decode_audio(make_sound("a.wav", tone(33)[None]))
    assert audio.shape == (round(DURATION_S * SAMPLE_RATE_HZ),)
    assert audio.dtype == np.int16


def test_whole_track_is_decoded_on_request(make_sound):
    audio = decode_audio(make_sound("a.wav", tone(33)[None]), duration_s=None)
    assert len(audio) == 33 * SAMPLE_RATE_HZ


def test_shorter_track_stays_shorter(make_sound):
    assert len(decode_audio(make_sound("a.wav", tone(2)[None]))) == 2 * SAMPLE_RATE_HZ


def test_mono_is_the_mean_of_the_channels(make_sound):
    left, right = tone(2, amplitude=0.8), np.zeros(2 * 44_100, dtype=np.float32)
    audio = decode_audio(make_sound("a.wav", np.stack([left, right])))
    middle = audio[8_000:24_000] / 32767
    assert np.abs(middle).max() == pytest.approx(0.4, abs=0.005)


def test_resampled_tone_is_the_tone_at_the_new_rate(make_sound):
    audio = decode_audio(make_sound("a.wav", tone(3)[None])) / 32767
    expected = tone(3, rate_hz=SAMPLE_RATE_HZ)
    assert np.abs(audio[1000:-1000] - expected[1000:-1000]).max() < 1e-3


def test_sound_of_a_trailer_is_decoded_beside_its_video(make_clip):
    path = make_clip("a.mp4", n_frames=48, sound=np.stack([tone(2), tone(2)]))
    audio = decode_audio(path) / 32767
    assert len(audio) == pytest.approx(2 * SAMPLE_RATE_HZ, abs=2000)
    assert audio[8_000:24_000].std() == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_trailer_without_sound_has_no_audio_track(make_clip):
    assert reason_of(make_clip("a.mp4")) is Reason.NO_AUDIO_TRACK


def test_digital_silence_is_silent(make_sound):
    assert reason_of(make_sound("a.wav", np.zeros((1, 44_100)))) is Reason.SILENT


def test_faint_noise_is_silent_and_a_whisper_is_not(make_sound):
    assert reason_of(make_sound("a.wav", tone(1, amplitude=0.0009)[None])) is Reason.SILENT
    assert len(decode_audio(make_sound("b.wav", tone(1, amplitude=0.01)[None])))


def test_web_page_is_of_the_wrong_type(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"<html>sign in</html>")
    assert reason_of(path) is Reason.WRONG_TYPE


def test_cut_off_sound_keeps_what_was_there(make_sound):
    path = make_sound("a.wav", tone(10)[None])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert len(decode_audio(path)) == pytest.approx(5 * SAMPLE_RATE_HZ, abs=100)


def test_real_videos_have_sound_or_say_why_not(real_videos):
    silent = []
    for path in real_videos:
        try:
            assert decode_audio(path).std() > 100
        except AudioError as err:
            silent.append((path.name.split("_")[0], err.reason))
    assert silent == [("noaudio", Reason.NO_AUDIO_TRACK)]


def test_more_channels_than_a_frame_has_planes_are_mixed_like_any_others(tmp_path):
    """PyAV reads beyond the last plane of such a frame; the fuzzer found it by a crash."""
    channels = np.tile(tone(1, rate_hz=SAMPLE_RATE_HZ), (12, 1))
    channels[6:] = 0
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((12, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.rint(channels.T * 32767).astype("<i2").tobytes())
    audio = decode_audio(path)
    assert audio == pytest.approx(tone(1, rate_hz=SAMPLE_RATE_HZ) * 32767 / 2, abs=2)


def opposite(share):
    return np.stack([tone(2), -share * tone(2)])


@pytest.mark.parametrize("share", [1.0, 0.98, 0.9])
def test_channels_that_cancel_each_other_out_are_heard(make_sound, share):
    audio = decode_audio(make_sound("a.wav", opposite(share))) / 32767
    assert audio[8_000:24_000].std() == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_channels_that_differ_are_still_averaged(make_sound):
    sound = np.stack([tone(2, 440), tone(2, 700)])
    audio = decode_audio(make_sound("a.wav", sound)) / 32767
    assert audio[8_000:24_000].std() == pytest.approx(0.25, rel=0.05)


def test_a_part_of_opposite_channels_is_heard_too(make_sound):
    sound = np.concatenate([np.stack([tone(2), tone(2)]), opposite(1.0), opposite(1.0)], axis=1)
    audio = decode_audio(make_sound("a.wav", sound)) / 32767
    loud = np.abs(audio.reshape(-1, 800)).max(axis=1) > 0.4
    assert loud[:38].all()
    assert loud[55:].all()  # one chunk later


def write_timed(path, pieces, *, codec="pcm_s16le", n_frames=0):
    """Write mono sound, pieces of (seconds at which it starts, samples); and a video from 0 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        stream.codec_context.time_base = Fraction(1, 48_000)
        video = container.add_stream("mpeg4", rate=24) if n_frames else None
        if video:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for i in range(n_frames):
            assert video
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), i, np.uint8), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 24)
            container.mux(video.encode(frame))
        for start_s, samples in pieces:
            for at in range(0, len(samples), 1024):
                part = np.rint(samples[None, at : at + 1024] * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
                frame.sample_rate, frame.pts = 48_000, round(start_s * 48_000) + at
                frame.time_base = Fraction(1, 48_000)
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if video:
            container.mux(video.encode(None))
    return path


def loud_spans(audio):
    """Return the beginnings and ends of what is loud, in seconds."""
    n = SAMPLE_RATE_HZ // 50
    loud = np.abs(audio[: len(audio) // n * n].reshape(-1, n)).max(axis=1) > 3000
    return (np.flatnonzero(np.diff(np.r_[0, loud, 0])) / 50).tolist()


def test_sound_that_starts_late_begins_with_silence(tmp_path):
    piece = tone(2, rate_hz=48_000)
    audio = decode_audio(write_timed(tmp_path / "a.mkv", [(1.5, piece)], n_frames=96))
    assert loud_spans(audio) == pytest.approx([1.5, 3.5], abs=0.05)


def test_gap_in_the_sound_stays_a_gap(tmp_path):
    piece = tone(1, rate_hz=48_000)
    path = write_timed(tmp_path / "a.mkv", [(0, piece), (3, piece)], n_frames=24)
    assert loud_spans(decode_audio(path)) == pytest.approx([0, 1, 3, 4], abs=0.05)


def test_sound_alone_that_starts_late_has_no_silence_before_it(tmp_path):
    path = write_timed(tmp_path / "a.mkv", [(7, tone(1, rate_hz=48_000))])
    assert loud_spans(decode_audio(path)) == pytest.approx([0, 1], abs=0.05)


def test_sound_that_starts_after_what_is_kept_is_heard(tmp_path):
    path = write_timed(tmp_path / "a.mkv", [(40, tone(1, rate_hz=48_000))], n_frames=24)
    assert loud_spans(decode_audio(path)) == pytest.approx([0, 1], abs=0.05)
    assert loud_spans(decode_audio(path, duration_s=None)) == pytest.approx([40, 41], abs=0.05)


def test_inexact_timestamps_are_no_gaps(tmp_path):
    piece = tone(1, rate_hz=48_000)
    path = write_timed(tmp_path / "a.mkv", [(0, piece), (1.05, piece), (2.05, piece)])
    assert len(decode_audio(path)) == 3 * SAMPLE_RATE_HZ


def test_sound_whose_rate_changes_is_read_to_its_end(tmp_path, make_sound):
    parts = []
    for i, rate_hz in enumerate((44_100, 48_000, 32_000)):
        path = tmp_path / f"{i}.ts"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mp2", rate=rate_hz, layout="mono")
            mux_sound(container, stream, tone(2, rate_hz=rate_hz)[None, :], rate_hz, "s16")
        parts.append(path.read_bytes())
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    audio = decode_audio(path)
    assert len(audio) == pytest.approx(6 * SAMPLE_RATE_HZ, abs=0.2 * SAMPLE_RATE_HZ)
    for second in (0.5, 2.5, 4.5):
        spectrum = np.abs(np.fft.rfft(audio[int(second * 16_000) :][:16_000]))
        assert spectrum.argmax() == pytest.approx(440, abs=2)
