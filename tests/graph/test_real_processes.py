"""Commands as a shell starts them: a build that is interrupted, Dagster's own, and its UI."""

import shutil
import signal
import socket
import subprocess
import sys
import time

import requests
from commands import bare_environment, marquee
from sites import ROOT


def test_interrupted_build_ends_cleanly_and_goes_on(open_site):
    site = open_site(size=6, stages=("crawl",))
    command = [sys.executable, "-m", "assets.cli", "build", "--stages", "media"]
    environment = {**bare_environment(), **site.environment}
    site.order({"path": "/trailers/", "delay_s": 4.0})
    process = subprocess.Popen(
        command, env=environment, cwd=site.folder, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not site.asked("trailer"):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=600)
    assert process.returncode == 130, output
    assert "the same command resumes here" in output
    assert "Traceback" not in output

    site.lift_faults()
    done = {p.stem for p in (site.store / "posters").glob("*.jpg")}
    site.reset_stats()
    marquee(*command[3:], environment=environment, cwd=site.folder)
    assert not any(
        stem in path for path in site.stats()["paths"] if "/t/p/" in path for stem in done
    )
    site.assert_dagster_shows_the_ledger()


BUILD_AND_LOOK = """
import sys
from assets.cli import main
sys.argv = ["marquee", "build", "--stages", "crawl"]
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = {"numpy", "pandas", "pyarrow", "torch", "starlette", "uvicorn", "assets.definitions"}
print(sorted(heavy & sys.modules.keys()))
"""


def test_build_with_nothing_due_loads_no_arrays_no_server_and_no_definitions(open_site):
    site = open_site(size=3, stages=("crawl",))
    done = subprocess.run(
        [sys.executable, "-c", BUILD_AND_LOOK], env={**bare_environment(), **site.environment},
        cwd=site.folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-2:] == ["No movie was stale.", "[]"], done.stderr


def test_model_without_features_says_what_to_run_and_shows_no_frames(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "revenue_model",
         "-m", "assets.definitions"],
        env={**bare_environment(), "DAGSTER_HOME": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert result.returncode != 0
    assert "uv run marquee demo" in result.stderr
    assert "Traceback" not in result.stderr
    assert 'File "' not in result.stderr


def test_readmes_command_opens_the_ui_and_the_daemon_looks_for_what_is_due(tmp_path):
    """In a folder with the repository's own `.env` and workspace, as a user has it."""
    for name in (".env", "workspace.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".dagster").mkdir()
    shutil.copy(ROOT / ".dagster" / "dagster.yaml", tmp_path / ".dagster")
    environment = {**bare_environment(), "PWD": str(tmp_path)}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log, output = tmp_path / "log", ""

    def is_up():
        try:
            return requests.get(f"http://127.0.0.1:{port}/server_info", timeout=60).ok
        except requests.ConnectionError:
            return False

    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster", "dev", "-p", str(port), "-h", "127.0.0.1"],
            env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
        )  # fmt: skip
    try:
        ends_at = time.monotonic() + 600
        is_on = False
        while time.monotonic() < ends_at and process.poll() is None:
            output = log.read_text()
            if is_up() and not is_on:  # as the README says
                subprocess.run(
                    [sys.executable, "-m", "dagster", "sensor", "start", "due_movies"],
                    env=environment, cwd=tmp_path, check=True,
                )  # fmt: skip
                is_on = True
            if "due_movies skipped" in output and is_up():
                break
            time.sleep(0.2)
        assert "Serving dagster-webserver" in output
        assert "Sensor due_movies skipped: All assets are up to date." in output
        assert is_up()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=300)
