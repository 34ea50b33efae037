"""Processes of a command: started, ended by their pid, found again after a kill."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.core.errors import ConfigurationError
from resources.cluster.children import Children, Notes, adopt_orphans, wait_until
from resources.cluster.servers import find_postgresql

pytest.importorskip("psutil", reason="the extra `cluster` is not installed")

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
"""A program that does not end when it is asked to."""


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def children(tmp_path):
    (tmp_path / "work").mkdir()
    notes = Notes(tmp_path / "up.pid")
    children = Children(tmp_path / "work", notes)
    yield children
    children.end()
    notes.close()


def test_all_are_ended_and_the_folder_is_gone(children, tmp_path):
    pids = [children.start(f"sleep {i}", ["sleep", "60"], os.environ).process.pid for i in (1, 2)]
    assert [pid for pid, _ in json.loads((tmp_path / "up.pid").read_text())["children"]] == pids
    children.end()
    assert not any(map(is_there, pids))
    assert not (tmp_path / "work").exists()


def test_what_a_child_left_behind_is_ended_and_what_was_there_before_is_not(tmp_path):
    adopt_orphans()
    earlier = subprocess.Popen(["sleep", "60"])
    (tmp_path / "work").mkdir()
    notes = Notes(tmp_path / "up.pid")
    children = Children(tmp_path / "work", notes)
    try:
        child = children.start("shell", ["sh", "-c", "setsid sleep 60 & echo $!"], os.environ)
        child.process.wait()
        orphan = int(child.last_lines())
        assert is_there(orphan)
        children.end()
        assert not is_there(orphan)
        assert earlier.poll() is None
    finally:
        notes.close()
        earlier.kill()
        earlier.wait()


def test_one_that_does_not_end_is_killed(children, monkeypatch):
    monkeypatch.setattr("resources.cluster.children.GRACE_S", 0.2)
    child = children.start("stubborn", [sys.executable, "-c", STUBBORN], os.environ)
    children.end()
    assert child.has_ended


def test_second_start_in_a_folder_is_refused_with_the_pid(children, tmp_path):
    children.notes.write(tmp_path, [])
    with pytest.raises(ConfigurationError, match=rf"up already \(process {os.getpid()}"):
        Notes(tmp_path / "up.pid")


def test_what_a_killed_command_left_is_ended_and_no_other_process(tmp_path):
    left, other = (subprocess.Popen(["sleep", "60"]) for _ in range(2))
    folder = tmp_path / "left"
    folder.mkdir()
    try:
        notes = Notes(tmp_path / "up.pid")
        notes.write(folder, [left.pid, other.pid])
        written = json.loads((tmp_path / "up.pid").read_text())
        written["children"][1][1] -= 1000  # a process of that number, which began at another time
        notes._file.close()  # the lock of a killed process is free
        (tmp_path / "up.pid").write_text(json.dumps(written))
        again = Notes(tmp_path / "up.pid")
        assert again.end_earlier() == 1
        left.wait(5)
        assert not is_there(left.pid)
        assert other.poll() is None
        assert not folder.exists()
        again.close()
    finally:
        other.kill()
        other.wait()


def test_notes_cut_off_by_a_kill_are_no_error(tmp_path):
    (tmp_path / "up.pid").write_text('{"pid": 12, "chil')
    notes = Notes(tmp_path / "up.pid")
    assert notes.end_earlier() == 0
    notes.close()
    assert not (tmp_path / "up.pid").exists()


def test_a_program_that_does_not_start_is_named_with_its_last_words(children):
    child = children.start("object store", ["sh", "-c", "echo no port; exit 3"], os.environ)
    began_s = time.monotonic()
    with pytest.raises(ConfigurationError, match="(?s)The store did not start: object.*no port"):
        wait_until(lambda: False, [child], "The store", 30)
    assert time.monotonic() - began_s < 10


def test_a_missing_postgresql_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr("resources.cluster.servers.DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="apt install postgresql"):
        find_postgresql()
