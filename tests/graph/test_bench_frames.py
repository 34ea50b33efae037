"""The benchmark of frames measures what it says, on short trailers; how fast is not asked here."""

import pytest
from present import present

from benchmarks import frames, video_files

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_findable_benchmarks")]


@pytest.fixture
def short_trailers(tmp_path, monkeypatch):
    monkeypatch.setattr(video_files.tempfile, "gettempdir", lambda: str(tmp_path))
    small = video_files.Size("90p", 160, 90, 100_000)
    monkeypatch.setattr(frames, "SIZES", (small,))
    return small


def test_short_trailers_are_generated_once_and_measured(short_trailers):
    first = video_files.generated_trailer(short_trailers, 6)
    written_ns = first.stat().st_mtime_ns
    rows = {(row.name, row.peer): row for row in frames.measure([first], duration_s=6, runs=1)}
    assert first.stat().st_mtime_ns == written_ns
    assert [path.name for path in first.parent.iterdir()] == [first.name]
    names = {name for name, _ in rows}
    assert {"100 frames of 6 s 90p", "30 frames of 6 s 90p", "30 keyframes of 6 s 90p"} <= names
    memory = rows["peak memory over idle, 100 frames of 6 s 90p", "idle-process"]
    assert (memory.limit, memory.is_ok) == (60.0, True)
    assert all(row.why or present(row.ours) > 0 for row in rows.values())


def test_missing_peers_are_not_measured_and_say_why(short_trailers, monkeypatch):
    monkeypatch.setattr(frames.sides.shutil, "which", lambda name: None)
    monkeypatch.setattr(frames.sides.importlib.util, "find_spec", lambda name: None)
    rows = frames.measure([], duration_s=6, runs=1)
    compared = [row for row in rows if row.peer != "idle-process"]
    assert len(compared) == 5
    assert all(row.is_ok is None and "uv sync --group bench" in row.why for row in compared)


def test_without_h264_videos_the_row_says_so(tmp_path, short_trailers, monkeypatch):
    path = video_files.generated_trailer(short_trailers, 2)
    assert video_files.h264_videos([path]) == [path]
    monkeypatch.setattr(video_files, "_REAL", tmp_path / "none")
    assert video_files.h264_videos() == []
    monkeypatch.setattr(frames.sides, "find_ffmpeg", lambda: "ffmpeg")
    (row,) = frames._real_rows([], runs=1)
    assert (row.is_ok, row.why[:9]) == (None, "no H.264 ")
