"""The benchmark of sound measures what it says, on short sounds; how fast is not asked here."""

import numpy as np
import pytest
from present import present

from benchmarks import audio
from benchmarks.video_files import real_videos

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(audio, "LENGTH_S", 3)
    monkeypatch.setattr(audio, "real_videos", list)


def test_invented_sounds_are_measured_beside_both_peers():
    rows = {(row.name, row.peer): row for row in audio.measure(runs=1)}
    names = {"30 s of AAC", "30 s of MP3"}
    assert set(rows) == {(name, peer) for name in names for peer in (audio.LIBROSA, audio.FFMPEG)}
    assert all(
        present(row.ours) > 0 and (row.why or present(row.peer_value) > 0) for row in rows.values()
    )
    assert all(rows[name, audio.LIBROSA].target == audio.MAX_RATIO for name in names)


def test_missing_peers_are_not_measured_and_say_why(monkeypatch):
    monkeypatch.setattr(audio.sides.shutil, "which", lambda name: None)
    monkeypatch.setattr(audio.importlib.util, "find_spec", lambda name: None)
    rows = audio.measure(runs=1)
    assert len(rows) == 4
    assert all(row.is_ok is None and "uv sync --group bench" in row.why for row in rows)


def test_all_sides_give_the_same_sound(tmp_path):
    path = tmp_path / "a.mp3"
    audio._compose(path, "mp3")
    ours = audio._ours(path).astype(float)
    for find in (audio._find_librosa, audio._find_ffmpeg):
        try:
            found = find(path)()
        except audio.sides.NoPeerError:
            continue
        theirs = np.asarray(found[0] if isinstance(found, tuple) else found, dtype=float)
        n = min(len(ours), len(theirs))
        assert abs(len(ours) - len(theirs)) < 2000
        assert np.corrcoef(ours[4000 : n - 4000], theirs[4000 : n - 4000])[0, 1] > 0.99


@pytest.mark.real
def test_a_video_without_sound_is_left_out():
    videos = real_videos()
    if not videos:
        pytest.skip("the folder of real videos (../shared/data/videos) is not beside the checkout")
    assert [audio._has_sound(path) for path in videos].count(False) == 1
