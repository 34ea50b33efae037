"""The commands as a user meets them: help, errors, stopping."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from resources.settings import ENVIRONMENT, VARIABLES, Settings

ROOT = Path(__file__).resolve().parents[2]


def marquee(*arguments, environment=None, cwd=None, check=True):
    return subprocess.run(
        [sys.executable, "-m", "assets.cli.main", *arguments],
        env={**_bare(), **(environment or {})},
        cwd=cwd,
        check=check,
        capture_output=True,
        text=True,
        timeout=180,
    )


def at(site, *arguments):
    return marquee(*arguments, environment=site.environment, cwd=site.folder)


def _bare():
    """The environment without anything that points marquee or Dagster anywhere."""
    names = {*ENVIRONMENT.values(), "DAGSTER_HOME", "DAGSTER_MODULE_NAME"}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


@pytest.mark.parametrize(
    "command",
    [
        "build",
        "demo",
        "status",
        "doctor",
        "retry",
        "studio",
        "import",
        "export",
        "bench",
        "evaluate",
        "leaderboard",
    ],
)
def test_every_command_explains_itself(command):
    assert len(marquee(command, "--help").stdout) > 200


def test_commands_of_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    said = set(re.findall(r"uv run marquee (\w+)", text))
    listed = marquee("--help").stdout
    assert said
    assert {command for command in said if not re.search(rf"^│ {command}\b", listed, re.M)} == set()


def test_table_of_variables_in_the_readme_is_that_of_the_settings():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text[text.index("| variable |") :].split("\n\n")[0]
    assert table.splitlines()[2:] == [
        f"| `{variable.name}` | {Settings.model_fields[field].description} | {variable.default} |"
        for field, variable in VARIABLES.items()
    ]


def test_pages_that_the_documents_link_to_exist():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_empty_store_says_what_to_run(tmp_path):
    said = marquee("status", cwd=tmp_path).stdout
    assert "marquee demo" in said


def test_model_without_features_says_what_to_run_and_shows_no_frames(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "revenue_model",
         "-m", "assets.definitions"],
        env={**_bare(), "DAGSTER_HOME": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.returncode != 0
    assert "uv run marquee demo" in result.stderr
    assert "Traceback" not in result.stderr
    assert 'File "' not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("build", "--films", "x"), {}, "TMDB ids are numbers"),
        (("build", "--stages", "cooking"), {}, "crawl, media, frames"),
        (("status",), {"TMDB_API_URL": "https://tmdb.example/3"}, "TMDB_API_KEY"),
        (("status",), {"MARQUEE_STUDIO": "nonsense"}, "generated:<seed>:<size>"),
        (("status",), {"MARQUEE_STORE": "/dev/null/store"}, "MARQUEE_STORE"),
        (("retry", "--asset", "nothing"), {}, "movie_records"),
        (("bench", "nothing"), {}, "bookkeeping"),
    ],
)
def test_mistake_is_answered_with_a_remedy_and_no_frames(tmp_path, arguments, environment, said):
    result = marquee(*arguments, environment=environment, cwd=tmp_path, check=False)
    assert result.returncode != 0
    assert said in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_interrupted_build_ends_cleanly_and_goes_on(open_site):
    site = open_site(size=8)
    command = [sys.executable, "-m", "assets.cli.main", "build", "--stages", "crawl,media"]
    environment = {**_bare(), **site.environment}
    site.order({"path": "/trailers/", "delay_s": 1.0})
    process = subprocess.Popen(
        command, env=environment, cwd=site.folder, stderr=subprocess.PIPE, text=True
    )
    for _ in range(600):
        if sum(site.stats()["kinds"]["trailer"].values()):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "goes on from here" in said
    assert "Traceback" not in said

    site.lift_faults()
    done = {p.stem for p in (site.folder / "store" / "posters").glob("*.jpg")}
    site.reset_stats()
    subprocess.run(
        command, env=environment, cwd=site.folder, check=True, capture_output=True, timeout=120
    )
    assert not any(
        stem in path for path in site.stats()["paths"] if "/t/p/" in path for stem in done
    )
    site.assert_dagster_shows_the_ledger()


def test_failed_films_are_due_again_when_asked(open_site):
    site = open_site(size=4)
    site.order({"path": "/t/p/", "status": 404})
    site.build(stages=("crawl", "media"))
    refused = {i for i, row in site.rows("posters").items() if row.status == "refused"}
    assert refused
    site.lift_faults()
    assert site.build(stages=("crawl", "media")) == 0
    said = at(site, "retry", "--refused", "--asset", "posters")
    assert f"{len(refused)} rows" in said.stdout
    assert site.build(stages=("crawl", "media")) == len(refused)
    assert {row.status for i, row in site.rows("posters").items() if i in refused} == {"ok"}


def test_build_of_named_films_does_those_alone(open_site):
    site = open_site(size=5)
    ids = site.catalogue.movie_ids()
    at(site, "build", "--films", f"{ids[1]},{ids[3]}", "--stages", "crawl")
    assert set(site.rows("movie_records")) == {ids[1], ids[3]}
    at(site, "build", "--limit", "1", "--stages", "crawl")
    assert set(site.rows("movie_records")) == {ids[0], ids[1], ids[3]}


def test_readmes_command_opens_the_ui_and_the_daemon_looks_for_what_is_due(tmp_path):
    """In a folder with the repository's own `.env` and workspace, as a user has it."""
    for name in (".env", "workspace.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".dagster").mkdir()
    shutil.copy(ROOT / ".dagster" / "dagster.yaml", tmp_path / ".dagster")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log"
    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster", "dev", "-p", str(port), "-h", "127.0.0.1"],
            env={**_bare(), "PWD": str(tmp_path)},
            cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
        )  # fmt: skip
    try:
        for _ in range(120):
            time.sleep(1)
            said = log.read_text()
            if "Serving dagster-webserver" in said and "due_movies skipped" in said:
                break
        assert "Serving dagster-webserver" in said
        assert "Sensor due_movies skipped: All assets are up to date." in said
        assert requests.get(f"http://127.0.0.1:{port}/server_info", timeout=10).ok
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
