"""Data of a video that are refused in the middle: extracted again once, within the run."""

from typing import Any

import pytest
from yt_dlp.extractor.common import InfoExtractor

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Video
from resources.trailers.trailer_host import (
    MEDIA_PAUSE_S,
    YOUTUBE_ACCOUNT_PER_S,
    YOUTUBE_GUEST_PER_S,
    TrailerHost,
)

MOVIE = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 2000
CUT_AT = 100_000


class Signing(InfoExtractor):
    """An extractor that signs the address of the data anew at each extraction."""

    _VALID_URL = r".*"
    base_url = ""
    signed = 0

    def _real_extract(self, url) -> Any:
        kind = type(self)
        kind.signed += 1
        return {"id": "a", "title": "a", "ext": "mp4", "url": f"{kind.base_url}/data/{kind.signed}"}


@pytest.fixture
def fetch(server, tmp_path, clock):
    Signing.base_url, Signing.signed = server.url, 0
    host = TrailerHost(f"{server.url}/{{key}}", clock=clock)
    downloader = host._open_downloader()
    downloader._ies.clear()
    downloader.add_info_extractor(Signing(downloader))
    yield lambda: host.fetch([Video("a", "YouTube", "Trailer")], tmp_path, "597").path.read_bytes()
    host.close()


def serve(server, says, path, refuse_after=None):
    """Serve a file; after `refuse_after` bytes the connection breaks and the address has ended."""

    def act(talk, target, headers):
        start = int(headers.get("range", "bytes=0-")[6:].split("-")[0])
        part = MOVIE[start:]
        ranged = {"Content_Range": f"bytes {start}-{len(MOVIE) - 1}/{len(MOVIE)}"} if start else {}
        full = says.answer(206 if start else 200, part, "video/mp4", ETag='"one"', **ranged)
        if refuse_after is None:
            talk.request.sendall(full)
        elif start:
            talk.request.sendall(says.answer(403, b""))
        else:
            says.cut(full[: len(full) - len(part) + refuse_after])(talk, target, headers)

    server.routes[path] = act


def test_trailer_that_is_refused_in_the_middle_is_extracted_again_and_resumed(
    server, says, fetch, clock
):
    serve(server, says, "/data/1", refuse_after=CUT_AT)
    serve(server, says, "/data/2")
    assert fetch() == MOVIE
    assert Signing.signed == 2
    assert MEDIA_PAUSE_S in clock.slept_s
    assert server.seen[-1][1]["range"] == f"bytes={CUT_AT}-"


def test_trailer_that_stays_refused_is_extracted_twice(server, says, fetch, clock):
    for number in (1, 2, 3):
        server.reply(f"/data/{number}", says.answer(403, b""))
    with pytest.raises(FetchError) as caught:
        fetch()
    assert caught.value.reason is Reason.FORBIDDEN
    assert Signing.signed == 2
    assert clock.slept_s.count(MEDIA_PAUSE_S) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, Reason.GONE), (410, Reason.GONE), (451, Reason.GEO_BLOCKED), (401, Reason.FORBIDDEN)],
)
def test_other_refusals_of_the_data_are_no_reason_to_extract_again(
    server, says, fetch, clock, status, reason
):
    server.reply("/data/1", says.answer(status, b""))
    with pytest.raises(FetchError) as caught:
        fetch()
    assert caught.value.reason is reason
    assert Signing.signed == 1
    assert MEDIA_PAUSE_S not in clock.slept_s


def test_refused_page_is_no_reason_to_ask_again(server, says, tmp_path, clock):
    server.reply("/a", says.answer(403, b""))
    host = TrailerHost(f"{server.url}/{{key}}", clock=clock)
    with pytest.raises(FetchError):
        host.fetch([Video("a", "YouTube", "Trailer")], tmp_path, "597")
    assert server.count() == {"/a": 1}
    host.close()


def test_pace_at_youtube_is_below_what_it_allows():
    assert YOUTUBE_GUEST_PER_S * 3600 < 300
    assert YOUTUBE_GUEST_PER_S < YOUTUBE_ACCOUNT_PER_S <= 1 / 5
