import logging
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
from present import present
from servers import postgres

from resources.storage import leases as module
from resources.storage.leases import LeaseLock
from resources.storage.ledger import Ledger, sqlite_url
from resources.storage.lock import exclusive, is_held
from resources.storage.store import Store

HOLDER = """
import sys, time
from resources.storage.ledger import Ledger
from resources.storage.lock import exclusive
from resources.storage.store import Store
with exclusive(Store("memory://leases/store"), Ledger(sys.argv[1]), name="run 1"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory):
    with postgres(tmp_path_factory.mktemp("leases") / "server") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return str(sqlite_url(tmp_path / "ledger.sqlite"))
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def ledger(url):
    ledger = Ledger(url)
    with ledger._transaction() as connection:
        connection.execute(sa.text("DELETE FROM leases"))
    yield ledger
    ledger.close()


@pytest.fixture
def fast(monkeypatch):
    """Leases that end within a second."""
    monkeypatch.setattr(module, "LEASE_S", 0.6)
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.1)


def lock(ledger, **options):
    return LeaseLock(ledger.leases, "store s3://films", "s3://films", **options)


def test_one_owner_at_a_time_and_its_name(ledger):
    one, two = lock(ledger), lock(ledger)
    assert one.try_take()
    one.write_holder("a build")
    assert not two.try_take()
    assert two.read_holder() == "a build"
    one.free()
    assert ledger.leases.is_alive("store s3://films") is None
    assert two.try_take()
    two.free()


def test_of_many_that_try_at_once_one_has_it(ledger):
    locks, taken = [lock(ledger) for _ in range(8)], []
    barrier = threading.Barrier(8)

    def take(one):
        barrier.wait()
        if one.try_take():
            taken.append(one)

    threads = [threading.Thread(target=take, args=(one,)) for one in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    taken[0].free()


def test_heartbeat_keeps_it_and_an_owner_without_one_loses_it(ledger, fast):
    one, two = lock(ledger), lock(ledger)
    assert one.try_take()
    time.sleep(1)
    assert not two.try_take()
    one._ended.set()  # as a process that was killed
    present(one._thread).join()
    assert ledger.leases.is_alive("store s3://films")
    time.sleep(0.8)
    assert ledger.leases.is_alive("store s3://films") is False
    assert two.try_take()
    two.free()


def test_owner_that_was_asleep_too_long_is_ended_and_frees_nobody_elses(ledger, fast, caplog):
    is_lost = threading.Event()
    one, two = lock(ledger, on_lost=is_lost.set), lock(ledger)
    assert one.try_take()
    with ledger._transaction() as connection:  # as if it had ended while its process was suspended
        connection.execute(sa.text("UPDATE leases SET owner = 'another', expires_s = 1e12"))
    with caplog.at_level(logging.ERROR):
        assert is_lost.wait(10)
    assert "no longer holds s3://films" in caplog.text
    one.free()
    assert not two.try_take()


def test_process_that_waits_goes_on_when_the_holder_is_killed(ledger, url, monkeypatch):
    monkeypatch.setattr("resources.storage.lock._POLL_S", 0.05)
    store = Store("memory://leases/store")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert present(holder.stdout).readline() == "held\n"
        assert is_held(store, ledger)
    finally:
        holder.kill()
        holder.communicate()
    assert is_held(store, ledger)
    with ledger._transaction() as connection:  # its heartbeat ends: 45 s, which no test waits
        connection.execute(sa.text("UPDATE leases SET expires_s = expires_s - 60"))
    assert not is_held(store, ledger)
    lines = []
    with exclusive(store, ledger, name="build", notify=lines.append) as waited_s:
        assert waited_s == 0
        with exclusive(store, ledger, name="its run"):
            assert ledger.leases.holder("store memory://leases/store").startswith("its run")
        assert is_held(store, ledger)
    assert not is_held(store, ledger)


def test_leases_that_ended_long_ago_are_swept(ledger, fast):
    assert ledger.leases.take("run 1", "somebody")
    ledger.leases.sweep(3600.0)
    assert ledger.leases.is_alive("run 1")
    time.sleep(0.7)
    ledger.leases.sweep(0.0)
    assert ledger.leases.is_alive("run 1") is None
