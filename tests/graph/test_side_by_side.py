"""Trainings side by side end as those that run one after another, also after a kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from sites import ROOT

from assets.models.experiments import EXPERIMENTS_FILE, FACTS_FILE, experiments
from assets.models.training import group_by_split
from pipeline.models.systems.box_office import BOX_OFFICE, PLAIN
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.revenue import REVENUE

MODEL = "box_office_model"
DIE_IN_A_LATER_TRAINING = """
import os, signal
from pathlib import Path
import lightning

save = lightning.Trainer.save_checkpoint

def save_or_die(*arguments, **options):
    save(*arguments, **options)
    if any(Path(os.environ["MARQUEE_STORE"], "models").rglob("model.pth")):
        os.kill(os.getpid(), signal.SIGKILL)

lightning.Trainer.save_checkpoint = save_or_die
from dagster._cli import main
main()
"""
SHORT = {
    "variants": [PLAIN, "gaussian process"],
    "max_epochs": 16,  # long enough to be seen at work on a fast machine
    "checkpoint_every_steps": 2,
    "width": 16,
    "layers": 1,
    "heads": 2,
    "feedforward": 16,
}


@pytest.fixture
def site(open_site):
    return open_site(60, stages=("crawl",), assets=("movie_features", "box_office_splits"))


def models(site):
    return site.folder / "store" / "models" / BOX_OFFICE.name


def facts(site):
    found = {}
    for path in sorted(models(site).rglob(FACTS_FILE)):
        known = json.loads(path.read_text())
        known.pop("train_s")
        found[str(path.parent.relative_to(models(site)))] = known
    return found


def weights(site):
    return {
        str(path.relative_to(models(site))): torch.load(path, weights_only=True)["state_dict"]
        for path in sorted(models(site).rglob("model.pth"))
    }


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, state in one.items():
        assert state.keys() == other[name].keys()
        assert all(torch.equal(value, other[name][key]) for key, value in state.items()), name


def children(pid):
    """Ids of the processes that train for another."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid and (
                b"resources.compute.processes" in stat.with_name("cmdline").read_bytes()
            ):
                found.add(int(stat.parent.name))
    return found


def is_alive(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def test_variants_of_one_split_are_trained_in_turn_the_longest_split_first():
    groups = group_by_split(list(experiments(REVENUE, "small")))
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)
    assert all(len({(t.task, t.split) for t in group}) == 1 for group in groups)
    assert groups[0][0].split == REVENUE.headline
    assert groups[0][0].variant == REVENUE.main_variant


@dataclass
class Made:
    """What trainings have left behind."""

    facts: dict
    weights: dict
    version: str
    listed: str


@pytest.fixture
def alone(site):
    """What trainings one after another in one process leave behind; taken away again."""
    site.more = {"trainers": "1"}
    site.materialize(MODEL, **{MODEL: SHORT})
    (version,) = {event.tags["dagster/data_version"] for event in site.events(MODEL)}
    made = Made(facts(site), weights(site), version, (models(site) / EXPERIMENTS_FILE).read_text())
    assert len(made.weights) > 3
    shutil.rmtree(models(site))
    return made


def assert_ends_alike(site, alone):
    site.materialize(MODEL, **{MODEL: SHORT})
    assert facts(site) == alone.facts
    assert_same(weights(site), alone.weights)
    assert {e.tags["dagster/data_version"] for e in site.events(MODEL)} == {alone.version}
    assert (models(site) / EXPERIMENTS_FILE).read_text() == alone.listed


def command(site):
    """The arguments with which Dagster trains."""
    config = site.folder / "run.json"
    config.write_text(json.dumps({"ops": {MODEL: {"config": SHORT}}}))
    return [
        "asset", "materialize", "--select", MODEL, "-m", "assets.definitions",
        "--config", str(config),
    ]  # fmt: skip


def test_two_processes_end_what_one_began_that_was_killed_with_the_same_models(site, alone):
    killed = subprocess.run(
        [sys.executable, "-c", DIE_IN_A_LATER_TRAINING, *command(site)],
        env={**os.environ, **site.environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}"},
        cwd=site.folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert 0 < len(weights(site)) < len(alone.weights), "killed within a later training"
    assert list(models(site).rglob("*.ckpt"))
    site.more = {"trainers": "2"}
    assert_ends_alike(site, alone)


@pytest.mark.slow
def test_any_number_of_processes_and_a_kill_give_the_same_models(site, alone):
    """By day the test above, and `test_workers` for the end of the processes."""
    site.more = {"trainers": "2"}
    kill_while_training(site)
    assert_ends_alike(site, alone)


def kill_while_training(site):
    """Kill a run while it trains; its processes end with it."""
    run = subprocess.Popen(
        [sys.executable, "-m", "dagster", *command(site)],
        env={**os.environ, **site.environment}, cwd=site.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    at_work, ends_at = set(), time.monotonic() + 300
    try:
        while len(at_work) < 2 or not any(models(site).rglob("*.ckpt")):
            at_work |= children(run.pid)
            assert run.poll() is None
            assert time.monotonic() < ends_at
            time.sleep(0.02)
    finally:
        run.kill()
        run.wait()
    ends_at = time.monotonic() + 10
    while any(is_alive(pid) for pid in at_work):
        assert time.monotonic() < ends_at
        time.sleep(0.05)


def test_a_short_preset_trains_what_stands_beside_the_main_variant_once():
    for system in SYSTEMS:
        beside = [one for one in experiments(system, "small") if one.variant != system.main_variant]
        assert {(one.task.name, one.split) for one in beside} == {
            (system.tasks[0].name, system.headline)
        }
        main = [one for one in experiments(system, "small") if one.variant == system.main_variant]
        assert len(main) == sum(len(system.split_names(task)) for task in system.tasks)
        asked = list(experiments(system, "small", only=list(system.estimators())))
        assert asked == list(experiments(system, "published"))
