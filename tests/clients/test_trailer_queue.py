"""Many trailers at once: threads, pace, pauses, and nothing left open."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from pipeline.errors import FetchError, SourceError
from pipeline.outcomes import Reason
from pipeline.records import Video
from resources.youtube import TrailerHost


def videos(*keys):
    return [Video(key, "YouTube", "Trailer") for key in keys]


def test_bot_check_pauses_all_movies(server, tmp_path):
    host = TrailerHost(f"{server.url}/{{key}}", pause_s=0.4)
    downloader = host._open_downloader()
    downloader._ies.clear()
    downloader.add_info_extractor(Bot(downloader))
    for _ in range(2):
        with pytest.raises(FetchError) as caught:
            host.fetch(videos("a", "b"), tmp_path, "597")
        assert caught.value.reason is Reason.BOT_CHECK
    assert "pause until" in caught.value.detail
    assert Bot.asked == 1
    host.close()


class Bot(InfoExtractor):
    _VALID_URL = r".*"
    asked = 0

    def _real_extract(self, url):
        type(self).asked += 1
        raise ExtractorError("Sign in to confirm you're not a bot", expected=True)


def test_row_of_failures_stops_the_host(server, tmp_path):
    host = TrailerHost(f"{server.url}/{{key}}", give_up_after=3)
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


def test_pace_is_shared(server, tmp_path):
    server.reply("/a", body=b"x", content_type="video/mp4")
    host = TrailerHost(f"{server.url}/{{key}}", requests_per_s=20)
    began = time.monotonic()
    for number in range(12):
        host.fetch(videos("a"), tmp_path, str(number))
    assert time.monotonic() - began > 0.3
    host.close()


def test_nothing_stays_open(server, tmp_path):
    server.reply("/trailers/a.mp4", body=b"x", content_type="video/mp4")
    before = threading.active_count()
    host = TrailerHost(f"{server.url}/trailers/{{key}}.mp4")
    host.fetch(videos("a"), tmp_path, "597")
    host.close()
    assert threading.active_count() <= before + 2  # the server's own
