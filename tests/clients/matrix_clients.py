"""The clients of the matrix: every question that marquee puts to a host, and its good answer."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import av
import numpy as np
from fake_clock import FakeClock
from PIL import Image

from pipeline.core.records import Video
from pipeline.media.poster import inspect_poster
from pipeline.media.trailer import probe
from resources.http.client import HttpClient
from resources.sources.image_host import ImageHost
from resources.sources.imdbpro import ImdbPro
from resources.sources.tmdb import Tmdb
from resources.trailers.options import TrailerLimits
from resources.trailers.trailer_host import TrailerHost

KEY = "0123456789abcdef0123456789abcdef"
COOKIE = "session-id=143-1234567-7654321"
TRIES = 2
MAX_WAIT_S = 2.0
MAX_BODY_BYTES = 1_000_000
TIMEOUT_S = 1.5
MAX_ANSWER_S = 2.0
DAY = date(2020, 1, 1)
ITEMS = ("bad", "beside", "after")
"""The item that fails, one that is asked for meanwhile, and one that is asked for afterwards."""

Ask = Callable[[str], object]


@dataclass(frozen=True)
class Client:
    """One question to one source.

    Attributes:
        kind: Kind of answer that is wanted.
        source: `tmdb`, `images`, `imdbpro` or `trailers`.
        is_about_one: Whether it is about one film; else about all of them.
        open: Gives, for a base address, a folder and a patience, what asks for an item.
        path: Where the item stands.
        good: A good answer's body and content type.
    """

    kind: str
    source: str
    is_about_one: bool
    open: Callable[[str, Path, float], contextlib.AbstractContextManager[Ask]]
    path: Callable[[str], str]
    good: Callable[[str], tuple[bytes, str]]


@contextlib.contextmanager
def _http(
    url: str, patience: float, *, may_reject_items: bool, clock: FakeClock | None = None
) -> Iterator[HttpClient]:
    http = HttpClient(
        url,
        timeout_s=TIMEOUT_S * patience,
        max_attempts=TRIES,
        max_body_bytes=MAX_BODY_BYTES,
        max_body_s=MAX_ANSWER_S * patience,
        max_wait_s=MAX_WAIT_S,
        may_reach_private=False,
        may_reject_items=may_reject_items,
        secrets=(KEY, COOKIE),
        clock=clock or FakeClock(),
    )
    yield http
    http.close()


def _number(item: str) -> int:
    return 597 + ITEMS.index(item)


def _tmdb(ask_bad: Callable[[Tmdb], object]) -> Callable:
    """Open TMDB, whose failing question is `ask_bad`; its neighbours ask for movies."""

    @contextlib.contextmanager
    def opened(url: str, folder: Path, patience: float) -> Iterator[Ask]:
        clock = FakeClock()
        with _http(url, patience, may_reject_items=False, clock=clock) as http:
            tmdb = Tmdb(http, KEY, patience_s=0.5, clock=clock)
            yield lambda item: ask_bad(tmdb) if item == "bad" else tmdb.details(_number(item))

    return opened


@contextlib.contextmanager
def _images(url: str, folder: Path, patience: float) -> Iterator[Ask]:
    with _http(url, patience, may_reject_items=True) as http:
        host = ImageHost(http)
        yield lambda item: inspect_poster(host.fetch_poster(f"/{item}.jpg"))


def _imdbpro(page: str) -> Callable:
    @contextlib.contextmanager
    def opened(url: str, folder: Path, patience: float) -> Iterator[Ask]:
        with _http(url, patience, may_reject_items=False) as http:
            client = ImdbPro(http, COOKIE)
            yield lambda item: getattr(client, page)(_imdb_id(item))

    return opened


def _imdb_id(item: str) -> str:
    return f"tt0000{_number(item)}"


@contextlib.contextmanager
def _trailers(url: str, folder: Path, patience: float) -> Iterator[Ask]:
    limits = TrailerLimits(
        max_bytes=MAX_BODY_BYTES,
        timeout_s=TIMEOUT_S * patience,
        max_download_s=2 * MAX_ANSWER_S * patience,
    )
    host = TrailerHost(
        f"{url}/{{key}}.mp4",
        limits=limits,
        tries=TRIES,
        may_reach_private=False,
        clock=FakeClock(),
    )
    yield lambda item: host.fetch([Video(item, "YouTube", "Trailer")], folder, item, probe)
    host.close()


def _movie(item: str) -> tuple[bytes, str]:
    return json.dumps({"id": _number(item), "title": "x"}).encode(), "application/json"


def _of_all(path: str, answer: dict) -> dict:
    body = json.dumps(answer).encode()
    return {
        "path": lambda item: path if item == "bad" else f"/movie/{_number(item)}",
        "good": lambda item: (body, "application/json") if item == "bad" else _movie(item),
    }


def _draw_poster() -> bytes:
    noise = np.random.default_rng(7).integers(0, 255, (96, 64, 3), np.uint8)
    with io.BytesIO() as file:
        Image.fromarray(noise).save(file, "JPEG")
        return file.getvalue()


def _film_trailer() -> bytes:
    noise = np.random.default_rng(7).integers(0, 255, (12, 64, 64, 3), np.uint8)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for picture in noise:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


_LISTING = {"page": 1, "results": [{"id": 5}], "total_pages": 1, "total_results": 1}
_IMAGES = {"images": {"secure_base_url": "https://a/", "poster_sizes": ["w500"]}}
_POSTER = _draw_poster()
_TRAILER = _film_trailer()
_SUMMARY = (
    b"<html><title>x</title><div id=box_office_summary><div class=gross_world_summary>"
    b"<div class='a-column a-span5 a-text-right a-span-last'>$2,264,750,694</div></div></div>"
)
_DAYS = b"<div id='box_office_details'><span class='empty_mojo_table'>No data</span></div>"

CLIENTS = {
    "TMDB details": Client(
        "TMDB", "tmdb", True, _tmdb(lambda tmdb: tmdb.details(597)),
        lambda item: f"/movie/{_number(item)}", _movie,
    ),
    "TMDB listing": Client(
        "TMDB", "tmdb", False, _tmdb(lambda tmdb: list(tmdb.discover_ids(DAY, DAY))),
        **_of_all("/discover/movie", _LISTING),
    ),
    "TMDB changes": Client(
        "TMDB", "tmdb", False, _tmdb(lambda tmdb: list(tmdb.changed_ids(DAY, DAY))),
        **_of_all("/movie/changes", _LISTING),
    ),
    "TMDB configuration": Client(
        "TMDB", "tmdb", False, _tmdb(Tmdb.configuration), **_of_all("/configuration", _IMAGES),
    ),
    "image host": Client(
        "image host", "images", True, _images,
        lambda item: f"/w500/{item}.jpg", lambda item: (_POSTER, "image/jpeg"),
    ),
    "IMDbPro summary": Client(
        "IMDbPro summary", "imdbpro", True, _imdbpro("box_office"),
        lambda item: f"/title/{_imdb_id(item)}/boxoffice", lambda item: (_SUMMARY, "text/html"),
    ),
    "IMDbPro days": Client(
        "IMDbPro days", "imdbpro", True, _imdbpro("days"),
        lambda item: f"/title/{_imdb_id(item)}/boxoffice/_ajax",
        lambda item: (_DAYS, "text/html"),
    ),
    "trailer host": Client(
        "trailer host", "trailers", True, _trailers,
        lambda item: f"/{item}.mp4", lambda item: (_TRAILER, "video/mp4"),
    ),
}  # fmt: skip
