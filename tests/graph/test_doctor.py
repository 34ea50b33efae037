"""`marquee doctor`: a bare machine, a wrong key, an ended session, each reported apart."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import dagster as dg
import pytest
import yaml
from rich.console import Console

from assets.cli.build import HOME_SETTINGS
from assets.cli.doctor import examine, print_findings
from assets.cli.home_checks import _check_driver, check_home
from assets.orchestration.partitions import claim_home
from resources.settings import ENVIRONMENT, Settings

ROOT = Path(__file__).resolve().parents[2]
WRONG_KEY = "ffeeddccbbaa99887766554433221100"
OLD_COOKIE = "at-main=session-that-has-ended"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in, and nothing in the environment."""
    for name in (*ENVIRONMENT.values(), "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def look_at(settings):
    found = {}
    for finding in examine(settings):
        found.setdefault(finding.name, finding)
    return found


def settings_of(site, **changes):
    return Settings(**{**vars(site.settings), **changes})


def test_bare_machine_works_on_the_studio_and_says_what_a_key_would_give(folder):
    found = look_at(Settings())
    assert found["source"].detail.startswith("built-in studio")
    assert found["store"].is_ok
    assert found["ledger"].is_ok
    assert found["Dagster home"].is_ok
    for name, variable in (("TMDB key", "TMDB_API_KEY"), ("IMDbPro", "IMDBPRO_COOKIE")):
        assert found[name].is_ok is None
        assert variable in found[name].remedy
    assert list(folder.iterdir()) == []


def test_right_key_and_session_work(folder, open_site):
    found = look_at(open_site(size=2).settings)
    for name in ("source", "store", "ledger", "TMDB key", "image host", "IMDbPro"):
        assert found[name].is_ok, found[name]


def test_wrong_key_and_ended_session_are_reported_apart(folder, open_site):
    site = open_site(size=2)
    found = look_at(settings_of(site, tmdb_api_key=WRONG_KEY, imdbpro_cookie=OLD_COOKIE))
    assert found["TMDB key"].is_ok is False
    assert "refuses the key" in found["TMDB key"].detail
    assert "a v3 key" in found["TMDB key"].detail
    assert "TMDB_API_KEY" in found["TMDB key"].remedy
    assert found["IMDbPro"].is_ok is False
    assert "login page" in found["IMDbPro"].detail
    assert "IMDBPRO_COOKIE" in found["IMDbPro"].remedy
    assert found["image host"].is_ok
    assert WRONG_KEY not in str(found)
    assert "session-that-has-ended" not in str(found)


def test_store_of_another_source_is_reported_from_one_that_cannot_be_written(folder, open_site):
    site = open_site(size=2)
    with site.run_context():
        pass
    assert look_at(site.settings)["store"].is_ok
    other = look_at(Settings(store=str(site.folder / "store"), studio="generated:8:2"))["store"]
    assert other.is_ok is False
    assert "never mix" in other.detail
    (folder / "file").write_text("x")
    unwritable = look_at(settings_of(site, store=str(folder / "file")))["store"]
    assert unwritable.is_ok is False
    assert "cannot be written" in unwritable.detail


def test_wrong_setting_is_reported_alone(folder):
    found = look_at(Settings(source="netflix"))
    assert found["settings"].is_ok is False
    assert "MARQUEE_SOURCE" in found["settings"].detail
    assert "TMDB key" not in found


def test_home_of_another_source_is_named(folder, monkeypatch):
    home = folder / "home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    (home / "dagster.yaml").write_text(HOME_SETTINGS)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        claim_home(instance, "studio abc")
    same, telemetry = check_home("studio abc")
    assert (same.is_ok, telemetry.is_ok) == (True, True)
    other, _ = check_home("tmdb")
    assert other.is_ok is False
    assert "has movies of studio abc, the settings name tmdb" in other.detail
    (folder / ".env").write_text("DAGSTER_HOME=another\n")
    assert "another will be created" in check_home("tmdb")[0].detail


@pytest.mark.parametrize(
    ("yaml", "is_ok"), [("telemetry: {enabled: true}", None), ("", None), ("a: [", False)]
)
def test_telemetry_that_is_on_is_pointed_out(folder, yaml, is_ok):
    (folder / ".dagster").mkdir()
    (folder / ".dagster" / "dagster.yaml").write_text(yaml)
    finding = check_home("tmdb")[-1]
    assert finding.is_ok is is_ok
    assert "dagster.yaml" in finding.remedy + finding.detail


def test_home_that_is_a_file_is_a_fault(folder):
    (folder / ".dagster").write_text("x")
    assert check_home("tmdb")[0].is_ok is False


def test_home_whose_storage_does_not_open_is_a_fault(folder):
    history = folder / ".dagster" / "history"
    history.mkdir(parents=True)
    (folder / ".dagster" / "dagster.yaml").write_text(HOME_SETTINGS)
    (history / "runs.db").write_text("not a database")
    finding = check_home("tmdb")[0]
    assert finding.is_ok is False
    assert "does not open" in finding.detail


def test_table_has_a_line_per_finding_with_mark_and_remedy(folder):
    findings = examine(Settings(source="netflix"))
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    with console.file:
        assert print_findings(findings, console, as_json=False) == 1
    output = console.export_text()
    assert "✗ settings " in output
    assert "1 to fix: settings" in output
    working = [finding for finding in findings if finding.is_ok is not False]
    with open(os.devnull, "w") as sink:  # noqa: PTH123
        assert print_findings(working, Console(file=sink), as_json=False) == 0


def test_command_tells_a_wrong_key_an_ended_session_and_a_missing_runtime_apart(folder, open_site):
    """With the Python below this environment's: beside it, and on the PATH, there is no deno."""
    site = open_site(size=2)
    bare = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
        "PATH": str(folder),
        "HOME": str(folder),
    }
    secret = {"TMDB_API_KEY": WRONG_KEY, "IMDBPRO_COOKIE": OLD_COOKIE}
    result = subprocess.run(
        [sys._base_executable, "-m", "assets.cli", "doctor", "--json"],
        env={**site.environment, **secret, **bare, "MARQUEE_PRESET": "small"},
        cwd=site.folder, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    output = json.loads(result.stdout)
    assert result.returncode == 1
    assert output["is_ok"] is False
    remedies = {f["name"]: f["remedy"] for f in output["findings"] if f["is_ok"] is False}
    assert "TMDB_API_KEY" in remedies["TMDB key"]
    assert "IMDBPRO_COOKIE" in remedies["IMDbPro"]
    assert "uv sync" in remedies["JavaScript runtime"]
    assert not {"settings", "source", "store", "ledger", "disk", "image host"} & set(remedies)
    for text in (WRONG_KEY, "session-that-has-ended"):
        assert text not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("storage", "is_wrong"),
    [
        ("postgres_url: postgresql://me@host/x", True),
        ("postgres_url: postgresql+psycopg2://me@host/x", False),
        ("postgres_url: {env: DATABASE}", True),
        ("postgres_db: {username: me, password: x, hostname: h, db_name: d}", True),
        (
            "postgres_db: {username: me, password: x, hostname: h, db_name: d,"
            " scheme: postgresql+psycopg2}",
            False,
        ),
    ],
)
def test_history_on_postgres_by_a_driver_that_stores_no_event_is_named(
    storage, is_wrong, tmp_path, monkeypatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE", "postgresql+psycopg://me@host/x")
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load(f"storage:\n  postgres:\n    {storage}\n")
    found = _check_driver(config)
    assert [finding.is_ok for finding in found] == [False] * is_wrong
    assert all("postgresql+psycopg2" in finding.remedy for finding in found)
