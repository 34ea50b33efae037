"""Processes that decode: what ends one of them ends neither the run nor its neighbours."""

import ctypes
import importlib
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.core.errors import AudioError, MarqueeError, TrailerError
from pipeline.core.outcomes import Reason, Status
from pipeline.media.audio import decode_audio
from pipeline.media.trailer import probe
from resources.compute.decoding import Decoders

ENDLESS = ("(a+)+$", "a" * 60 + "b")  # a search that never ends, within C and without a pause


@pytest.fixture(scope="module")
def decoders():
    with Decoders(2, limit_s=2.0, memory_bytes=256 * 2**20) as opened:
        yield opened


def is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def wait_until(holds):
    """Wait for what comes within a second or two, however busy the machine is."""
    ends_at = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def has_computed(pid: int) -> bool:
    """Return whether a process has computed for a tenth of a second, or has ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) > os.sysconf("SC_CLK_TCK") / 10
    return True


def test_a_result_comes_back_and_the_process_is_used_again(decoders):
    assert decoders.call(len, [1, 2, 3]) == 3
    pids = {decoders.call(os.getpid) for _ in range(3)}
    assert len(pids) == 1
    assert os.getpid() not in pids


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (ctypes.string_at, (0,), "crashed (SIGSEGV)"),
        (os.abort, (), "crashed (SIGABRT)"),
        (os._exit, (3,), "crashed (exit status 3)"),
        (re.match, ENDLESS, "hung: no heartbeat for 2 s"),
        (time.sleep, (60,), "hung: no heartbeat for 2 s"),
        (bytes, (2**30,), "exceeded 256 MB"),
    ],
)
def test_what_ends_a_process_is_the_movies_reason_and_nobody_elses(
    decoders, function, arguments, message
):
    with ThreadPoolExecutor(2) as threads:
        spoilt = threads.submit(decoders.call, function, *arguments)
        beside = threads.submit(decoders.call, time.sleep, 0.2)
        with pytest.raises(TrailerError, match=re.escape(message)) as caught:
            spoilt.result()
        assert beside.result() is None
    assert caught.value.reason is Reason.MALFORMED
    assert decoders.call(len, "ab") == 2


def test_a_process_that_was_killed_from_outside_is_replaced_and_asked_again(decoders):
    first = decoders.call(os.getpid)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(decoders.call, time.sleep, 0.4)
        time.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        assert waiting.result() is None
    assert decoders.call(os.getpid) != first


def test_a_process_that_is_killed_twice_leaves_the_movie_for_later(decoders):
    with pytest.raises(TrailerError, match="killed twice") as caught:
        decoders.call(os.kill, 0, signal.SIGKILL)  # its own group: itself
    assert caught.value.reason.status is Status.WILL_RETRY


def test_a_call_that_gets_on_may_take_longer_than_the_limit(tmp_path, monkeypatch):
    """The processes find what the parent can import: here, a module of the test's own."""
    text = "import time\ndef work(beat):\n  return [time.sleep(0.25) or beat() for _ in range(9)]\n"
    (tmp_path / "slow_steps.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    work = importlib.import_module("slow_steps").work
    with Decoders(1, limit_s=2.0) as decoders:
        assert len(decoders.call(work, beats=True)) == 9


def test_processes_are_replaced_after_some_calls():
    with Decoders(1, calls_per_process=2) as decoders:
        pids = [decoders.call(os.getpid) for _ in range(3)]
    assert len(set(pids)) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_reasons_cross_the_border_whole(decoders, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"<html>")
    for function, error in ((probe, TrailerError), (decode_audio, AudioError)):
        with pytest.raises(error) as caught:
            decoders.call(function, path)
        assert caught.value.reason is Reason.WRONG_TYPE
        assert "web page" in caught.value.detail


def test_other_errors_keep_their_class_and_the_place_where_they_arose(decoders, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        decoders.call(probe, tmp_path / "none.mp4")
    assert "pipeline/media/container.py" in caught.value.__notes__[0]


def test_closing_ends_processes_at_work():
    decoders = Decoders(1)
    decoders.call(len, "")
    (pid,) = decoders.pids()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(decoders.call, time.sleep, 50)
        time.sleep(0.1)
        decoders.close()
        with pytest.raises(MarqueeError, match="has ended"):
            waiting.result()
    assert not is_alive(pid)
    with pytest.raises(MarqueeError, match="has ended"):
        decoders.call(len, "")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_a_parent_that_was_ended(start_script, sent):
    parent = start_script("""
        import re, sys, threading, time
        from resources.compute.decoding import Decoders
        decoders = Decoders(2, limit_s=1.5)
        calls = [(time.sleep, 60), (re.match, "(a+)+$", "a" * 60 + "b")]
        for call in calls:
            threading.Thread(target=decoders.call, args=call, daemon=True).start()
        while len(decoders.pids()) < 2:
            time.sleep(0.02)
        print(*decoders.pids(), flush=True)
        time.sleep(60)
    """)
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        wait_until(lambda: any(map(has_computed, pids)))  # they are inside the calls
        parent.send_signal(sent)
        parent.wait(60)
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_no_more_processes_than_asked_for_whatever_the_number_of_threads():
    with Decoders(2) as decoders, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: decoders.call(time.sleep, 0.05), range(16)))
        assert len(decoders.pids()) == 2
    assert threading.active_count() < 20
