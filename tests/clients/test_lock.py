import re
import subprocess
import sys
import threading

import pytest
from present import present

from resources.storage.lock import exclusive, is_held
from resources.storage.store import Store

HOLDER = """
import sys, time
from resources.storage.lock import exclusive
from resources.storage.store import Store
with exclusive(Store(sys.argv[1]), name="run 1"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def holder(store):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root)], stdout=subprocess.PIPE, text=True
    )
    assert present(process.stdout).readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_process_may_hold_it_several_times(store):
    assert not is_held(store)
    with exclusive(store):
        with exclusive(store):
            assert is_held(store)
        assert is_held(store)
    assert not is_held(store)


def test_other_process_waits_and_says_so(store, holder):
    lines, holders, waited_s = [], [], []
    is_waiting, entered = threading.Event(), threading.Event()

    def say(line):
        lines.append(line)
        is_waiting.set()

    def enter():
        with exclusive(store, notify=say, note_holder=holders.append) as seconds:
            waited_s.append(seconds)
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert is_waiting.wait(60)
    assert is_held(store)
    assert not entered.is_set()
    holder.kill()
    assert entered.wait(60)
    thread.join()
    (holder,) = holders
    assert re.fullmatch(r"run 1 since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", holder)
    at = f"{store.root} ({holder})"
    assert lines == [f"Another marquee is at work on {at}; waiting until it has finished."]
    assert waited_s[0] > 0


def test_holder_within_a_holder_is_named_as_long_as_it_is_one(store):
    def name():
        return (store.root / ".lock").read_text().strip().partition(" since ")[0]

    with exclusive(store, name="a build") as waited_s:
        assert waited_s == 0
        with exclusive(store, name="its run"):
            assert name() == "its run"
        assert name() == "a build"
    assert name() == ""


def test_killed_holder_leaves_nothing_behind(store, holder):
    assert is_held(store)
    holder.kill()
    holder.wait()
    assert not is_held(store)
