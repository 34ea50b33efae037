"""Builds that something is killed under, and what is counted of them: the crash matrix."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import Process
from s3fs import S3FileSystem
from sites import MOVIE_STAGES, Site
from snapshots import snapshot

from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.store_check import check_files

STAGES = ",".join(MOVIE_STAGES)
WAIT_S = 300.0


@dataclass
class Tally:
    """A line of the matrix.

    Attributes:
        what: What is killed.
        runs: Builds that were begun.
        kills: Kills that met one at work.
        lost: Files, rows and events of an undisturbed build that are missing in the end.
        torn: Files, rows and events that are others than its own.
        twice: Events of a film and asset beyond the one.
        left: Files that an undisturbed build has not.
        unclear: Endings of builds with frames of the program instead of a message.
    """

    what: str
    runs: int = 0
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        """What must not be, by its name."""
        names = ("lost", "torn", "twice", "left", "unclear")
        return {name: found for name in names if (found := getattr(self, name))}

    @property
    def line(self) -> str:
        """The counts, in the order of `HEADER`."""
        counts = map(len, (self.lost, self.torn, self.twice, self.left, self.unclear))
        return f"{self.what:<42}" + "".join(f"{n:>8}" for n in (self.runs, self.kills, *counts))


HEADER = f"{'killed or broken':<42}" + "".join(
    f"{name:>8}" for name in ("runs", "kills", "lost", "torn", "twice", "left", "unclear")
)


@dataclass
class Scene:
    """A site on which builds are disturbed.

    Attributes:
        site: Where they work.
        tally: What is counted.
        draw: Chooses the moments.
        environment: Variables of a build besides the site's.
        objects: The object store that the site works on; None for a folder.
    """

    site: Site
    tally: Tally
    draw: random.Random
    environment: dict[str, str] = field(default_factory=dict)
    objects: S3FileSystem | None = None

    def start(self) -> Process:
        """Begin a build."""
        self.tally.runs += 1
        command = ("build", "--stages", STAGES)
        return Process(self.site, *command, environment=self.environment)

    def kill_each(self, times: int, most: int, strike: Callable[[Process], Any]) -> None:
        """Begin builds until so many strikes have met one at work, or one has ended well.

        Each strike comes after some files more, `most` of them at most; a build that goes on is
        struck again.
        """
        status = None
        while self.tally.kills < times and status != 0:
            build = self.start()
            while self.tally.kills < times and self.reach(build, self.draw.randint(1, most)):
                self.tally.kills += 1
                strike(build)
            status = self.end(build)

    def reach(self, build: Any, more: int) -> bool:
        """Wait until there are so many files more; return whether the build is still at work."""
        wanted, ends_s = self.count() + more, time.monotonic() + WAIT_S
        while build.poll() is None and self.count() < wanted and time.monotonic() < ends_s:
            time.sleep(0.02)
        return build.poll() is None

    def end(self, build: Process) -> int:
        """Wait for a build's end, and look how it ended."""
        status = build.wait()
        if "Traceback" in build.output:
            self.tally.unclear.append(build.output)
        return status

    def count(self) -> int:
        """Count the files of films that are in their place."""
        if self.objects is not None:
            names = self.objects.find(_bucket(self.site), refresh=True)
            return sum("/.staging/" not in name for name in names)
        places = self.site.store.rglob("[0-9]*.*")
        return sum(".staging" not in path.parts for path in places)

    def finish(self, wanted: dict[str, dict], folder: Path | None = None) -> None:
        """Build once more, undisturbed, and compare with what such a build alone had made.

        Args:
            wanted: Its snapshot.
            folder: For a copy of an object store.
        """
        build = self.start()
        assert self.end(build) == 0, build.output
        if self.objects is not None and folder is not None:
            self.objects.get(_bucket(self.site), str(folder), recursive=True)
        found = snapshot(self.site, folder)
        for part, values in wanted.items():
            self._compare(part, found[part], values)
        with self.site.run_context() as run_context:
            agreed = check_files(run_context, with_content=True)
        self.tally.lost += [f"{name}: {ids}" for name, ids in agreed.missing.items() if ids]
        self.tally.torn += [f"{name}: {ids}" for name, ids in agreed.damaged.items() if ids]
        for spec in MOVIE_ASSETS:
            events = Counter(event.partition for event in self.site.events(spec.name))
            self.tally.twice += [
                f"{spec.name} {i}" for i, n in events.items() for _ in range(n - 1)
            ]

    def _compare(self, part: str, found: dict, wanted: dict) -> None:
        if part == "files":
            self.tally.left += sorted(found.keys() - wanted.keys())
            found, wanted = {part: found}, {part: wanted}
        for name, values in wanted.items():
            have = found.get(name, {})
            self.tally.lost += [f"{part} {name} {key}" for key in values.keys() - have.keys()]
            both = values.keys() & have.keys()
            self.tally.torn += [f"{part} {name} {k}" for k in both if values[k] != have[k]]


def _bucket(site: Site) -> str:
    return site.more["store"].removeprefix("s3://")
