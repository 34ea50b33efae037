"""A source that wants real secrets, and hands them back wherever an answer has room for them.

It stands before the studio, which shows the films, and is no studio itself: the key and the cookies
that it wants are secrets, and what asks it treats it as TMDB.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import requests

from resources.studio.access import API_KEY, COOKIE
from resources.studio.servers.running import Studio


@dataclass(frozen=True)
class Secrets:
    """What nobody may see."""

    key: str
    cookie: str
    youtube: str

    @property
    def texts(self) -> list[str]:
        """The secrets, and what they are made of."""
        values = [pair.partition("=")[2] for pair in self.cookie.split("; ")]
        given = [self.key, self.cookie, self.youtube, *values]
        return [text for text in given if text]

    def of(self, path: str) -> str:
        """What the host behind a path may know; the image host is TMDB's."""
        if path.startswith("/trailers"):
            return self.youtube
        return self.cookie if path.startswith("/imdbpro") else self.key


@dataclass
class Front:
    """What the front does; `everywhere` names a way to fail for every request of some paths."""

    studio: Studio
    secrets: Secrets
    url: str = ""
    everywhere: dict[str, str] = field(default_factory=dict)
    ways: dict[str, str] = field(default_factory=dict)
    done: defaultdict[str, set] = field(default_factory=lambda: defaultdict(set))
    were_sent: Counter = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "TMDB_API_URL": f"{self.url}/3",
            "TMDB_IMAGE_URL": f"{self.url}/t/p",
            "IMDBPRO_URL": f"{self.url}/imdbpro",
            "TRAILER_URL_TEMPLATE": f"{self.url}/trailers/{{key}}.mp4",
            "TMDB_API_KEY": self.secrets.key,
            "IMDBPRO_COOKIE": self.secrets.cookie,
        }

    def choose(self, path: str) -> str:
        """Return the way in which this path fails: another one for every path."""
        for start, way in self.everywhere.items():
            if path.startswith(start):
                return way
        if path.startswith("/_"):
            return "no studio"
        if path == "/3/configuration" or path.endswith(("/changes", "/movie", "robots.txt")):
            return "pass"
        with self.lock:
            kind = path.split("/")[1]
            if path not in self.ways:
                self.ways[path] = next(self._turns.setdefault(kind, cycle(TURNS)))
            self.done[kind].add(self.ways[path])
            return self.ways[path]

    def __post_init__(self):
        self._turns: dict[str, Iterator[str]] = {}


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front

    def do_GET(self):
        front = self.front
        self._note()
        path = urlsplit(self.path).path
        way = front.choose(path)
        WAYS_BY_NAME[way](self, front)

    @property
    def secret(self) -> str:
        return self.front.secrets.of(self.path)

    def _note(self):
        secrets = self.front.secrets
        query = parse_qs(urlsplit(self.path).query)
        if secrets.key in (query.get("api_key") or [self.headers["Authorization"] or ""])[0]:
            self.front.were_sent["key"] += 1
        cookies = self.headers["Cookie"] or ""
        for name in ("cookie", "youtube"):
            self.front.were_sent[name] += getattr(secrets, name) in cookies

    def log_message(self, format, *args):
        """Say nothing."""

    def answer(self, status, body=b"", kind="text/html", reason="X", **headers):
        body = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} {reason}", f"Content-Type: {kind}"]
        lines += [f"Content-Length: {headers.pop('length', len(body))}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join(lines).encode("latin1") + b"\r\n\r\n" + body)


def _pass(talk: _Talk, front: Front) -> None:
    parts = urlsplit(talk.path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {
        "api_key": API_KEY
    }
    got = requests.get(
        f"{front.studio.url}{parts.path}?{urlencode(query)}",
        headers={"Cookie": COOKIE, "Referer": front.url},
        timeout=30,
    )
    talk.answer(got.status_code, got.content, got.headers.get("Content-Type", ""))


def _redirect(to: str):
    return lambda talk, front: talk.answer(302, Location=to.format(s=quote(talk.secret)))


def _say(status: int, kind: str, text: str, **headers):
    def act(talk: _Talk, front: Front) -> None:
        filled = {name: value.replace("@", talk.secret) for name, value in headers.items()}
        talk.answer(status, text.replace("@", talk.secret), kind, **filled)

    return act


def _raw(head: str):
    def act(talk: _Talk, front: Front) -> None:
        talk.wfile.write(head.replace("@", talk.secret).encode())
        talk.close_connection = True

    return act


_JSON = "application/json"
_HEAD = "HTTP/1.1 200 X\r\nContent-Type: "
WAYS_BY_NAME = {
    "pass": _pass,
    "no studio": lambda talk, front: talk.answer(404),
    "error page": _say(500, "text/html", "<title>@</title><h1>@"),
    "error": _say(404, _JSON, '{"status_code": 34, "status_message": "@"}'),
    "record": _say(200, _JSON, '{"id": 1, "title": "@", "homepage": "http://a/?api_key=@"}'),
    "page": _say(200, "text/html", "<title>@</title><p class=budget_summary>@"),
    "figure": _say(
        200, "text/html",
        "<div id=box_office_summary><div class=budget_summary>"
        "<div class='a-column a-span5 a-text-right a-span-last'>@</div></div></div>",
    ),
    "headers": _say(
        503, "@", "@", reason="@", Retry_After="@", Set_Cookie="a=@", Content_Encoding="@"
    ),
    "redirect to a scheme": _redirect("{s}:///"),
    "redirect to FTP": _redirect("ftp://{s}/{s}"),
    "redirect to a user": _redirect("http://{s}@127.0.0.1:9/"),
    "redirect to nobody": _redirect("http://127.0.0.1:9/{s}?api_key={s}"),
    "status line": _raw("@\r\n\r\n"),
    "chunk": _raw(f"{_HEAD}x\r\nTransfer-Encoding: chunked\r\n\r\n@\r\n@"),
    "kind of file": _raw(f"{_HEAD}video/@\r\nContent-Length: 900\r\nETag: \"@\"\r\n\r\nfilm"),
    "length": _raw(f"{_HEAD}video/mp4\r\nContent-Length: @\r\n\r\n@"),
    "401": _say(401, _JSON, '{"status_code": 7, "status_message": "Invalid key: @"}'),
    "maintenance": _say(503, _JSON, '{"status_code": 46, "status_message": "@"}'),
}  # fmt: skip
WAYS = [way for way in WAYS_BY_NAME if way not in ("no studio", "401", "maintenance")]
"""Ways to answer that are about one path."""

TURNS = [turn for way in WAYS for turn in ("pass", way)]
"""Good answers in between: a row of bad ones would stop the source."""


@contextmanager
def opened(studio: Studio, secrets: Secrets) -> Iterator[Front]:
    """Stand before a studio until the end of the block."""
    front = Front(studio, secrets)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Talk", (_Talk,), {"front": front}))
    server.handle_error = lambda *_: None
    server.daemon_threads = True
    front.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield front
    server.shutdown()
    server.server_close()
    thread.join()
