"""The server of predictions, in a thread of the test."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sites import Site

from assets.serve.app import build_app
from assets.serve.server import build_server
from assets.serve.service import Service
from pipeline.predict.trial import Trial


@contextmanager
def served(
    site: Site, api_key: str = "", rate: int = 1_000, trial: Trial | None = None
) -> Iterator[str]:
    """Run the server on a free port; yield its address.

    Args:
        site: Its store is served.
        api_key: Required of requests.
        rate: Requests per second of one address.
        trial: A challenger beside the promoted version.
    """
    app = build_app(Service(site.settings, trial), api_key, 60 * rate)
    server = build_server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()
