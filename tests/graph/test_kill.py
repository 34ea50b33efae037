"""Builds that are killed at random moments end as one that was not.

By day `test_crash_points` kills one at every moment of which we know; these look for others.
"""

import os
import random
import shutil
import subprocess
import sys
import time

import pytest
from snapshots import snapshot

from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.outcomes import Status

KILLS = 10
MEDIA = {"posters": ("image", "/t/p/"), "trailers": ("trailer", "/trailers/")}


def start(site, stages="crawl,media,frames,embeddings"):
    return subprocess.Popen(
        [sys.executable, "-m", "assets.cli", "build", "--stages", stages],
        env={**os.environ, **site.environment},
        cwd=site.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def complete_media(site):
    """Files of media that are whole and in their place."""
    return {p.stem: kind for kind in MEDIA for p in (site.folder / "store" / kind).glob("[0-9]*")}


def fetched_again(site, complete):
    paths = site.stats()["paths"]
    return [
        path
        for path in paths
        for stem, kind in complete.items()
        if path.startswith(MEDIA[kind][1]) and stem in path
    ]


def count_files(site):
    store = site.folder / "store"
    return sum(1 for path in store.rglob("[0-9]*.*") if ".staging" not in path.parts)


def kill_after(process, site, new_files):
    """Kill a build once it has kept so many more files; give whether it was still running."""
    wanted = count_files(site) + new_files
    while process.poll() is None and count_files(site) < wanted:
        time.sleep(0.02)
    was_running = process.poll() is None
    process.kill()
    process.wait()
    return was_running


@pytest.mark.slow
def test_ten_kills_change_nothing_in_the_end(open_site):
    draw = random.Random(20261120)
    disturbed, calm = open_site(size=16, name="disturbed"), open_site(size=16, name="calm")
    for _ in range(KILLS):
        complete = complete_media(disturbed)
        disturbed.reset_stats()
        assert kill_after(start(disturbed), disturbed, draw.randint(1, 16)), "not killed in time"
        assert fetched_again(disturbed, complete) == []
    assert start(disturbed).wait(timeout=900) == 0
    assert start(calm).wait(timeout=900) == 0
    found, wanted = snapshot(disturbed), snapshot(calm)
    assert found["files"] == wanted["files"]
    assert found["rows"] == wanted["rows"]
    assert found["shown"] == wanted["shown"]


def forget_embeddings(site):
    """Take away what the embedding steps have made, files and rows."""
    steps = [
        s.name for s in MOVIE_ASSETS if s.name.endswith("_embeddings") or s.name == "poster_regions"
    ]
    with site.run_context() as run_context:
        known = list(run_context.ledger.movies())
        run_context.ledger.forget(steps, known, [status.value for status in Status])
    for folder in ("embeddings", "regions", "attr_bbox"):
        shutil.rmtree(site.folder / "store" / folder)


@pytest.mark.slow
def test_kills_among_embeddings_change_nothing_in_the_end(open_site):
    site = open_site(size=3)
    site.more = {"backbones": "resnet18"}
    site.build()
    wanted = snapshot(site)
    forget_embeddings(site)
    for new_files in (2, 7):
        assert kill_after(start(site, "embeddings"), site, new_files), "not killed in time"
    assert start(site, "embeddings").wait(timeout=900) == 0
    found = snapshot(site)
    assert found["files"] == wanted["files"]
    assert found["rows"] == wanted["rows"]
