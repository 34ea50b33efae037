"""Sites that are built once in a session of tests, by whoever needs one first, and then copied."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sites import Site, copy_site, make_home, opened_site

from assets.cli.build import STAGES
from pipeline.core.versions import hash_bytes


@dataclass(frozen=True)
class Shape:
    """What a site holds before a test begins.

    Attributes:
        size, seed: Of the studio's catalogue.
        stages: Stages whose assets of single movies are built, in their order.
        seen: Movies, the first ones, that go on after the crawl; 0 for all.
        assets: Assets of all movies that are made after them, in this order.
        config: Configuration of some of them.
    """

    size: int = 6
    seed: int = 7
    stages: tuple[str, ...] = ()
    seen: int = 0
    assets: tuple[str, ...] = ()
    config: dict[str, dict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.stages == STAGES[: len(self.stages)], "stages are built in their order"

    @property
    def name(self) -> str:
        """A folder's name: equal shapes have equal names."""
        return hash_bytes(json.dumps(vars(self), sort_keys=True).encode())[:16]

    def before(self) -> "Shape | None":
        """Return the shape that this one goes on from; None for the empty one."""
        if self.assets:
            return replace(self, assets=(), config={})
        return replace(self, stages=self.stages[:-1]) if self.stages else None

    def finish(self, site: Site) -> None:
        """Bring a site of the shape `before` to this one."""
        if self.assets:
            site.materialize(*self.assets, **self.config)
        elif self.seen and len(self.stages) > 1:
            movies = tuple(site.catalogue.movie_ids()[: self.seen])
            site.build(stages=self.stages[-1:], movies=movies)
        else:
            site.build(stages=self.stages[-1:])


class SharedSites:
    """The sites of a session, in one folder that all its workers know.

    Args:
        folder: Made when missing.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def copy(self, shape: Shape, folder: Path) -> None:
        """Copy the site of this shape to a folder that is not there yet."""
        copy_site(self._find(shape), folder)

    def _find(self, shape: Shape) -> Path:
        """Return the folder of the site that nobody changes; build it where it is missing."""
        before = shape.before()
        place = self.folder / (shape.name if before else "empty")
        with _locked(place.with_suffix(".lock")):
            if not place.exists():
                growing = place.with_suffix(".growing")
                shutil.rmtree(growing, ignore_errors=True)  # another worker may have died of it
                if before is None:
                    make_home(growing)
                else:
                    self.copy(before, growing)
                    with opened_site(growing, shape.size, shape.seed) as site:
                        shape.finish(site)
                growing.rename(place)
        return place


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the kernel frees when its holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
