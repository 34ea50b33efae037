import logging
import re
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
from present import present

from resources.storage import leases as module
from resources.storage.lease_names import MODELS, models_of
from resources.storage.ledger import Ledger
from resources.storage.ledger_database import sqlite_url
from resources.storage.lock import at_work, exclusive, holding, owner_of, owning
from resources.storage.owner import Owner
from resources.storage.store import Store

HOLDER = """
import sys, time
from pathlib import Path
from resources.storage.lock import at_work, exclusive, owner_of
from resources.storage.ledger import Ledger
from resources.storage.store import Store
url, how, locks = sys.argv[1:]
ledger = Ledger(url, Path(locks) if locks else None)
with {"at_work": at_work, "exclusive": exclusive}[how](Store("memory://leases"), ledger, name="run 1"):
    owner_of(ledger).announce("1")
    owner_of(ledger).claims.take("posters", {5, 6}, owner_of(ledger).id)
    print("held", flush=True)
    time.sleep(60)
"""  # noqa: E501


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return str(sqlite_url(tmp_path / "ledger.sqlite"))
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def ledger(url):
    ledger = Ledger(url)
    with ledger._transaction() as connection:
        for table in ("leases", "claims"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
    yield ledger
    ledger.close()


@pytest.fixture
def owners(ledger):
    """Make owners, as of several processes; each may be left before the end."""
    made = []

    def make(on_lost=lambda: None):
        made.append(Owner(ledger, on_lost=on_lost))
        return made[-1]

    yield make
    for owner in made:
        owner.leave()


@pytest.fixture
def fast(monkeypatch):
    """Leases that end within a second."""
    monkeypatch.setattr(module, "LEASE_S", 0.6)
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.1)


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr("resources.storage.lock._POLL_S", 0.02)
    return Store("memory://leases")


@pytest.fixture
def other(url):
    """A process that works on the store, or has it alone."""
    processes = []

    def begin(how, locks=""):
        command = [sys.executable, "-c", HOLDER, url, how, str(locks)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert present(process.stdout).readline() == "held\n"
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def expire(ledger):
    """Let a minute pass, which no test waits."""
    with ledger._transaction() as connection:
        connection.execute(sa.text("UPDATE leases SET expires_s = expires_s - 60"))


def end_heart(owner):
    """As a process that was killed."""
    owner._ended.set()
    owner._thread.join()


def test_one_owner_at_a_time_has_a_lease_and_its_name(ledger, owners):
    one, two = owners(), owners()
    assert one.take(MODELS, "a build") is None
    assert one.take(MODELS, "a build") is None
    assert two.take(MODELS, "a run") == "a build"
    one.free(MODELS)
    assert ledger.leases.holder(MODELS) is None
    assert two.take(MODELS, "a run") is None


def test_systems_are_trained_beside_each_other_and_not_beside_whoever_has_all_models(
    ledger, owners
):
    one, two, three = owners(), owners(), owners()
    assert one.take(models_of("genre"), "run 1") is None
    assert two.take(models_of("score"), "run 2") is None
    assert three.take(models_of("genre"), "run 3") == "run 1"
    assert three.take(MODELS, "a build") in ("run 1", "run 2")
    assert ledger.leases.holder(MODELS) in ("run 1", "run 2")
    one.free(models_of("genre"))
    end_heart(two)
    two.leave()
    assert three.take(MODELS, "a build") is None
    assert one.take(models_of("poster"), "run 4") == "a build"


def test_of_many_that_try_at_once_one_has_it(ledger, owners):
    made, taken = [owners() for _ in range(8)], []
    barrier = threading.Barrier(8)

    def take(owner):
        barrier.wait()
        if owner.take(MODELS, "") is None:
            taken.append(owner)

    threads = [threading.Thread(target=take, args=(owner,)) for owner in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_heartbeat_keeps_it_and_an_owner_without_one_loses_it(ledger, owners, fast):
    one, two = owners(), owners()
    assert one.take(MODELS, "one") is None
    time.sleep(1)
    assert two.take(MODELS, "two") == "one"
    end_heart(one)
    assert two.take(MODELS, "two") == "one"
    time.sleep(0.8)
    assert two.take(MODELS, "two") is None


def test_owner_that_was_asleep_too_long_is_ended_and_frees_nobody_elses(
    ledger, owners, fast, caplog
):
    is_lost = threading.Event()
    one, two = owners(on_lost=is_lost.set), owners()
    assert one.take(MODELS, "one") is None
    with ledger._transaction() as connection:  # taken while its process was suspended
        query = sa.text("UPDATE leases SET owner = :two WHERE name = :name")
        connection.execute(query, {"two": two.id, "name": MODELS})
    with caplog.at_level(logging.ERROR):
        assert is_lost.wait(10)
    assert "no longer holds the models" in caplog.text
    one.leave()
    assert ledger.leases.holder(MODELS) is not None


def test_many_work_beside_each_other_and_whoever_is_alone_waits_for_them(store, ledger, other):
    worker = other("at_work")
    with at_work(store, ledger, name="a build") as waited_s:
        assert waited_s == 0
        assert sorted(w.partition(" since ")[0] for w in ledger.leases.workers()) == [
            "a build", "run 1",
        ]  # fmt: skip
    lines, entered = [], threading.Event()

    def repair():
        with exclusive(store, ledger, name="repair", notify=lines.append):
            entered.set()

    thread = threading.Thread(target=repair)
    thread.start()
    try:
        while not lines:
            time.sleep(0.01)
        assert not entered.is_set()
        assert re.fullmatch(
            r"Another marquee is at work on memory://leases/? "
            r"\(run 1 since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\); waiting until it has finished\.",
            lines[0],
        )
    finally:
        worker.kill()
        worker.wait()
        expire(ledger)
        assert entered.wait(60)
        thread.join()


def test_nobody_begins_to_work_while_another_is_alone(store, ledger, other):
    other("exclusive").kill()
    holders = []
    thread = threading.Timer(0.2, expire, [ledger])
    thread.start()
    with at_work(store, ledger, note_holder=holders.append) as waited_s:
        assert waited_s > 0
    thread.join()
    assert [holder.partition(" since ")[0] for holder in holders] == ["run 1"]


def test_process_may_hold_it_several_times_and_the_innermost_is_named(store, ledger, other):
    with at_work(store, ledger, name="a build"), holding(MODELS, store, ledger, name="a build"):
        with at_work(store, ledger, name="its run"), holding(MODELS, store, ledger, name="its run"):
            assert present(ledger.leases.holder(MODELS)).startswith("its run since ")
            assert ledger.leases.workers()[0].startswith("its run since ")
        assert present(ledger.leases.holder(MODELS)).startswith("a build since ")
    assert ledger.leases.holder(MODELS) is None
    assert ledger.leases.workers() == []
    assert owner_of(ledger) is None


def test_run_lives_as_long_as_its_process_and_a_little_longer_where_that_ended_well(ledger):
    with owning(ledger) as owner:
        assert ledger.leases.is_run_alive("1") is None
        owner.announce("1")
        assert ledger.leases.is_run_alive("1")
    assert ledger.leases.is_run_alive("1"), "Dagster notes the end of a run after its resources"
    expire(ledger)
    assert ledger.leases.is_run_alive("1") is False


def test_on_one_machine_a_death_is_seen_at_once(ledger, other, url, tmp_path):
    process = other("at_work", tmp_path / ".runs")
    here = Ledger(url, tmp_path / ".runs")
    assert here.leases.is_run_alive("1")
    process.kill()
    process.wait()
    assert here.leases.is_run_alive("1") is False
    assert here.leases.workers() == []
    with owning(here) as owner:
        assert owner.claims.take("posters", {5}, owner.id) == {5}
    assert ledger.leases.is_run_alive("1"), "of a store elsewhere its heartbeat has to expire"
    here.close()


def test_movies_are_claimed_once_and_a_dead_owners_are_free_again(ledger, owners, fast):
    one, two = owners(), owners()
    assert one.claims.take("posters", {1, 2, 3}, one.id) == {1, 2, 3}
    assert two.claims.take("posters", {3, 4}, two.id) == {4}
    assert two.claims.take("trailers", {3, 4}, two.id) == {3, 4}
    assert one.claims.take("posters", {3, 4, 5}, one.id, all_or_none=True) == set()
    assert two.claims.take("posters", {5}, two.id) == {5}
    assert set(two.claims.of_others(two.id, ["posters"])) == {1, 2, 3}
    end_heart(one)
    time.sleep(0.8)
    assert two.claims.of_others(two.id, ["posters"]) == {}
    assert two.claims.take("posters", {1, 6}, two.id) == {1, 6}
    two.claims.free("posters", two.id)
    assert two.claims.of_others("", ["posters", "trailers"]).keys() == {3, 4}


def test_many_that_claim_at_once_share_the_movies(ledger, owners):
    made, taken = [owners() for _ in range(6)], []
    barrier = threading.Barrier(6)

    def take(owner):
        barrier.wait()
        for start in range(0, 60, 10):
            taken.extend(owner.claims.take("posters", set(range(start, start + 10)), owner.id))

    threads = [threading.Thread(target=take, args=(owner,)) for owner in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(60))


def test_what_dead_owners_have_left_is_swept(ledger, owners, fast):
    one, two = owners(), owners()
    one.announce("1")
    one.claims.take("posters", {1}, one.id)
    end_heart(one)
    ledger.leases.sweep(3600.0)
    assert ledger.leases.is_run_alive("1") is not None
    time.sleep(0.7)
    assert two.take(MODELS, "") is None
    ledger.leases.sweep(0.0)
    assert ledger.leases.is_run_alive("1") is None
    assert two.take(MODELS, "") is None
    with ledger._transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM claims")).scalar() == 0


def test_many_may_open_a_new_ledger_at_once(tmp_path):
    code = (
        "import sys, time; from resources.storage.ledger import Ledger; "
        "print('loaded', flush=True); sys.stdin.readline(); Ledger(sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(sqlite_url(tmp_path / "ledger.sqlite"))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in processes:
        assert present(process.stdout).readline() == "loaded\n"
    for process in processes:
        present(process.stdin).write("\n")
        present(process.stdin).flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
