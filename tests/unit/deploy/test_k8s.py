"""What `deploy/k8s` names exists: keys of Dagster's chart, variables, files, modules, drivers.

No cluster and no helm is needed, so this is no proof that it works on one.
"""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml
from dagster_postgres.utils import pg_url_from_config

from resources.settings import ENVIRONMENT, SECRETS

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "k8s"

CHART = {
    "": {"global", "generatePostgresqlPasswordSecret", "postgresql", "dagsterWebserver",
         "dagsterDaemon", "dagster-user-deployments", "runLauncher", "telemetry"},
    "global": {"postgresqlSecretName"},
    "postgresql": {"enabled", "postgresqlScheme", "postgresqlHost", "postgresqlUsername",
                   "postgresqlDatabase", "service"},
    "dagsterWebserver": {"image"},
    "dagsterDaemon": {"enabled", "image", "runCoordinator", "runMonitoring"},
    "dagsterDaemon.runCoordinator.config.queuedRunCoordinator": {"maxConcurrentRuns"},
    "dagster-user-deployments": {"enabled", "deployments"},
    "runLauncher": {"type", "config"},
    "runLauncher.config.k8sRunLauncher": {"image", "imagePullPolicy", "failPodOnRunFailure"},
    "telemetry": {"enabled"},
}  # fmt: skip
"""Keys that the chart's schema has, as far as they are used here."""

DEPLOYMENT = {"name", "image", "dagsterApiGrpcArgs", "port", "includeConfigInLaunchedRuns", "env",
              "envSecrets", "volumes", "volumeMounts", "resources"}  # fmt: skip

OTHERS = {"AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "XDG_CACHE_HOME",
          "PATH", "PYTHONUNBUFFERED", "DAGSTER_HOME"}  # fmt: skip
"""Variables of others: S3's driver, the system, Python, Dagster."""


@pytest.fixture(scope="module")
def values():
    return yaml.safe_load((FOLDER / "values.yaml").read_text(encoding="utf-8"))


def at(values, place):
    for key in place.split(".") if place else ():
        values = values[key]
    return values


@pytest.mark.parametrize("place", CHART)
def test_keys_are_those_of_the_chart(values, place):
    assert set(at(values, place)) == CHART[place]


def test_code_is_served_from_a_module_that_exists(values):
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    assert set(deployment) == DEPLOYMENT
    option, module = deployment["dagsterApiGrpcArgs"]
    assert option == "-m"
    assert importlib.util.find_spec(module)
    mounts = {mount["name"] for mount in deployment["volumeMounts"]}
    assert mounts == {volume["name"] for volume in deployment["volumes"]}


def test_every_variable_is_a_setting_and_no_secret_stands_in_the_file(values):
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    given = {one["name"] for one in deployment["env"]}
    (secrets,) = deployment["envSecrets"]
    commented = re.search(rf"name: {secrets['name']} # (.*)", _text("values.yaml"))
    assert commented
    in_the_secret = set(commented[1].split(", "))
    dockerfile = _text("Dockerfile").partition("ENV ")[2].partition("\nRUN")[0]
    in_the_image = set(re.findall(r"(\w+)=", dockerfile))
    for name in given | in_the_secret | in_the_image:
        assert name in {*ENVIRONMENT.values(), *OTHERS}, name
    hidden = {ENVIRONMENT[field] for field in (*SECRETS, "ledger")}
    assert not given & hidden
    assert "password" not in " ".join(given).lower()


def test_all_containers_run_the_same_image(values):
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    images = [
        deployment["image"],
        values["dagsterWebserver"]["image"],
        values["dagsterDaemon"]["image"],
        values["runLauncher"]["config"]["k8sRunLauncher"]["image"],
    ]
    assert all(image == images[0] for image in images)


def test_history_is_reached_by_the_driver_that_works(values):
    postgresql = values["postgresql"]
    url = pg_url_from_config({
        "postgres_db": {
            "username": postgresql["postgresqlUsername"],
            "password": "x",
            "hostname": postgresql["postgresqlHost"],
            "db_name": postgresql["postgresqlDatabase"],
            "port": postgresql["service"]["port"],
            "params": {},
            "scheme": postgresql["postgresqlScheme"],
        }
    })  # fmt: skip
    assert url.startswith("postgresql+psycopg2://marquee:x@postgres.example.org:5432/dagster")


def test_image_is_built_of_files_and_extras_that_exist():
    dockerfile = _text("Dockerfile")
    for line in re.findall(r"^COPY (.*) \S+$", dockerfile, re.M):
        assert all((ROOT / name).exists() for name in line.split()), line
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extra in re.findall(r"--extra (\w+)", dockerfile):
        assert re.search(rf"^{extra} = ", project, re.M), extra
    kept = re.findall(r"^!(.*)$", _text("Dockerfile.dockerignore"), re.M)
    assert all((ROOT / name).exists() for name in kept)


def _text(name):
    return (FOLDER / name).read_text(encoding="utf-8")
