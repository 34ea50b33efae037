"""A temporary folder goes with its process: at its end, or after a kill with the next folder."""

import subprocess
import sys

import pytest

from resources.storage.owned_folders import PREFIX, OwnedFolder, remove_abandoned

OWNER = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from resources.storage.owned_folders import OwnedFolder
folder = OwnedFolder()
(folder.path / "trailer").write_bytes(b"much")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def start_owner(temporary):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(temporary)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert owner.stdout
    path = owner.stdout.readline().strip()
    return owner, temporary / path


def test_folder_is_deleted_at_its_end_and_can_be_deleted_twice(temporary):
    with OwnedFolder() as folder:
        (folder.path / "a").touch()
        assert folder.path.parent == temporary
        assert (folder.path.stat().st_mode & 0o777) == 0o700
    assert list(temporary.iterdir()) == []
    folder.remove()


def test_folder_of_a_killed_process_goes_and_that_of_a_living_one_stays(temporary):
    dead, left = start_owner(temporary)
    living, kept = start_owner(temporary)
    dead.kill()
    dead.communicate()
    assert left.is_dir()
    with OwnedFolder():
        assert not left.exists()
        assert (kept / "trailer").read_bytes() == b"much"
    living.communicate("")
    assert list(temporary.iterdir()) == []


def test_links_and_other_folders_are_left_alone(temporary, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious").touch()
    (temporary / f"{PREFIX}link").symlink_to(outside)
    (temporary / "marquee-other").mkdir()
    (temporary / f"{PREFIX}file").touch()
    remove_abandoned()
    assert (outside / "precious").exists()
    assert len(list(temporary.iterdir())) == 3
