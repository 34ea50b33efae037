"""Ids and file names from outside: none of them leaves the store, the host or its own folder."""

import pytest

from pipeline.core.errors import FetchError, StoreError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Video
from pipeline.crawl.tmdb.responses import parse_details, parse_page
from resources.http.client import HttpClient
from resources.sources.image_host import ImageHost
from resources.sources.imdbpro import ImdbPro
from resources.storage.store import Store
from resources.trailers.trailer_host import TrailerHost

NAMES = {
    "nothing": "",
    "parent": "..",
    "parents": "../../etc/passwd",
    "encoded parents": "%2e%2e%2fetc",
    "root": "/etc/passwd",
    "two slashes": "//10.0.0.1/a",
    "backslashes": "..\\..\\a",
    "drive": "C:\\a",
    "NUL": "a\0b",
    "line end": "a\nb",
    "header": "a\r\nX-Evil: 1",
    "query": "a?x=1",
    "fragment": "a#b",
    "host": "a@10.0.0.1",
    "pattern": "a*[b]?",
    "format": "%(title)s",
    "braces": "{key}",
    "digits of another script": "\u0665\u0669\u0667",
    "full width": "\uff45\uff14",
    "right to left": "a\u202egpj.exe",
    "half a pair": "\ud83d",
    "very long": "a" * 100_000,
}


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def name(request):
    return request.param


@pytest.fixture
def http(server):
    client = HttpClient(server.url, timeout_s=1.0, max_attempts=1)
    yield client
    client.close()


def test_record_takes_over_no_hostile_name(name):
    video = {"site": "YouTube", "type": "Trailer"}
    record = parse_details(
        {
            "id": 597,
            "imdb_id": f"tt{name}",
            "poster_path": f"/{name}",
            "external_ids": {"imdb_id": name},
            "videos": {"results": [{"key": name, **video}, {"key": f"{name}/..", **video}]},
        }
    )
    assert (record.imdb_id, record.poster_path, record.videos) == (None, None, ())


@pytest.mark.parametrize("tmdb_id", [*NAMES.values(), 0, -1, 2**31, 10**18, 1.5, True, None, "597"])
def test_only_small_numbers_are_ids(tmdb_id):
    page = {"results": [{"id": tmdb_id}, {"id": 5}], "total_pages": 1, "page": 1}
    assert parse_page(page).ids == (5,)


def test_image_host_asks_for_no_such_poster(server, http, name):
    for path in (name, f"/{name}", f"/{name}.jpg/.."):
        with pytest.raises(FetchError) as caught:
            ImageHost(http).fetch_poster(path)
        assert caught.value.reason is Reason.MALFORMED
        assert len(caught.value.detail) < 500
    assert server.seen == []


def test_imdbpro_asks_for_no_such_movie(server, http, name):
    for imdb_id in (name, f"tt{name}", f"tt0120338{name}" if name else "tt"):
        with pytest.raises(FetchError) as caught:
            ImdbPro(http, "a=cookie").box_office(imdb_id)
        assert caught.value.reason is Reason.MALFORMED
        assert len(caught.value.detail) < 500
    assert server.seen == []


def test_trailer_host_asks_for_no_such_video_and_writes_nothing(server, tmp_path, name):
    host = TrailerHost(f"{server.url}/{{key}}.mp4")
    with pytest.raises(FetchError) as caught:
        host.fetch([Video(name, "YouTube", "Trailer")], tmp_path, "597")
    assert caught.value.reason is Reason.MALFORMED
    assert server.seen == []
    assert list(tmp_path.iterdir()) == []
    host.close()


@pytest.mark.parametrize("part", ["..", "a/../../b", "/etc", "\\a", "a\0b"])
def test_store_gives_no_path_outside(tmp_path, part):
    with pytest.raises(StoreError, match="not a path inside"):
        Store(str(tmp_path)).path("posters", part)
