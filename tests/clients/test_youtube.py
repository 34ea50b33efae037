"""The trailer host's client: real yt-dlp against scripted servers."""

import time

import pytest
from yt_dlp.extractor.common import InfoExtractor

from pipeline.errors import ConfigurationError, FetchError
from pipeline.outcomes import Reason
from pipeline.records import Video
from resources.youtube import TrailerHost

MOVIE = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 2000


@pytest.fixture
def host(server):
    trailers = TrailerHost(f"{server.url}/trailers/{{key}}.mp4", timeout_s=0.4)
    yield trailers
    trailers.close()


def videos(*keys):
    return [Video(key, "YouTube", "Trailer") for key in keys]


def serve(server, says, key, body=MOVIE, cut_at=None, times=None):
    """Serve a file as hosts do: with ranges; `times` cuts happen before it comes whole."""
    left = [times if times is not None else 1_000_000]

    def act(talk, target, headers):
        start = int(headers.get("range", "bytes=0-")[6:].split("-")[0])
        part = body[start:]
        ranged = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        full = says.answer(
            206 if start else 200, part, "video/mp4", Accept_Ranges="bytes", **ranged
        )
        is_download = "range" in headers or len(server.seen) % 2 == 0
        if cut_at is not None and left[0] > 0 and is_download:
            left[0] -= 1
            says.cut(full[: len(full) - len(part) + cut_at])(talk, target, headers)
        else:
            talk.request.sendall(full)

    server.routes[f"/trailers/{key}.mp4"] = act


def test_plain_file_comes_as_one_file(server, host, says, tmp_path):
    serve(server, says, "a")
    trailer = host.fetch(videos("a"), tmp_path, "597")
    assert trailer.path.read_bytes() == MOVIE
    assert (trailer.audio_path, trailer.key, trailer.tried) == (None, "a", ())
    assert list(tmp_path.iterdir()) == [trailer.path]
    assert trailer.path.name.startswith("597.a.")
    assert trailer.path.suffix == ".mp4"


def test_next_candidate_is_tried_when_one_is_gone(server, host, says, tmp_path):
    server.reply("/trailers/b.mp4", status=410)
    serve(server, says, "c")
    trailer = host.fetch(videos("a", "b", "c"), tmp_path, "597")
    assert trailer.key == "c"
    assert trailer.tried == (("a", Reason.GONE), ("b", Reason.GONE))


def test_all_gone_gives_the_first_reason_and_names_all(server, host, tmp_path):
    server.reply("/trailers/a.mp4", status=403)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a", "b"), tmp_path, "597")
    assert caught.value.reason is Reason.FORBIDDEN
    assert "a forbidden, b gone" in caught.value.detail


def test_passing_failure_does_not_cost_the_better_trailer(server, host, says, tmp_path):
    server.reply("/trailers/a.mp4", status=503)
    serve(server, says, "b")
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a", "b"), tmp_path, "597")
    assert caught.value.reason is Reason.SERVER_ERROR
    assert "/trailers/b.mp4" not in server.count()


def test_no_candidate_is_not_listed(host, tmp_path):
    with pytest.raises(FetchError) as caught:
        host.fetch([], tmp_path, "597")
    assert caught.value.reason is Reason.NOT_LISTED


FAULTS = {
    "404": (lambda s: s.answer(404, b""), Reason.GONE),
    "410": (lambda s: s.answer(410, b""), Reason.GONE),
    "401": (lambda s: s.answer(401, b""), Reason.FORBIDDEN),
    "403": (lambda s: s.answer(403, b""), Reason.FORBIDDEN),
    "451": (lambda s: s.answer(451, b""), Reason.GEO_BLOCKED),
    "429": (lambda s: s.answer(429, b""), Reason.RATE_LIMITED),
    "500": (lambda s: s.answer(500, b""), Reason.SERVER_ERROR),
    "503": (lambda s: s.answer(503, b""), Reason.SERVER_ERROR),
    "page": (
        lambda s: s.answer(body=b"<html><p>Hello", content_type="text/html"),
        Reason.WRONG_TYPE,
    ),
    "picture": (lambda s: s.answer(body=b"x", content_type="audio/mpeg"), Reason.WRONG_TYPE),
    "silence": (lambda s: s.stall(), Reason.TIMEOUT),
    "reset": (lambda s: s.reset, Reason.NETWORK),
    "nothing": (lambda s: s.answer(body=b"", content_type="video/mp4"), Reason.CUT_OFF),
    "redirect loop": (lambda s: s.redirect("/trailers/a.mp4"), Reason.SERVER_ERROR),
    "redirect to a file": (lambda s: s.redirect("file:///etc/passwd"), Reason.FORBIDDEN),
    "redirect to FTP": (lambda s: s.redirect("ftp://127.0.0.1/a"), Reason.FORBIDDEN),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_gives_its_reason(server, host, says, tmp_path, fault, capfd):
    script, reason = FAULTS[fault]
    server.reply("/trailers/a.mp4", script(says))
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is reason
    serve(server, says, "neighbour")
    server.seen.clear()
    assert host.fetch(videos("neighbour"), tmp_path, "598").path.read_bytes() == MOVIE
    assert capfd.readouterr() == ("", "")


def test_cut_off_file_is_told(server, host, says, tmp_path):
    serve(server, says, "a", cut_at=1000)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.CUT_OFF
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]


def test_cut_off_file_is_gone_on_with(server, host, says, tmp_path):
    serve(server, says, "a", cut_at=100_000, times=1)
    assert host.fetch(videos("a"), tmp_path, "597").path.read_bytes() == MOVIE
    assert server.seen[-1][1]["range"] == "bytes=100000-"


def test_wrong_length_is_cut_off(server, host, says, tmp_path):
    server.reply("/trailers/a.mp4", says.cut(says.answer(200, b"x" * 90, "video/mp4", length=100)))
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.CUT_OFF


def test_silence_inside_the_body_is_timeout(server, host, says, tmp_path):
    server.reply(
        "/trailers/a.mp4", says.stall(says.answer(200, b"x" * 90, "video/mp4", length=100))
    )
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.TIMEOUT


@pytest.mark.parametrize("content_type", ["video/mp4", "text/html"])
def test_dripping_host_does_not_hold_a_thread(server, says, tmp_path, content_type):
    head = says.answer(200, b"", content_type, length=1000)
    server.reply(
        "/a",
        lambda talk, target, headers: [
            talk.request.sendall(head),
            *(talk.request.sendall(b"<") or time.sleep(0.05) for _ in range(30)),
        ],
    )
    host = TrailerHost(f"{server.url}/{{key}}", max_download_s=0.3)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.TIMEOUT
    host.close()


def test_too_large_file_is_reported_and_removed(server, says, tmp_path):
    serve(server, says, "a")
    host = TrailerHost(f"{server.url}/trailers/{{key}}.mp4", max_bytes=1000)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.TOO_LARGE
    assert list(tmp_path.iterdir()) == []
    host.close()


def test_video_and_sound_come_as_two_files(server, says, tmp_path):
    for name in ("high", "low", "sound"):
        server.reply(f"/{name}", body=name.encode(), content_type="video/mp4")
    host = TrailerHost(f"{server.url}/{{key}}")
    downloader = host._open_downloader()
    downloader._ies.clear()
    Apart.url = server.url
    downloader.add_info_extractor(Apart(downloader))
    trailer = host.fetch(videos("a"), tmp_path, "597")
    assert trailer.path.read_bytes() == b"low"
    assert trailer.audio_path.read_bytes() == b"sound"
    assert trailer.audio_path.suffix == ".m4a"
    host.close()


class Apart(InfoExtractor):
    """A host that keeps video and sound apart, as YouTube does."""

    _VALID_URL = r".*"
    url = ""

    def _real_extract(self, url):
        video = {"ext": "mp4", "vcodec": "avc1", "acodec": "none"}
        return {
            "id": "x",
            "title": "x",
            "formats": [
                {"format_id": "sound", "url": f"{self.url}/sound", "ext": "m4a",
                 "vcodec": "none", "acodec": "mp4a"},
                {"format_id": "low", "url": f"{self.url}/low", "height": 360, **video},
                {"format_id": "high", "url": f"{self.url}/high", "height": 1080, **video},
            ],
        }  # fmt: skip


@pytest.mark.parametrize(
    "template", ["", "file:///{key}", "http://host/", "ftp://host/{key}", "/videos/{key}.mp4"]
)
def test_template_must_be_an_address_with_a_key(template):
    with pytest.raises(ConfigurationError, match="TRAILER_URL_TEMPLATE"):
        TrailerHost(template)


def test_youtube_is_known_by_its_host():
    assert TrailerHost("https://www.youtube.com/watch?v={key}").is_youtube
    assert not TrailerHost("https://notyoutube.com/{key}").is_youtube
