"""The home of a cluster is one that Dagster loads: Ray's launcher, PostgreSQL by psycopg2."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import DagsterInstance
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef

from assets.orchestration.run_slots import count_slots

dagster_ray: Any = pytest.importorskip("dagster_ray", reason="the extra `ray` is not installed")

ROOT = Path(__file__).resolve().parents[3]
PACKAGED = ROOT / "resources" / "cluster" / "dagster.yaml"


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "dagster.yaml").write_bytes(PACKAGED.read_bytes())
    monkeypatch.setenv("RAY_JOBS_ADDRESS", "http://head.example.org:8265")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://films@db.example.org/dagster")
    return tmp_path


def test_the_file_to_copy_is_the_one_that_marquee_up_uses():
    assert (ROOT / "deploy" / "ray" / "dagster.yaml").read_bytes() == PACKAGED.read_bytes()


def test_dagsters_loader_takes_every_key(home):
    config, _ = dagster_instance_config(str(home))
    assert config["run_monitoring"]["enabled"]
    ref = InstanceRef.from_dir(str(home))
    launcher: Any = ref.run_launcher
    assert isinstance(launcher, dagster_ray.RayRunLauncher)
    assert launcher.address == "http://head.example.org:8265"
    assert launcher.num_cpus == 1
    assert launcher.env_vars == ["DAGSTER_HOME"]
    given = yaml.safe_load(PACKAGED.read_text())["storage"]["postgres"]["postgres_url"]
    assert given == {"env": "DAGSTER_POSTGRES_URL"}, "no password stands in the file"


def test_as_many_runs_are_submitted_as_the_file_says(home, tmp_path):
    settings = yaml.safe_load(PACKAGED.read_text())
    del settings["storage"]  # a server
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert count_slots(instance) == 4
