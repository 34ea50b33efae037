"""A training whose process was killed ends with the weights of an undisturbed one, bit by bit.

One new process imports what trainings need and forks one child for each kill: importing is most of
the work, and that process computes nothing itself.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import small_trainings as small
import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
INSIDE = replace(small.LOOP, checkpoint_every_steps=2)
"""Two of the five steps of an epoch after a checkpoint, one may be lost."""


def kill_inside_an_epoch(folder: Path) -> None:
    """Train, and kill this process before the ninth step: the fourth of the second epoch."""
    steps = []
    forward = small.Small.forward

    def killing(self, streams, masks):
        steps.append(self.training)
        if sum(steps) == 9:
            os.kill(os.getpid(), signal.SIGKILL)
        return forward(self, streams, masks)

    small.Small.forward = killing
    small.fit(folder / "inside", INSIDE)


def kill_after_an_epoch(folder: Path) -> None:
    """Train, and kill this process when the third epoch is over."""

    def kill(epoch, *_):
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    small.train(small.movies(), folder / "after", on_epoch=kill)


def main(folder: Path) -> None:
    """Fork a child for each kill and print how each ended."""
    ended = []
    for train in (kill_inside_an_epoch, kill_after_an_epoch):
        child = os.fork()
        if child == 0:
            train(folder)
            os._exit(0)
        ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(json.dumps(ended))


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Return the folder where both trainings were killed."""
    folder = tmp_path_factory.mktemp("killed")
    paths = os.pathsep.join([str(ROOT), str(HERE)])
    found = subprocess.run(
        [sys.executable, __file__, str(folder)],
        check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert json.loads(found.stdout) == [-signal.SIGKILL] * 2
    return folder


def test_training_killed_inside_an_epoch_ends_with_the_weights_of_an_undisturbed_one(
    killed, tmp_path
):
    kept = torch.load(killed / "inside" / "f.ckpt", weights_only=True)
    assert (kept["epoch"], kept["epoch_so_far"]["steps"]) == (1, 2)
    undisturbed = small.fit(tmp_path, INSIDE)
    small.assert_same_fit(undisturbed, small.fit(killed / "inside", INSIDE))


def test_training_killed_between_epochs_ends_with_the_weights_of_an_undisturbed_one(
    killed, tmp_path
):
    table = small.movies()
    undisturbed = small.train(table, tmp_path)
    resumed = small.train(table, killed / "after")
    small.assert_same_weights(undisturbed.network, resumed.network)
    assert undisturbed.fitted == resumed.fitted


if __name__ == "__main__":
    main(Path(sys.argv[1]))
