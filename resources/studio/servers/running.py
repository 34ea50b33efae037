"""Starts and stops the studio in a thread, and finds one that is already up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from pipeline.core.errors import ConfigurationError
from resources.studio.access import API_KEY, COOKIE, ask_about
from resources.studio.catalogue.catalogue import Catalogue
from resources.studio.servers.server import make_app

HOST = "127.0.0.1"
START_LIMIT_S = 10.0
GRACE_S = 1
"""How long requests that are under way may take to end when the studio stops."""


@dataclass(frozen=True)
class Studio:
    """A studio that is up.

    Attributes:
        url: Where, without a slash at the end.
        fingerprint: Of its catalogue; equal fingerprints mean equal movies.
        is_own: Whether this process started it.
    """

    url: str
    fingerprint: str
    is_own: bool = True

    @property
    def urls(self) -> dict[str, str]:
        """The settings that make production code use this studio."""
        return {
            "TMDB_API_URL": f"{self.url}/3",
            "TMDB_IMAGE_URL": f"{self.url}/t/p",
            "IMDBPRO_URL": f"{self.url}/imdbpro",
            "TRAILER_URL_TEMPLATE": f"{self.url}/trailers/{{key}}.mp4",
            "TMDB_API_KEY": API_KEY,
            "IMDBPRO_COOKIE": COOKIE,
        }


@contextmanager
def start_studio(
    catalogue: Catalogue, *, port: int = 0, announce: Path | None = None
) -> Iterator[Studio]:
    """Run a studio on loopback for the length of a `with` block.

    Args:
        catalogue: What it shows; edits made to it directly show at once.
        port: Port, or 0 for one that is free.
        announce: File to keep the URL in while it runs, for `find_or_start` in other processes.

    Raises:
        ConfigurationError: The port is taken.
    """
    with _listen(port) as listener:
        studio = Studio(
            f"http://{HOST}:{listener.getsockname()[1]}", catalogue.about()["fingerprint"]
        )
        server = uvicorn.Server(_quiet_config(catalogue))
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="studio", daemon=True
        )
        thread.start()
        try:
            _wait_until(lambda: server.started)
            if announce:
                announce.write_text(studio.url)
            yield studio
        finally:
            if announce:
                announce.unlink(missing_ok=True)
            server.should_exit = True
            thread.join()


@contextmanager
def find_or_start(
    make_catalogue: Callable[[], Catalogue], *, announced: Path | None = None
) -> Iterator[Studio]:
    """Use the studio that another process announced if it shows the same movies, else start one."""
    catalogue = make_catalogue()
    url = announced.read_text() if announced and announced.is_file() else ""
    if (
        url
        and (about := ask_about(url))
        and about["fingerprint"] == catalogue.about()["fingerprint"]
        and about["size"] >= catalogue.about()["size"]  # it may have taken in more since
    ):
        yield Studio(url, about["fingerprint"], is_own=False)
        return
    with start_studio(catalogue) as studio:
        yield studio


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"the studio cannot use port {port} ({error}); give another, or 0 for any free one"
        ) from error
    listener.listen(1024)
    return listener


def _quiet_config(catalogue: Catalogue) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(catalogue),
        lifespan="off",
        log_config=None,
        log_level="critical",  # a cut-off body, which is an order here, would be logged as an error
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        server_header=False,
        ws="none",
    )


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise ConfigurationError(f"the studio did not start within {START_LIMIT_S:.0f} s")
        time.sleep(0.002)
