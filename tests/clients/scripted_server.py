"""A real server on loopback that answers exactly what a test scripted, byte by byte."""

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Answers by path, without the query; a route may do anything to its connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        self.routes: dict[str, Callable] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Talk)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self) -> Counter:
        return Counter(target.partition("?")[0] for target, _ in self.seen)

    def reply(self, path: str, *answers, **only) -> None:
        """Script answers for a path, one after another; the last one again ever after."""
        todo = list(answers or [answer(**only)])

        def act(talk, target, headers):
            current = todo.pop(0) if len(todo) > 1 else todo[0]
            if callable(current):
                current(talk, target, headers)
            else:
                talk.request.sendall(current)

        self.routes[path] = act

    def handle_error(self, request, client_address):
        """A client that goes away is what many tests want."""


class _Talk(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self.server.connections += 1
        while line := self.rfile.readline():
            target = line.split()[1].decode()
            headers = {}
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.decode("latin1").partition(":")
                headers[name.strip().lower()] = value.strip()
            self.server.seen.append((target, headers))
            route = self.server.routes.get(target.partition("?")[0])
            if route is None:
                self.request.sendall(answer(404, b"{}"))
            else:
                route(self, target, headers)


def answer(status=200, body=b"{}", content_type="application/json", length=None, **headers):
    """Return one HTTP answer as bytes; `length` may lie."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}"]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin1") + b"\r\n\r\n" + body


def _stall(before: bytes = b"", seconds: float = 1.5):
    def act(talk, target, headers):
        talk.request.sendall(before)
        time.sleep(seconds)
        talk.request.close()

    return act


def _drip(body: bytes = b"x" * 1000, pause_s: float = 0.05):
    def act(talk, target, headers):
        talk.request.sendall(answer(body=body)[: -len(body)])
        for byte in body:
            talk.request.sendall(bytes([byte]))
            time.sleep(pause_s)

    return act


def _cut(before: bytes):
    def act(talk, target, headers):
        talk.request.sendall(before)
        talk.request.shutdown(socket.SHUT_RDWR)

    return act


def _reset(talk, target, headers):
    talk.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.request.close()
    talk.finish = lambda: None
    talk.rfile.close()


class Says:
    """The vocabulary of scripts."""

    answer = staticmethod(answer)
    stall = staticmethod(_stall)
    drip = staticmethod(_drip)
    cut = staticmethod(_cut)
    reset = staticmethod(_reset)

    @staticmethod
    def redirect(to: str, status: int = 302) -> bytes:
        return answer(status, b"", Location=to)


@contextlib.contextmanager
def serving() -> Iterator[ScriptedServer]:
    """Serve until the end of the block."""
    with ScriptedServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()
