"""Slow, greedy and hostile clients are refused or served in bounds, and leave nothing behind."""

import base64
import json
import socket
import time
import zlib
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from struct import pack
from urllib.parse import quote, urlsplit
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import requests
from PIL import Image
from served import served

from assets.serve import limits, server
from assets.serve.limits import MAX_BODY_BYTES

SLOW_CLIENTS = 200
TEN_GB = 10 * 10**9


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files of this process, the server among it, which must stay empty."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def post(url, poster, **more):
    body = {"poster_base64": base64.b64encode(poster).decode(), **more}
    return requests.post(f"{url}/predict", json=body, timeout=60)


def files_of(site):
    return {path for path in Path(site.store).rglob("*") if not path.name.startswith("ledger")}


def connect(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def png_bomb(side=60_000):
    """A PNG of a few megabytes that unpacks to ten gigabytes."""

    def chunk(kind, data):
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    line = zlib.compressobj(9)
    rows = line.compress(bytes(side * 3 + 1) * 20) + line.flush()
    header = pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def zip_bomb():
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        archive.writestr("poster.jpg", bytes(50 * 2**20))
    return content.getvalue()


def gif():
    content = BytesIO()
    frames = [Image.new("P", (300, 450), color) for color in range(50)]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    return content.getvalue()


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="300" height="450">
<script>fetch("http://127.0.0.1/")</script><image href="file:///etc/passwd"/></svg>"""


@pytest.mark.parametrize(
    "poster",
    [png_bomb(), zip_bomb(), gif(), SVG, b"%PDF-1.7 /Launch", b"\xff\xd8\xff\xe0" * 1_000],
    ids=["png", "zip", "gif", "svg", "pdf", "jpeg"],
)
def test_what_is_no_bounded_picture_is_refused_within_bounds(site, url, poster, temporary):
    before, began_s, began_bytes = files_of(site), time.monotonic(), resident_bytes()
    answer = post(url, poster)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "poster"
    assert time.monotonic() - began_s < 20
    assert resident_bytes() - began_bytes < 500 * 2**20
    assert files_of(site) == before
    assert requests.get(f"{url}/healthz", timeout=10).ok


def resident_bytes():
    """Return the memory of this process, which is the server's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\x00b", "~/.ssh/id"]
)
def test_names_of_files_are_no_fields(url, name):
    for body in ({"poster": name}, {"trailer": name}, {"filename": name, "plot": "A man."}):
        answer = requests.post(f"{url}/predict", json=body, timeout=30)
        assert answer.status_code == 400
        assert "there is no such field" in answer.json()["error"]["message"]
    path = quote(name, safe="")
    for address in (f"{url}/{path}", f"{url}/films/{path}"):
        assert requests.get(address, timeout=30).status_code == 404


def test_ten_gigabytes_in_chunks_are_refused_at_the_limit(url, temporary):
    sent_bytes = 0

    def chunks():
        nonlocal sent_bytes
        while sent_bytes < TEN_GB:
            sent_bytes += 2**20
            yield bytes(2**20)

    before = resident_bytes()
    with suppress(requests.ConnectionError):  # closed before all of it was sent
        assert requests.post(f"{url}/predict", data=chunks(), timeout=60).status_code == 413
    assert sent_bytes < 3 * MAX_BODY_BYTES
    assert resident_bytes() - before < 5 * MAX_BODY_BYTES
    assert requests.get(f"{url}/healthz", timeout=10).ok


WHOLE_HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

SLOW = {
    "no head": b"",
    "half a head": b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "no body": b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    "half a second head": WHOLE_HEAD[:-9],
}


@pytest.mark.parametrize("kind", SLOW)
def test_healthz_answers_beside_slow_clients_who_are_put_off_in_time(site, kind, monkeypatch):
    monkeypatch.setattr(server, "HEAD_S", 2.0)
    monkeypatch.setattr(limits, "BODY_S", 2.0)
    with served(site) as url, ExitStack() as stack:
        slow = [stack.enter_context(connect(url)) for _ in range(SLOW_CLIENTS)]
        for one in slow:
            if "second" in kind:
                one.sendall(WHOLE_HEAD)
                assert b"200 OK" in one.recv(2**16)
            one.sendall(SLOW[kind])
        assert requests.get(f"{url}/healthz", timeout=10).ok
        assert requests.get(f"{url}/openapi.json", timeout=10).ok
        for one in slow:
            read_to_the_end(one)  # which is where the server closes it
        assert requests.get(f"{url}/healthz", timeout=10).ok


def read_to_the_end(connection):
    with suppress(ConnectionResetError):
        while connection.recv(2**16):
            pass


def test_head_without_an_end_is_refused(url):
    with connect(url) as one, suppress(ConnectionResetError, BrokenPipeError):
        one.sendall(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 100_000)
        assert b" 400 " in one.recv(2**16)
    assert requests.get(f"{url}/healthz", timeout=10).ok


QUICK = {"plot": "A man.", "systems": ["box_office"]}


def test_more_bodies_than_memory_has_room_for_are_put_off(site, monkeypatch):
    monkeypatch.setattr(limits, "MAX_HELD_BYTES", 2**20)
    with served(site) as url:
        answer = requests.post(f"{url}/predict", data=bytes(2 * 2**20), timeout=30)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        # what was held for it is free again
        assert requests.post(f"{url}/predict", json=QUICK, timeout=60).ok


def test_more_requests_at_once_than_can_wait_are_put_off(site, monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNDER_WAY", 2)
    body = json.dumps(QUICK).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    with served(site) as url, ExitStack() as stack:
        clients = [stack.enter_context(connect(url)) for _ in range(10)]
        for one in clients:
            one.sendall(head + body)
        assert requests.get(f"{url}/healthz", timeout=10).ok
        statuses = [int(one.recv(2**16).split()[1]) for one in clients]
    assert set(statuses) == {200, 503}
