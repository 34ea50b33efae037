"""Files put end to end, whose timestamps begin anew or leap: every part is read."""

import numpy as np
import pytest

from pipeline.media.audio import SAMPLE_RATE_HZ, decode_audio
from pipeline.media.container import decode_video
from pipeline.media.shots import find_shots
from pipeline.media.timeline import read_timeline
from pipeline.media.trailer import decode_frames, open_trailer, probe

RATE = 24
N_FRAMES = 48
TONE = (0.5 * np.sin(np.arange(2 * 44_100) / 16)).astype(np.float32)[None]


def join(path, *parts, header=0):
    path.write_bytes(parts[0].read_bytes() + b"".join(p.read_bytes()[header:] for p in parts[1:]))
    return path


@pytest.mark.parametrize(
    ("ending", "codec", "header"),
    [("ts", "libx264", 0), ("mpg", "mpeg2video", 0), ("flv", "libx264", 13)],
)
@pytest.mark.parametrize("starts_s", [(0, 0, 0), (1000, 0, 500), (0, 4000, 8000)], ids=str)
def test_every_part_is_read(tmp_path, make_clip, ending, codec, header, starts_s):
    """Parts with and without B-frames, from the beginning, back, and ahead."""
    if ending == "flv" and any(starts_s):
        pytest.skip("in this format a leap is a gap")
    parts = [
        make_clip(
            f"{i}.{ending}", codec, n_frames=N_FRAMES, rate=RATE,
            sound=None if ending == "mpg" else TONE,
            options={"bf": "2"} if i % 2 == 0 else {"bf": "0"},
            pts=[start * RATE + n for n in range(N_FRAMES)],
        )
        for i, start in enumerate(starts_s)
    ]  # fmt: skip
    path = join(tmp_path / f"joined.{ending}", *parts, header=header)
    timeline = read_timeline(path)
    steps_s = np.diff(timeline.seconds(timeline.pts))
    n_lost = len(parts) - 1 if ending == "mpg" else 0  # its demuxer mixes timestamps at a joint
    assert 0 <= 3 * N_FRAMES - len(timeline.pts) <= n_lost
    assert not timeline.is_partial
    assert np.median(steps_s) == pytest.approx(1 / RATE, abs=2e-3)
    assert steps_s.max() < 0.25
    if ending != "flv":  # which states the first part's
        assert probe(path).duration_s == pytest.approx(6, abs=0.3)
    assert 0 <= 3 * N_FRAMES - len({at for at, _ in decode_video(path)}) <= n_lost
    decoded = decode_frames(path, timeline.pts[::5], size_px=None, timeline=timeline)
    assert len(decoded.pts) == len(timeline.pts[::5])
    assert not decoded.is_damaged.any()
    with open_trailer(path) as trailer:
        assert np.array_equal(
            trailer.decode(timeline.pts[::5], size_px=None).frames, decoded.frames
        )
    assert find_shots(path)[-1] == timeline.pts[-1] + 1


def test_sound_of_every_part_is_read_without_a_gap(tmp_path, make_clip):
    parts = [
        make_clip(
            f"{i}.ts", sound=TONE, n_frames=N_FRAMES, pts=[s * RATE + n for n in range(N_FRAMES)]
        )
        for i, s in enumerate((0, 0, 0))
    ]
    audio = decode_audio(join(tmp_path / "joined.ts", *parts), duration_s=None)
    assert len(audio) == pytest.approx(6 * SAMPLE_RATE_HZ, abs=0.3 * SAMPLE_RATE_HZ)
    loud = np.abs(audio[: len(audio) // 800 * 800].reshape(-1, 800)).max(axis=1) > 3000
    assert loud.mean() > 0.95


def test_a_gap_is_no_new_part(tmp_path, make_clip):
    later = [*range(24), *range(24 + 5 * RATE, 48 + 5 * RATE)]
    timeline = read_timeline(make_clip("a.ts", n_frames=48, pts=later))
    steps_s = np.diff(timeline.seconds(timeline.pts))
    assert steps_s.max() == pytest.approx(5 + 1 / RATE, abs=0.01)
