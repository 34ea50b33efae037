"""The HTTP server itself, with what keeps slow and many clients from blocking others."""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.core.errors import ConfigurationError

HEAD_S = 10.0
"""How long the head of a request may take to arrive."""

MAX_CONNECTIONS = 1_000
"""Open connections; on others a request gets a 503 at once."""

MAX_HEAD_BYTES = 32 * 1024

_BACKLOG = 2048


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that closes connections on which no whole head arrives in time.

    uvicorn limits the time between requests, but neither that before the first one nor that of a
    head which arrives byte by byte.
    """

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] as uvicorn's own
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on for a head of which a part arrived, or stop waiting."""
        super().data_received(data)
        if self._expects_head():
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _expects_head(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._expects_head():
            self.transport.close()


def open_port(host: str, port: int) -> socket.socket:
    """Listen on a port before anything is loaded; requests wait until they are answered.

    Args:
        host: Name or address.
        port: 0 for any free one.

    Raises:
        ConfigurationError: The port is taken or forbidden, or there is no such address here.
    """
    try:
        (family, _, _, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host}, port {port}: {_describe(error)}. Name another port by "
            "--port, 0 for any free one, or an address of this machine by --host."
        ) from error


def _describe(error: OSError) -> str:
    return (error.strerror or str(error)).partition(" (")[0]


def build_server(app: ASGIApp, host: str, port: int) -> uvicorn.Server:
    """Build the server of an application.

    Args:
        app: What answers.
        host: Address on which it listens.
        port: 0 for any free one.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=ImpatientProtocol,
            ws="none",
            log_level="warning",
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        )
    )
