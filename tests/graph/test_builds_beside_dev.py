"""Two builds and `dagster dev` at once, on an object store and PostgreSQL: every film once."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import dagster as dg
import pytest
from commands import bare_environment
from dagster_dev import dagster_dev
from servers import BUCKET, object_store, postgres
from sites import DAGSTER_YAML, MOVIE_STAGES

from assets.orchestration.asset_specs import MOVIE_ASSETS
from resources.storage.ledger import Ledger

MOVIES = int(os.environ.get("MARQUEE_TEST_MOVIES", "200"))
FETCHED = re.compile(r"/3/movie/\d+$|/t/p/|/trailers/")
"""Paths of which each is one film's."""


@pytest.fixture
def site(open_site, tmp_path, monkeypatch):
    with object_store() as s3, postgres(tmp_path / "postgres") as database:
        for name, value in s3.items():
            monkeypatch.setenv(name, value)
        site = open_site(size=MOVIES, stages=())
        address = database.replace("postgresql", "postgresql+psycopg2")
        storage = {"storage": {"postgres": {"postgres_url": address}}}
        (site.folder / "home" / "dagster.yaml").write_text(DAGSTER_YAML + json.dumps(storage)[1:-1])
        site.instance.dispose()
        site.instance = dg.DagsterInstance.from_config(str(site.folder / "home"))
        site.more |= {"ledger": database, "store": f"s3://{BUCKET}/store"}
        yield site


def environment(site, machine):
    own = {"MARQUEE_STORE": site.more["store"], "XDG_CACHE_HOME": str(site.folder / machine)}
    return {**bare_environment(), **_credentials(), **site.environment, **own}


def _credentials():
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def start(site, machine, module, *arguments):
    folder = site.folder / machine
    folder.mkdir()
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment(site, machine), cwd=folder, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip


def wait_for_sensor(site):
    """Wait until no run of movies is at work any more, and none is on its way."""
    statuses = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]
    statuses += [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED]
    live = dg.RunsFilter(job_name="movies", statuses=statuses)
    while site.instance.get_runs(live, limit=1):
        time.sleep(1.0)


def sensor_runs(site):
    runs = site.instance.get_runs(dg.RunsFilter(job_name="movies"))
    return [run for run in runs if run.tags.get("dagster/sensor_name") == "due_movies"]


@pytest.mark.slow
def test_two_builds_and_dagster_dev_do_every_movie_once(site):
    site.reset_stats()
    (site.folder / "dev").mkdir()
    with dagster_dev(site.folder / "dev", environment(site, "dev")):
        stages = ("build", "--stages", ",".join(MOVIE_STAGES))
        builds = [start(site, name, "assets.cli", *stages) for name in ("one", "two")]
        for name, build in zip(("one", "two"), builds, strict=True):
            assert build.wait(timeout=3000) == 0, (site.folder / name / "log").read_text()
        wait_for_sensor(site)
    paths = Counter(path for path in site.stats()["paths"] if FETCHED.search(path))
    counts, repeated = {}, {path: n for path, n in paths.items() if n > 1}
    with closing(Ledger(site.more["ledger"])) as ledger:
        known = set(ledger.movies())
        for spec in MOVIE_ASSETS:
            events = Counter(event.partition for event in site.events(spec.name))
            rows = ledger.rows(spec.name)
            final = {str(i) for i, row in rows.items() if row.is_final}
            counts[spec.name] = (len(events), sum(events.values()))
            assert set(events) == final, spec.name
            assert max(events.values(), default=1) == 1, spec.name
    records = [path for path in paths if re.search(r"/3/movie/\d+$", path)]
    print(f"{len(known)} films; events (films, events): {counts}; requests repeated: {repeated}")
    print(f"runs of the sensor: {len(sensor_runs(site))}; records asked: {len(records)}")
    assert len(known) == len(records) == MOVIES
    assert not repeated
    assert not site.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELED]))
