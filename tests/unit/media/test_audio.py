import wave

import numpy as np
import pytest

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
