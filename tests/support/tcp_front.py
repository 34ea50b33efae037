"""A process before a server, which passes on what it gets: killed, it cuts all connections."""

import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

from servers import free_port


class Front:
    """What stands before a server of loopback; it is up.

    Args:
        port: Of the server.
    """

    def __init__(self, port: int):
        self.port, self._behind = free_port(), port
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, __file__, str(self.port), str(self._behind)]
        self._process = subprocess.Popen(command)
        while True:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            assert self._process.poll() is None, "the front has ended"
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _main() -> None:
    own, behind = map(int, sys.argv[1:])
    with socket.create_server(("127.0.0.1", own), backlog=128) as server:
        while True:
            here, _ = server.accept()
            there = socket.create_connection(("127.0.0.1", behind))
            for pair in ((here, there), (there, here)):
                threading.Thread(target=_pass, args=pair, daemon=True).start()


if __name__ == "__main__":
    _main()
