"""A cluster on this machine, as `marquee up --cluster` starts it: Ray's head and nodes, PostgreSQL
and an object store. By day `tests/unit/cluster` tests its parts, and `test_ray_runs` what is asked
of Ray and what is submitted again.
"""

import os
import re
import shutil
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import dagster as dg
import psutil
import pytest
from clusters import cluster_of, kill_node, wait_for
from e2e.compare_stores import compare_stores
from processes import Process
from s3fs import S3FileSystem
from sites import ROOT

from assets.orchestration.asset_specs import MOVIE_ASSETS, UNPARTITIONED_ASSETS
from resources.cluster.servers import BUCKET
from resources.storage.ledger import Ledger

pytestmark = pytest.mark.slow

MOVIES = int(os.environ.get("CLUSTER_TEST_MOVIES", "30"))
PRESET = os.environ.get("CLUSTER_TEST_PRESET", "small")
RATE_PER_S = float(os.environ.get("CLUSTER_TEST_RATE", "2"))
STAGES = ("crawl", "media", "frames", "embeddings", "splits", "models", "evaluation")
WINDOW_S = 10.0


@pytest.fixture
def site(open_site, monkeypatch):
    site = open_site(size=MOVIES, stages=())
    site.more |= {"preset": PRESET, "requests_per_s": f"{RATE_PER_S:g}"}
    return site


def start_build(site, cluster, stages=STAGES):
    environment = {**cluster.environment, "XDG_CACHE_HOME": str(site.folder / "build-cache")}
    return Process(site, "build", "--stages", ",".join(stages), environment=environment)


def has_begun(cluster, stage):
    """Whether the ledger has a row of one of a stage's assets."""
    specs = [*MOVIE_ASSETS, *UNPARTITIONED_ASSETS.values()]
    names = [spec.name for spec in specs if spec.stage == stage]
    with password_of(cluster), closing(Ledger(cluster.environment["MARQUEE_LEDGER"])) as ledger:
        return any(ledger.rows(name) for name in names)


@contextmanager
def password_of(cluster):
    os.environ["PGPASSFILE"] = cluster.environment["PGPASSFILE"]
    try:
        yield
    finally:
        del os.environ["PGPASSFILE"]


def read_rows(url):
    """Return what the ledger knows of each movie, without times and attempts."""
    with closing(Ledger(url)) as ledger:
        return {
            spec.name: {
                i: (r.status, r.reason, r.input_version, r.content_hash, r.is_published)
                for i, r in ledger.rows(spec.name).items()
            }
            for spec in MOVIE_ASSETS
        }


def fetch_store(cluster, folder):
    """Copy the object store into a folder, without the lists that it has for local copies."""
    own = cluster.environment
    endpoint = own["AWS_ENDPOINT_URL"]
    fs = S3FileSystem(key="x", secret="x", endpoint_url=endpoint, skip_instance_cache=True)
    for name in fs.find(f"{BUCKET}/store"):
        path = folder / name.removeprefix(f"{BUCKET}/store/")
        if path.name != ".index.json":
            path.parent.mkdir(parents=True, exist_ok=True)
            fs.get_file(name, str(path))


class RequestCounter(threading.Thread):
    """Notes four times a second how many requests TMDB's stand-in has had."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.counts, self.is_over = site, [], threading.Event()

    def run(self):
        while not self.is_over.wait(0.25):
            self.counts.append((time.monotonic(), self.site.asked("details", "tmdb")))

    def rates(self):
        """Return requests per second in every window of `WINDOW_S`."""
        for at, count in self.counts:
            later = next((one for one in self.counts if one[0] >= at + WINDOW_S), None)
            if later:
                yield (later[1] - count) / (later[0] - at)


def check_whole_path(site, cluster, tmp_path):
    with password_of(cluster):
        rows = read_rows(cluster.environment["MARQUEE_LEDGER"])
    fetch_store(cluster, tmp_path / "cluster-store")
    build_alone(site)
    alone = read_rows(f"sqlite:///{site.store}/ledger.sqlite")
    assert rows == alone
    ignored = ("journal/", ".runs/", "ledger.sqlite", ".lock", ".staging/")
    differing = list(compare_stores(site.store, tmp_path / "cluster-store", ignored))
    print("\n".join(differing))
    assert not differing


def build_alone(site):
    """Build the same undisturbed, on this machine, in a folder and SQLite, without a limit."""
    site.more.pop("requests_per_s")
    site.reset_stats()
    process = Process(site, "build", "--stages", ",".join(STAGES))
    assert process.wait(3000) == 0, process.output
    print(f"a single machine asked {site.stats()['kinds']}")


def runs_of(cluster, **wanted):
    environment = {name: cluster.environment[name] for name in
                   ("DAGSTER_POSTGRES_URL", "PGPASSFILE", "RAY_JOBS_ADDRESS")}  # fmt: skip
    os.environ.update(environment)
    try:
        with dg.DagsterInstance.from_config(cluster.environment["DAGSTER_HOME"]) as instance:
            return list(instance.get_runs(dg.RunsFilter(**wanted)))
    finally:
        for name in environment:
            del os.environ[name]


def kill_a_node_in_each_stage(cluster, build):
    """Kill the oldest node as soon as a stage has its first result, and add one for it."""
    nodes = [child for child in cluster.children.started if child.name.startswith("ray node")]
    for number, stage in enumerate(STAGES, start=len(nodes) + 1):
        wait_for(partial(has_begun, cluster, stage), 1200, build)
        kill_node(nodes.pop(0))
        nodes.append(cluster.add_node(number))
        print(f"{stage}: a node was killed and one added")


def test_whole_path_with_a_node_killed_in_each_stage_equals_a_single_machines(site, tmp_path):
    with cluster_of(site, tmp_path / ".cluster", nodes=2) as cluster:
        site.reset_stats()
        counter = RequestCounter(site)
        counter.start()
        build = start_build(site, cluster)
        kill_a_node_in_each_stage(cluster, build)
        assert build.wait(3000) == 0, build.output
        counter.is_over.set()
        assert "is submitted again" in build.output
        asked = site.stats()["kinds"]
        by_status = Counter(run.status.value for run in runs_of(cluster))
        rate = max(counter.rates(), default=0)
        print(f"{MOVIES} movies, runs {dict(by_status)}, asked {asked}, at most {rate:.2f} "
              f"requests a second of {RATE_PER_S:g}")  # fmt: skip
        assert rate <= RATE_PER_S * 1.05 + 1 / WINDOW_S
        assert by_status["FAILURE"] >= 1
        again = start_build(site, cluster)
        assert again.wait(600) == 0, again.output
        assert "No movie was stale" in again.output
        check_whole_path(site, cluster, tmp_path)


def test_command_on_a_cluster_leaves_nothing_behind(tmp_path):
    (tmp_path / ".cluster").mkdir()
    command = [sys.executable, "-m", "assets.cli", "up", "--cluster", "--", "sh", "-c",
               "ss -ltn; echo $DAGSTER_HOME; exit 7"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    before = set(Path("/tmp").glob("marquee-*"))
    children, words = set(), tmp_path / "words"
    with (
        words.open("w") as file,
        psutil.Popen(command, cwd=tmp_path, env=environment, stdout=file) as process,
    ):
        while process.poll() is None:
            with suppress(psutil.NoSuchProcess):
                children |= set(process.children(recursive=True))
            time.sleep(0.2)
    assert process.returncode == 7
    listening = re.findall(r"^LISTEN +\d+ +\d+ +(\S+):(\d+)", words.read_text(), re.M)
    open_to_others = {port for address, port in listening if "127.0.0.1" not in address}
    assert open_to_others <= already_open(), "Ray, PostgreSQL and the store answer here alone"
    assert len(children) > 10
    assert not [child for child in children if child.is_running()]
    assert set(Path("/tmp").glob("marquee-*")) <= before | {Path("/tmp/marquee-studio-0")}
    assert [path.name for path in (tmp_path / ".cluster").iterdir()] == ["home"]


def already_open():
    """Return the ports on which others on this machine listen, also to other machines."""
    return {str(one.laddr.port) for one in psutil.net_connections("inet") if one.status == "LISTEN"}


def test_gpu_is_asked_for_by_runs_that_embed_alone(site, tmp_path):
    site.more |= {"ray_gpus": "0.5"}
    with cluster_of(site, tmp_path / ".cluster", nodes=1, gpus=1) as cluster:
        build = start_build(site, cluster, ("crawl", "media", "embeddings"))
        assert build.wait(900) == 0, build.output
        tags = [run.tags["dagster-ray/config"] for run in runs_of(cluster, job_name="movies")]
    assert len([one for one in tags if '"num_gpus": 0.5' in one]) * 2 == len(tags)
    shutil.rmtree(tmp_path / ".cluster")
