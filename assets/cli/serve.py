"""The command `serve`: predictions over HTTP, and a page."""

from typing import Annotated

import typer

from assets.cli.options import console, settings_of
from pipeline.core.errors import ConfigurationError

LOOPBACK = ("127.0.0.1", "::1", "localhost")

MOST_REQUESTS = 64
"""Requests under way together; others get a 503 at once."""


def serve(
    host: Annotated[str, typer.Option(help="Another than loopback requires MARQUEE_API_KEY.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free port.")] = 8000,
) -> None:
    """Serve predictions over HTTP, with a page at / and a description at /openapi.json."""
    settings = settings_of()
    if host not in LOOPBACK and not settings.api_key:
        raise ConfigurationError(
            f"Whoever reaches {host} could use the models: set MARQUEE_API_KEY, or serve on "
            "127.0.0.1, which is this machine alone."
        )
    import uvicorn

    from assets.serve.app import build_app
    from assets.serve.service import Service

    config = uvicorn.Config(
        build_app(Service(settings), settings.api_key),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        limit_concurrency=MOST_REQUESTS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=32 * 1024,
    )
    server = uvicorn.Server(config)
    console.print(f"The models answer at http://{host}:{port or '<a free port>'}/ (Ctrl-C ends).")
    server.run()
