"""Processes that work side by side: what comes back, what a death means, and how they end."""

import operator
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.core.errors import ConfigurationError, TrainingError
from resources.compute import workers as side
from resources.compute.workers import Call, Workers
from resources.settings import Settings


def is_alive(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def wait_until(holds):
    """Wait for what comes within a second or two, however busy the machine is."""
    ends_at = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def call(function, *arguments, name="training a"):
    return Call(name, function, arguments)


LONG = call(time.sleep, 3600, name="training b")


@pytest.fixture
def workers():
    workers = Workers(2)
    yield workers
    workers.close()


def test_results_bear_the_place_of_their_call(workers):
    groups = [[call(operator.mul, g, c) for c in range(3)] for g in range(4)]
    came = list(workers.run(groups))
    assert sorted(came) == [(g, c, g * c) for g in range(4) for c in range(3)]
    of_first = [c for g, c, _ in came if g == 0]
    assert of_first == [0, 1, 2], "a group's calls are made in turn"


def test_processes_are_used_again_and_are_not_this_one(workers):
    groups = [[call(os.getpid), call(time.sleep, 0.3)] for _ in range(2)]
    first, again = ({r for _, c, r in workers.run(groups) if not c} for _ in range(2))
    assert first == again
    assert len(first) == 2
    assert os.getpid() not in first


@pytest.mark.parametrize(("most", "n_groups"), [(1, 3), (2, 1)])
def test_what_is_not_side_by_side_is_done_in_this_process(most, n_groups):
    workers = Workers(most)
    came = [pid for _, _, pid in workers.run([[call(os.getpid)]] * n_groups)]
    assert came == [os.getpid()] * n_groups
    assert workers.pids() == []


def test_an_error_of_ours_arrives_as_it_was_raised_and_stops_the_others(workers):
    wrong = call(Settings(trainers="many").number, "trainers", 1)
    with pytest.raises(ConfigurationError, match="MARQUEE_TRAINERS must be a number above 0"):
        list(workers.run([[wrong], [LONG]]))
    assert workers.pids() == []


def test_any_other_error_keeps_the_frames_of_its_process(workers):
    with pytest.raises(TypeError) as caught:
        list(workers.run([[call(len, 1)], [LONG]]))
    assert "run_call" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("death", "message"),
    [(signal.SIGKILL, "was killed, most likely because memory"), (signal.SIGSEGV, "crashed")],
)
def test_a_death_names_the_training_and_the_remedy(workers, death, message):
    dies = call(signal.raise_signal, death, name="training genre, genres, 70-10-20, all")
    with pytest.raises(TrainingError, match=message) as caught:
        list(workers.run([[LONG], [dies]]))
    assert "training genre, genres, 70-10-20, all" in str(caught.value)
    assert "MARQUEE_TRAINERS" in str(caught.value)
    assert list(workers.run([[call(len, "ab")]] * 2)), "the next ones start anew"


def test_ctrl_c_ends_the_processes_at_once(workers):
    came = workers.run([[call(os.getpid), LONG]] * 2)
    pids = [next(came)[2], next(came)[2]]
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        next(came)
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_the_parents_death_ends_them(start_script, sent):
    parent = start_script("""
        import os, time
        from resources.compute.workers import Call, Workers
        endless = Call("a", sum, (range(10**12),))  # never lets go of Python's lock
        calls = [Call("a", os.getpid, ()), endless]
        for *_, pid in Workers(2).run([calls, calls]):
            print(pid, flush=True)
    """)
    with parent:
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        time.sleep(0.3)  # into the calls
        parent.send_signal(sent)
        parent.wait(60)
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_there_are_as_many_as_cores_memory_and_groups_allow(monkeypatch):
    monkeypatch.setattr(side, "count_threads", lambda: 16)
    monkeypatch.setattr(side, "free_bytes", lambda: 5 * 2**30)
    assert Workers().count(6) == 2
    monkeypatch.setattr(side, "free_bytes", lambda: 2**40)
    assert Workers().count(6) in (6, side.MOST_ON_GPU)
    assert Workers().count(1) == 1
    assert Workers(3).count(6) == 3


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    limit.write_text("3000000\n")
    monkeypatch.setattr(side, "MEMORY_LIMITS", (limit, tmp_path / "none"))
    assert side.free_bytes() == 3_000_000
    limit.write_text("max\n")
    assert side.free_bytes() > 3_000_000
