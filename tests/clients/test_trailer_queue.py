"""Many trailers at once: threads, pace, pauses, and nothing left open."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.core.errors import FetchError, SourceError
from pipeline.core.records import Video
from resources.trailers.trailer_host import TrailerHost


def videos(*keys):
    return [Video(key, "YouTube", "Trailer") for key in keys]


def test_row_of_failures_stops_the_host(server, tmp_path):
    host = TrailerHost(f"{server.url}/{{key}}", give_up_after=3, tries=1)
    server.reply("/a", status=503)
    server.reply("/gone", status=404)
    for key in ("a", "a", "gone", "a", "a"):
        with pytest.raises(FetchError):
            host.fetch(videos(key), tmp_path, "597")
    for _ in range(2):
        with pytest.raises(SourceError, match="is down"):
            host.fetch(videos("a"), tmp_path, "597")
    assert server.count()["/a"] == 5
    host.close()


def test_threads_do_not_mix_files(server, tmp_path):
    host = TrailerHost(f"{server.url}/trailers/{{key}}.mp4")
    for number in range(24):
        body = b"%d" % number * 1000
        server.reply(f"/trailers/{number}.mp4", body=body, content_type="video/mp4")

    def fetch(number):
        trailer = host.fetch(videos(str(number)), tmp_path, str(number))
        return trailer.path.read_bytes() == b"%d" % number * 1000

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(fetch, range(24)))
    host.close()


def test_trailers_keep_the_pace(server, tmp_path, clock):
    server.reply("/a", body=b"x", content_type="video/mp4")
    host = TrailerHost(f"{server.url}/{{key}}", requests_per_s=2, clock=clock)
    for number in range(3):
        host.fetch(videos("a"), tmp_path, str(number))
    assert clock.slept_s == [0.5, 0.5]
    host.close()


def test_nothing_stays_open(server, tmp_path):
    server.reply("/trailers/a.mp4", body=b"x", content_type="video/mp4")
    before = threading.active_count()
    host = TrailerHost(f"{server.url}/trailers/{{key}}.mp4")
    host.fetch(videos("a"), tmp_path, "597")
    host.close()
    assert threading.active_count() <= before + 2  # the server's own
