"""The crash matrix: whatever is killed or breaks while films are built, nothing is lost or torn.

Each test disturbs some builds of a few films, lets the next one end, and compares files, rows and
events with those of an undisturbed build; with `-s` one table shows all of them. By day
`test_crash_points` kills a build at every moment of which we know, `test_hostile` and
`test_distant_builds` have a full disk and a machine that died. Ray's nodes are killed in
`test_ray_cluster`.
"""

import json
import os
import random
import time
from contextlib import suppress

import dagster as dg
import psutil
import pytest
from commands import bare_environment
from crash_scenes import HEADER, Scene, Tally
from dagster_dev import dagster_dev
from s3fs import S3FileSystem
from servers import BUCKET, object_store, postgres_server
from shared_sites import Shape
from sites import DAGSTER_YAML, MOVIE_STAGES, opened_site
from small_disk import LARGE, small_disk
from snapshots import snapshot
from tcp_front import Front

pytestmark = pytest.mark.slow

MOVIES = int(os.environ.get("MARQUEE_TEST_MOVIES", "8"))
KILLS = int(os.environ.get("MARQUEE_TEST_KILLS", "5"))
DEVS = min(KILLS, 2)
"""How often `dagster dev` is started: half a minute each."""

SEED = 20261130


@pytest.fixture(scope="module")
def table():
    tallies = []
    yield tallies
    print("\n".join(["", HEADER, *(one.line for one in tallies)]))


@pytest.fixture(scope="module")
def calm(shared_sites, tmp_path_factory):
    """What a site holds in the end when nobody disturbs it."""
    folder = tmp_path_factory.mktemp("calm") / "site"
    shape = Shape(MOVIES, stages=MOVIE_STAGES)
    shared_sites.copy(shape, folder)
    with opened_site(folder, shape.size, shape.seed) as site:
        return snapshot(site)


@pytest.fixture
def scene_of(table):
    def make(site, what, **more):
        tally = Tally(what)
        table.append(tally)
        return Scene(site, tally, random.Random(f"{SEED} {what}"), **more)

    return make


@pytest.fixture
def distant(open_site, tmp_path, monkeypatch):
    """A site on an object store, with ledger and history on PostgreSQL."""
    with object_store() as s3, postgres_server(tmp_path / "postgres") as database:
        for name, value in s3.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "here"))
        site = open_site(MOVIES)
        address = database.url.replace("postgresql", "postgresql+psycopg2")
        storage = {"storage": {"postgres": {"postgres_url": address}}}
        (site.folder / "home" / "dagster.yaml").write_text(DAGSTER_YAML + json.dumps(storage)[1:-1])
        site.instance.dispose()
        site.instance = dg.DagsterInstance.from_config(str(site.folder / "home"))
        site.more |= {"ledger": database.url, "store": f"s3://{BUCKET}/store"}
        site.database, site.endpoint = database, s3["AWS_ENDPOINT_URL"]
        site.objects = S3FileSystem(
            key="x", secret="x", endpoint_url=site.endpoint, skip_instance_cache=True
        )
        yield site


def test_kills_of_a_build(open_site, scene_of, calm):
    scene = scene_of(open_site(MOVIES), "run: `marquee build`")
    scene.kill_each(KILLS, 3 * MOVIES, lambda build: build.kill())
    scene.finish(calm)
    assert not scene.tally.faults


def test_kills_of_processes_that_work_for_a_step(open_site, scene_of, calm):
    """A build's own decoders: a call is repeated; one that is killed as it starts ends the step."""
    scene = scene_of(open_site(MOVIES), "step: a process that decodes for it")
    status = None
    while status != 0:
        build = scene.start()
        while build.poll() is None:
            decoding = [one for one in _below(build.pid) if "decoding_process" in _command(one)]
            if decoding and scene.tally.kills < KILLS:
                scene.draw.choice(decoding).kill()
                scene.tally.kills += 1
                scene.reach(build, 2)
            time.sleep(0.02)
        status = scene.end(build)
    scene.finish(calm)
    assert scene.tally.kills
    assert not scene.tally.faults


@pytest.mark.parametrize(
    ("what", "module"),
    [("daemon of `dagster dev`", "dagster._daemon"), ("webserver of it", "dagster_webserver")],
)
def test_kills_of_what_dagster_dev_has_started(open_site, scene_of, calm, what, module):
    """The sensor's run is at work; what it leaves the next build finishes."""
    scene = scene_of(open_site(MOVIES, stages=("crawl",)), what)
    for number in range(DEVS):
        if number:
            scene.site = open_site(MOVIES, stages=("crawl",), name=f"site {number}")
        scene.tally.runs += 1
        environment = {**bare_environment(), **scene.site.environment}
        with dagster_dev(scene.site.folder, environment) as dev:
            if scene.reach(dev, scene.draw.randint(1, MOVIES)):
                below = _below(dev.pid)
                (victim,) = [one for one in below if f"-m {module}" in _command(one)]
                victim.kill()
                scene.tally.kills += 1
                dev.wait(120)
                psutil.wait_procs(below, timeout=120)
        scene.finish(calm)
    assert not scene.tally.faults


def test_kills_of_postgresql(distant, scene_of, calm, tmp_path):
    scene = scene_of(distant, "PostgreSQL", objects=distant.objects)

    def strike(build):
        distant.database.kill()
        time.sleep(scene.draw.uniform(0.5, 5))
        distant.database.start()

    scene.kill_each(KILLS, MOVIES, strike)
    scene.finish(calm, tmp_path / "copy")
    assert not scene.tally.faults


def test_breaks_of_an_object_store(distant, scene_of, calm, tmp_path):
    """What stands before it is killed, with all connections: a server that keeps nothing on a disk
    would lose its files too.
    """
    front = Front(int(distant.endpoint.rpartition(":")[2]))
    own = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{front.port}"}
    scene = scene_of(
        distant, "object store: all connections", objects=distant.objects, environment=own
    )

    def strike(build):
        front.kill()
        time.sleep(scene.draw.uniform(0.5, 20))
        front.start()

    try:
        scene.kill_each(KILLS, MOVIES, strike)
        scene.finish(calm, tmp_path / "copy")
    finally:
        front.kill()
    assert not scene.tally.faults


def test_full_disk(open_site, scene_of, calm, tmp_path):
    """Store, ledger and Dagster's home are on it; Dagster's own errors are shown as they are."""
    site = open_site(MOVIES)
    scene = scene_of(site, "full disk: store, ledger, Dagster's home")
    with small_disk(tmp_path / "disk", site.store, site.folder / "home") as disk:
        for _ in range(KILLS):
            disk.resize(disk.used_bytes + scene.draw.randint(50_000, 1_500_000))
            build = scene.start()
            scene.tally.kills += scene.end(build) != 0
        disk.resize(LARGE)
        scene.finish(calm)
    assert scene.tally.kills
    assert scene.tally.faults.keys() <= {"unclear"}, "what Dagster cannot write it shows in frames"


def test_read_only_store(open_site, scene_of, calm, tmp_path):
    """A build is ended, the next one begins on a store that it cannot write. (A file system with a
    file that is open for writing cannot become read-only.)
    """
    site = open_site(MOVIES)
    site.more |= {"ledger": f"sqlite:///{site.folder}/ledger.sqlite"}  # is open all the time
    scene = scene_of(site, "read-only store")
    with small_disk(tmp_path / "disk", site.store) as disk:

        def strike(build):
            build.kill()
            assert disk.forbid_writing()
            assert scene.end(scene.start()) != 0
            disk.allow_writing()

        scene.kill_each(KILLS, MOVIES, strike)
        scene.finish(calm)
    assert not scene.tally.faults


def _below(pid):
    with suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []


def _command(process):
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
