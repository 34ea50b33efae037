"""A built site, its Dagster UI in a process of its own, and a real browser to look at it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from resources.settings import ENVIRONMENT
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.opening import trailer_cache
from resources.studio.servers.running import start_studio

MOVIES = 24
"""Enough for splits whose training part holds all eight classes."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

BUILD_LIMIT_S = 900
START_LIMIT_S = 120
LOOK_LIMIT_S = 60
"""How long something may take to appear: the pages load slowly on two busy cores."""

_OUR_NAMES = {*ENVIRONMENT.values(), "DAGSTER_HOME", "DAGSTER_MODULE_NAME"}
"""Variables of whoever runs the tests that must not reach the site."""

# `nux` is Dagster's invitation to join its community: a dialog over every page.
DAGSTER_YAML = "telemetry: {enabled: false}\nnux: {enabled: false}\n"


@dataclass(frozen=True)
class Site:
    """A built site whose UI is up.

    Attributes:
        url: Of the UI, without a slash at the end.
        store: Folder of the store.
        catalogue: The movies.
    """

    url: str
    store: Path
    catalogue: GeneratedCatalogue


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium or its like, with a profile of its own."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no Chromium browser on the PATH (looked for {', '.join(BROWSERS)})")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(browser, tmp_path_factory) -> Iterator[Site]:
    """Build a site; asks for the browser first, so that nothing is built without one."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").write_text(DAGSTER_YAML)
    catalogue = GeneratedCatalogue(MOVIES, 7, trailer_cache())
    with start_studio(catalogue) as studio:
        environment = {
            **{name: value for name, value in os.environ.items() if name not in _OUR_NAMES},
            **studio.urls,
            "MARQUEE_STORE": str(folder / "store"),
            "DAGSTER_HOME": str(folder / "home"),
        }
        _build(folder, environment)
        with _serve(folder, environment) as url:
            yield Site(url, folder / "store", catalogue)


@pytest.fixture
def page(browser, site) -> Iterator[Page]:
    """A page of the UI's size on a common laptop; paths are relative to the UI."""
    context = browser.new_context(
        base_url=site.url, viewport={"width": 1440, "height": 900}, timezone_id="UTC"
    )
    context.set_default_timeout(LOOK_LIMIT_S * 1000)
    expect.set_options(timeout=LOOK_LIMIT_S * 1000)
    yield context.new_page()
    context.close()


def _build(folder: Path, environment: dict[str, str]) -> None:
    """Run `marquee build`, in a folder without an `.env`, which would win over the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "assets.cli.main", "build"],
        cwd=folder, env=environment, timeout=BUILD_LIMIT_S, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _serve(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    port = _free_port()
    said = folder / "webserver.log"
    command = [sys.executable, "-m", "dagster_webserver", "-m", "assets.definitions"]
    with (
        said.open("w") as log,
        subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)],
            cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process, said)
            yield url
        finally:
            _end(process)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen, said: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/server_info", timeout=5).ok:
                return
        except requests.RequestException:
            pass  # not up yet
        time.sleep(0.2)
    pytest.fail(f"the UI did not come up within {START_LIMIT_S} s:\n{said.read_text()}")


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
