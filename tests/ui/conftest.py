"""A built site, its Dagster UI in a process of its own, and a real browser to look at it with."""

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
from commands import bare_environment
from playwright.sync_api import Browser, Page, expect, sync_playwright
from predict_page import SMALL
from served import served
from shapes import WHOLE
from sites import Site, opened_site

from resources.studio.catalogue.generated import GeneratedCatalogue

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

START_LIMIT_S = 300
LOOK_LIMIT_S = 120
"""How long something may take to appear: the pages load slowly on two busy cores."""


@dataclass(frozen=True)
class Shown:
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
def chromium() -> str:
    """Find Debian's Chromium or its like."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no Chromium browser on the PATH (looked for {', '.join(BROWSERS)})")
    return found


@pytest.fixture(scope="module")
def built(chromium, shared_sites, tmp_path_factory) -> Iterator[Site]:
    """Copy a built site. It comes after the search for a browser, so that nothing is built without
    one, and before the browser, whose event loop Dagster's own would find running.
    """
    folder = tmp_path_factory.mktemp("ui") / "site"
    shared_sites.copy(WHOLE, folder)
    with opened_site(folder, WHOLE.size, WHOLE.seed) as site:
        yield site


@pytest.fixture(scope="module")
def browser(built, chromium) -> Iterator[Browser]:
    """Start the browser with a profile of its own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def predict_url(built) -> Iterator[str]:
    """The address of a server of predictions of the built site."""
    with served(built) as url:
        yield url


@pytest.fixture
def small_page(browser) -> Iterator[Page]:
    """A page as wide as a phone; no script on it may fail."""
    page = browser.new_page(viewport={"width": SMALL, "height": 800})
    page.set_default_timeout(LOOK_LIMIT_S * 1000)
    expect.set_options(timeout=LOOK_LIMIT_S * 1000)
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    yield page
    assert errors == []
    page.close()


@pytest.fixture(scope="module")
def site(built, browser) -> Iterator[Shown]:
    """Show the built site."""
    with _serve(built.folder, {**bare_environment(), **built.environment}) as url:
        yield Shown(url, built.store, built.catalogue)


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


@contextmanager
def _serve(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    port = _free_port()
    output = folder / "webserver.log"
    command = [sys.executable, "-m", "dagster_webserver", "-m", "assets.definitions"]
    with (
        output.open("w") as log,
        subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)],
            cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process, output)
            yield url
        finally:
            _end(process)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen, output: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/server_info", timeout=5).ok:
                return
        except requests.RequestException:
            pass  # not up yet
        time.sleep(0.2)
    pytest.fail(f"the UI did not come up within {START_LIMIT_S} s:\n{output.read_text()}")


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
