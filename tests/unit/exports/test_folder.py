"""Exported folders: what kills them, what changes them, what is never touched."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import DiskError, DumpError
from pipeline.exports.export_folder import open_export
from pipeline.exports.manifest import MANIFEST, UNFINISHED, check_place, find_problems

ROOT = Path(__file__).resolve().parents[3]
KIND, SOURCE = "csv", "a studio"


def export(root, files, *, kind=KIND, source=SOURCE, stop_after=None):
    folder = open_export(root, kind, source)
    for number, (place, content) in enumerate(files.items()):
        if number == stop_after:
            raise KeyboardInterrupt
        folder.write(place, content)
    folder.finish({"kind": kind, "source": source})
    return folder


def files_of(root):
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_finished_export_has_no_problems(tmp_path):
    root = tmp_path / "out"
    export(root, {"basics/5.npy": b"five", "films.csv": b"x"})
    assert find_problems(root) == []
    manifest = json.loads((root / MANIFEST).read_text())
    assert manifest["files"]["basics/5.npy"]["size"] == 4
    assert (manifest["kind"], manifest["source"]) == (KIND, SOURCE)
    assert not (root / UNFINISHED).exists()


def test_missing_changed_and_extra_files_are_named(tmp_path):
    export(tmp_path, {"a": b"1", "b/c": b"22", "d": b"333", "e": b"4444", "f": b"5"})
    (tmp_path / "a").unlink()
    (tmp_path / "b/c").write_bytes(b"23")
    (tmp_path / "d").write_bytes(b"3333")
    (tmp_path / "f").unlink()
    (tmp_path / "f").symlink_to(tmp_path / "e")
    (tmp_path / "b" / "new").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    assert find_problems(tmp_path) == [
        "a is missing",
        "b/c is changed: its SHA-256 differs from the manifest's",
        "d is changed: 4 bytes, expected 3",
        "f is a link to another place, not a file",
        "b/new is not in the manifest",
        "link is not in the manifest",
    ]


@pytest.mark.parametrize("stop_after", [0, 1, 2])
def test_stopped_export_is_incomplete_and_the_next_run_finishes_it(tmp_path, stop_after):
    root = tmp_path / "out"
    files = {"a": b"1", "b/c": b"22", "d": b"333"}
    with pytest.raises(KeyboardInterrupt):
        export(root, files, stop_after=stop_after)
    assert "is incomplete" in find_problems(root)[0]
    assert not (root / MANIFEST).exists()
    export(root, files)
    assert find_problems(root) == []


def test_stopped_again_over_a_finished_export_is_incomplete_too(tmp_path):
    export(tmp_path, {"a": b"1", "b": b"2"})
    with pytest.raises(KeyboardInterrupt):
        export(tmp_path, {"a": b"other", "b": b"2"}, stop_after=1)
    assert "is incomplete" in find_problems(tmp_path)[0]
    export(tmp_path, {"a": b"1", "b": b"2"})
    assert find_problems(tmp_path) == []


def test_half_written_file_is_no_file_and_is_swept_up(tmp_path):
    def stop_half_way():
        with open_export(tmp_path, KIND, SOURCE).writing("deep/a") as path:
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_half_way()
    assert not (tmp_path / "deep/a").exists()
    export(tmp_path, {"b": b"2"})
    assert find_problems(tmp_path) == []
    assert not (tmp_path / "deep").exists()


def test_what_the_last_export_had_and_this_one_has_not_is_removed(tmp_path):
    export(tmp_path, {"basics/5.npy": b"5", "basics/6.npy": b"6", "credits/5.npy": b"5"})
    export(tmp_path, {"basics/5.npy": b"5"})
    assert sorted(files_of(tmp_path)) == ["basics/5.npy", MANIFEST]
    assert not (tmp_path / "credits").exists()


def test_same_export_twice_is_the_same_to_the_byte(tmp_path):
    files = {"a": b"1", "b/c": b"22"}
    export(tmp_path, files)
    first = files_of(tmp_path)
    export(tmp_path, files)
    assert files_of(tmp_path) == first


def test_folder_that_a_library_fills_is_listed_and_filled_anew(tmp_path):
    for names in (("0.0", ".zarray", "c/1"), ("0.0", ".zarray")):
        folder = open_export(tmp_path, KIND, SOURCE)
        folder.write("g.zarr/.zgroup", b"{}")
        with folder.filling("g.zarr/tt0000001") as path:
            for name in names:
                (path / name).parent.mkdir(exist_ok=True)
                (path / name).write_bytes(name.encode())
        folder.finish({"kind": KIND, "source": SOURCE})
        assert find_problems(tmp_path) == []
    assert sorted(folder.files) == [
        "g.zarr/.zgroup",
        "g.zarr/tt0000001/.zarray",
        "g.zarr/tt0000001/0.0",
    ]


def test_folder_with_anything_else_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DumpError, match="never overwritten"):
        open_export(tmp_path, KIND, SOURCE)
    assert files_of(tmp_path) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize("manifest", ["{}", "[]", "x", '{"format": "marquee export 1"}'])
def test_folder_with_somebody_elses_manifest_is_refused(tmp_path, manifest):
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(DumpError, match="manifest"):
        open_export(tmp_path, KIND, SOURCE)
    assert files_of(tmp_path) == {MANIFEST: manifest.encode()}


@pytest.mark.parametrize("other", [{"kind": "parquet"}, {"source": "TMDB"}])
def test_export_of_another_kind_or_source_is_not_replaced(tmp_path, other):
    export(tmp_path, {"a": b"1"})
    with pytest.raises(DumpError, match="another folder"):
        export(tmp_path, {"b": b"1"}, **other)
    assert find_problems(tmp_path) == []


def test_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(DumpError, match="is a file"):
        open_export(tmp_path / "out", KIND, SOURCE)
    with pytest.raises(DiskError, match="cannot be written"):
        open_export(tmp_path / "out" / "deeper", KIND, SOURCE)


@pytest.mark.parametrize(
    "place",
    ["../x", "/etc/passwd", "a/../../x", "a//b", "./a", "", ".", "a\\b", "a\x00b", "C:x", "a/", 5,
     None, MANIFEST, UNFINISHED],
)  # fmt: skip
def test_place_outside_the_folder_is_none(place):
    with pytest.raises(DumpError, match="no path"):
        check_place(place)


@given(st.text(max_size=30))
def test_every_place_stays_inside(tmp_path_factory, text):
    root = tmp_path_factory.getbasetemp()
    try:
        place = check_place(text)
    except DumpError:
        return
    assert root.resolve() in (root / place).resolve().parents


def test_manifest_that_points_outside_is_refused_and_nothing_is_removed(tmp_path):
    root, precious = tmp_path / "out", tmp_path / "precious"
    precious.write_text("mine")
    export(root, {"a": b"1"})
    manifest = json.loads((root / MANIFEST).read_text())
    manifest["files"]["../precious"] = manifest["files"]["a"]
    (root / MANIFEST).write_text(json.dumps(manifest))
    assert "no path below" in find_problems(root)[0]
    with pytest.raises(DumpError, match="no path below"):
        export(root, {"a": b"1"})
    journal = [{"kind": KIND, "source": SOURCE}, "../precious"]
    (root / UNFINISHED).write_text("".join(json.dumps(line) + "\n" for line in journal))
    with pytest.raises(DumpError, match="no path below"):
        export(root, {"a": b"1"})
    assert precious.read_text() == "mine"


def test_link_inside_the_folder_is_not_written_through(tmp_path):
    root, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    export(root, {"basics/5.npy": b"5"})
    (root / "basics/5.npy").unlink()
    (root / "basics").rmdir()
    (root / "basics").symlink_to(elsewhere)
    with pytest.raises(DumpError, match="a link to another place"):
        export(root, {"basics/5.npy": b"5"})
    assert list(elsewhere.iterdir()) == []


def test_copy_is_the_same_to_the_byte(tmp_path):
    folder = open_export(tmp_path, KIND, SOURCE)
    folder.copy("a", io.BytesIO(b"x" * 3_000_000))
    folder.finish({})
    assert (tmp_path / "a").read_bytes() == b"x" * 3_000_000


def test_what_is_no_folder_or_holds_no_manifest_is_reported(tmp_path):
    assert "no folder" in find_problems(tmp_path / "nothing")[0]
    assert "incomplete" in find_problems(tmp_path)[0]
    (tmp_path / MANIFEST).write_text('{"format": "marquee export 1", "files": {"a": {"size": 1}}}')
    assert "does not list" in find_problems(tmp_path)[0]


def test_export_whose_process_is_killed_is_finished_by_the_next_run(tmp_path):
    root = tmp_path / "out"
    program = (
        "import os, pathlib, sys\n"
        "from pipeline.exports.export_folder import open_export\n"
        "folder = open_export(pathlib.Path(sys.argv[1]), 'csv', 'a studio')\n"
        "folder.write('gone/a', b'1')\n"
        "with folder.filling('g.zarr/tt0000001') as path:\n"
        "    (path / '0.0').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(root)], cwd=ROOT, timeout=60)
    assert done.returncode == -9
    assert "is incomplete" in find_problems(root)[0]
    export(root, {"a": b"1"})
    assert find_problems(root) == []
    assert sorted(files_of(root)) == ["a", MANIFEST]
