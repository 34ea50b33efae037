"""The command `serve`: predictions over HTTP, and a page."""

from typing import Annotated

import typer

from assets.cli.options import console, settings_of
from pipeline.core.errors import ConfigurationError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    host: Annotated[str, typer.Option(help="Another than loopback requires MARQUEE_API_KEY.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free port.")] = 8000,
    requests_per_minute: Annotated[
        int, typer.Option(min=1, help="Of one address; a quarter of them at once.")
    ] = 240,
    challenger: Annotated[
        str | None,
        typer.Option(
            metavar="SYSTEM=VERSION",
            help="A version that answers a share of the requests beside the promoted one; both "
            "answers are kept for `marquee models compare`.",
        ),
    ] = None,
    share: Annotated[float, typer.Option(help="The challenger's share, as 0.1.")] = 0.5,
) -> None:
    """Serve predictions over HTTP, with a page at / and a description at /openapi.json."""
    settings = settings_of()
    if host not in LOOPBACK and not settings.api_key:
        raise ConfigurationError(
            f"Whoever reaches {host} could use the models: set MARQUEE_API_KEY, or serve on "
            "127.0.0.1, which is this machine alone."
        )
    from assets.serve.app import build_app
    from assets.serve.server import build_server, open_port
    from assets.serve.service import Service
    from pipeline.predict.trial import read_trial

    trial = read_trial(challenger, share) if challenger else None
    with open_port(host, port) as listening:
        app = build_app(Service(settings, trial), settings.api_key, requests_per_minute)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listening.getsockname()[1]}/"
        console.print(
            f"The models answer at {address} (Ctrl-C ends).", soft_wrap=True, markup=False
        )
        build_server(app, host, port).run(sockets=[listening])
