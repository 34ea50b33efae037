"""The trailer host's client: real yt-dlp against scripted servers."""

import threading
from typing import Any

import pytest
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from pipeline.core.errors import ConfigurationError, FetchError, TrailerError
from pipeline.core.outcomes import Reason, Status
from pipeline.core.records import Video
from resources.trailers.downloader import open_downloader
from resources.trailers.fetched_trailer import NoTrailerError, find_due_s
from resources.trailers.options import PREMIERE_S, TrailerLimits
from resources.trailers.trailer_host import TrailerHost

MOVIE = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 2000


@pytest.fixture
def host(server, clock):
    trailers = TrailerHost(f"{server.url}/trailers/{{key}}.mp4", tries=1, clock=clock)
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
        full = says.answer(206 if start else 200, part, "video/mp4", ETag='"one"', **ranged)
        if cut_at is not None and left[0] > 0:
            left[0] -= 1
            says.cut(full[: len(full) - len(part) + cut_at])(talk, target, headers)
        else:
            talk.request.sendall(full)

    server.routes[f"/trailers/{key}.mp4"] = act


def test_plain_file_comes_as_one_file(server, host, says, tmp_path):
    serve(server, says, "a")
    trailer = host.fetch(videos("a"), tmp_path, "597")
    assert trailer.path.read_bytes() == MOVIE
    assert (trailer.audio_path, trailer.name, trailer.tried) == (None, "a", ())
    assert list(tmp_path.iterdir()) == [trailer.path]
    assert trailer.path.name.startswith("597.a.")
    assert trailer.path.suffix == ".mp4"


def test_one_trailer_is_one_request(server, host, says, tmp_path):
    serve(server, says, "a")
    host.fetch(videos("a"), tmp_path, "597")
    assert server.count() == {"/trailers/a.mp4": 1}


def test_redirected_trailer_is_fetched_from_where_it_leads(server, host, says, tmp_path):
    server.reply("/trailers/a.mp4", says.redirect("/trailers/b.mp4"))
    serve(server, says, "b")
    assert host.fetch(videos("a"), tmp_path, "597").path.read_bytes() == MOVIE
    assert server.count() == {"/trailers/a.mp4": 1, "/trailers/b.mp4": 1}


def test_failure_that_passes_is_tried_again_after_waits_that_grow(server, says, tmp_path, clock):
    answers = [says.answer(503, b""), says.reset, says.answer(200, MOVIE, "video/mp4")]
    server.reply("/a", *answers)
    host = TrailerHost(f"{server.url}/{{key}}", clock=clock)
    assert host.fetch(videos("a"), tmp_path, "597").path.read_bytes() == MOVIE
    first_s, second_s = clock.slept_s
    assert 0.125 <= first_s <= 0.25 <= second_s <= 0.5
    assert server.count() == {"/a": 3}
    host.close()


def test_gone_trailer_is_not_tried_again(server, tmp_path):
    host = TrailerHost(f"{server.url}/{{key}}")
    with pytest.raises(FetchError):
        host.fetch(videos("a"), tmp_path, "597")
    assert server.count() == {"/a": 1}
    host.close()


def test_next_candidate_is_tried_when_one_is_no_usable_video(server, host, says, tmp_path):
    serve(server, says, "a", body=b"no video")
    serve(server, says, "b")

    def inspect(path):
        if path.read_bytes() != MOVIE:
            raise TrailerError(Reason.MALFORMED, "cannot be opened as media")
        return "fine"

    trailer = host.fetch(videos("a", "b"), tmp_path, "597", inspect)
    assert (trailer.name, trailer.info) == ("b", "fine")
    assert trailer.tried[0].reason is Reason.MALFORMED
    assert list(tmp_path.iterdir()) == [trailer.path]


def test_video_of_another_site_is_never_asked_for(server, host, says, tmp_path):
    serve(server, says, "76979871")
    serve(server, says, "b")
    candidates = [Video("76979871", "Vimeo", "Trailer"), *videos("b")]
    trailer = host.fetch(candidates, tmp_path, "597")
    assert (trailer.name, trailer.tried[0].reason) == ("b", Reason.NOT_LISTED)
    assert "Vimeo" in trailer.tried[0].detail
    assert server.count() == {"/trailers/b.mp4": 1}


@pytest.mark.parametrize("key", ["../../etc/passwd", "a&list=PL1", "a b", "", "%2e", "x" * 65])
def test_key_that_could_lead_elsewhere_is_never_asked_for(server, host, tmp_path, key):
    with pytest.raises(FetchError) as caught:
        host.fetch(videos(key), tmp_path, "597")
    assert caught.value.reason is Reason.MALFORMED
    assert not server.count()


PLAYLIST = b"""<?xml version="1.0"?><playlist xmlns="http://xspf.org/ns/0/"><trackList>
<track><location>/trailers/b.mp4</location></track>
<track><location>/trailers/c.mp4</location></track></trackList></playlist>"""


def test_list_of_videos_is_refused(server, host, says, tmp_path):
    server.reply("/trailers/a.mp4", says.answer(200, PLAYLIST, "application/xml"))
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.WRONG_TYPE
    assert "a list of videos" in caught.value.detail
    assert set(server.count()) == {"/trailers/a.mp4"}


def test_next_candidate_is_tried_when_one_is_gone(server, host, says, tmp_path):
    server.reply("/trailers/b.mp4", status=410)
    serve(server, says, "c")
    trailer = host.fetch(videos("a", "b", "c"), tmp_path, "597")
    assert trailer.name == "c"
    assert [(a.name, a.reason) for a in trailer.tried] == [("a", Reason.GONE), ("b", Reason.GONE)]
    assert all("HTTP Error 4" in attempt.detail for attempt in trailer.tried)


def test_all_gone_gives_the_first_reason_and_names_all(server, host, tmp_path):
    server.reply("/trailers/a.mp4", status=403)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a", "b"), tmp_path, "597")
    assert caught.value.reason is Reason.FORBIDDEN
    assert "a forbidden, b gone" in caught.value.detail
    assert [(a.name, a.reason) for a in caught.value.tried] == [
        ("a", Reason.FORBIDDEN), ("b", Reason.GONE),
    ]  # fmt: skip
    assert caught.value.metadata["tried"]["b"].startswith("gone: [generic] b: Unable")


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
    "500": (lambda s: s.answer(500, b""), Reason.SERVER_ERROR),
    "503": (lambda s: s.answer(503, b""), Reason.SERVER_ERROR),
    "page": (
        lambda s: s.answer(body=b"<html><p>Hello", content_type="text/html"),
        Reason.WRONG_TYPE,
    ),
    "picture": (lambda s: s.answer(body=b"x", content_type="audio/mpeg"), Reason.WRONG_TYPE),
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


def test_cut_off_file_is_reported(server, host, says, tmp_path):
    serve(server, says, "a", cut_at=1000)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.CUT_OFF
    assert {path.suffix for path in tmp_path.iterdir()} == {".part", ".origin"}


def test_cut_off_file_is_resumed(server, host, says, tmp_path):
    serve(server, says, "a", cut_at=100_000, times=1)
    assert host.fetch(videos("a"), tmp_path, "597").path.read_bytes() == MOVIE
    assert server.seen[-1][1]["range"] == "bytes=100000-"


def test_wrong_length_is_cut_off(server, host, says, tmp_path):
    server.reply("/trailers/a.mp4", says.cut(says.answer(200, b"x" * 90, "video/mp4", length=100)))
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.CUT_OFF


@pytest.mark.parametrize("is_inside", [False, True])
def test_silence_is_a_timeout(server, says, tmp_path, clock, is_inside):
    begun = says.answer(200, b"x" * 90, "video/mp4", length=100) if is_inside else b""
    server.reply("/a", says.stall(begun))
    limits = TrailerLimits(timeout_s=0.2)
    host = TrailerHost(f"{server.url}/{{key}}", limits=limits, tries=1, clock=clock)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.TIMEOUT
    host.close()


@pytest.mark.parametrize("content_type", ["video/mp4", "text/html"])
def test_dripping_host_does_not_hold_a_thread(server, says, tmp_path, content_type):
    head = says.answer(200, b"", content_type, length=1000)
    server.reply(
        "/a",
        lambda talk, target, headers: [
            talk.request.sendall(head),
            *(talk.request.sendall(b"<") or threading.Event().wait(0.02) for _ in range(200)),
        ],
    )
    host = TrailerHost(f"{server.url}/{{key}}", limits=TrailerLimits(max_download_s=0.2), tries=1)
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.TIMEOUT
    host.close()


def test_too_large_file_is_reported_and_removed(server, says, tmp_path):
    serve(server, says, "a")
    host = TrailerHost(f"{server.url}/trailers/{{key}}.mp4", limits=TrailerLimits(max_bytes=1000))
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.TOO_LARGE
    assert f"{len(MOVIE)} bytes, more than 1000 bytes" in caught.value.detail
    assert list(tmp_path.iterdir()) == []
    host.close()


FORMATS = {"sound": 0, "low": 360, "middle": 720, "high": 1080}


@pytest.fixture
def apart(server):
    """Open a host that keeps video and sound apart; it has so many lines at most."""
    hosts = []

    def open_host(lines=480, **formats):
        for name in ("high", "middle", "low", "sound", "whole"):
            server.reply(f"/{name}", body=name.encode(), content_type="video/mp4")
        host = TrailerHost(f"{server.url}/{{key}}", limits=TrailerLimits(max_height_px=lines))
        hosts.append(host)
        downloader = host._open_downloader()
        downloader._ies.clear()
        Apart.url, Apart.formats, Apart.sounds = server.url, formats or FORMATS, None
        downloader.add_info_extractor(Apart(downloader))
        return host

    yield open_host
    for host in hosts:
        host.close()


class Apart(InfoExtractor):
    """A host that keeps video and sound apart, as YouTube does."""

    _VALID_URL = r".*"
    url = ""
    formats = None
    sounds = None

    def _real_extract(self, url) -> Any:
        video = {"ext": "mp4", "vcodec": "avc1", "acodec": "none"}
        sound = {"ext": "m4a", "vcodec": "none", "acodec": "mp4a"}
        kinds = {"sound": sound, "whole": {"ext": "mp4", "vcodec": "avc1", "acodec": "mp4a"}}
        kinds |= {name: {"vcodec": "none", **facts} for name, facts in (self.sounds or {}).items()}
        return {
            "id": "x",
            "title": "x",
            "formats": [
                {"format_id": name, "url": f"{self.url}/{name}", **kinds.get(name, video),
                 **({"height": lines} if lines else {}),
                 **({"filesize": 10**10} if name == "whole" else {})}
                for name, lines in self.formats.items()
            ],
        }  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "taken"), [(480, b"low"), (720, b"middle"), (2160, b"high"), (144, b"low")]
)
def test_video_and_sound_come_as_two_files_of_the_wanted_lines(apart, tmp_path, lines, taken):
    trailer = apart(lines).fetch(videos("a"), tmp_path, "597")
    assert trailer.path.read_bytes() == taken
    assert trailer.audio_path.read_bytes() == b"sound"
    assert trailer.audio_path.suffix == ".m4a"


@pytest.mark.parametrize("original", ["webm", "m4a"])
def test_the_original_sound_is_taken_before_a_dub_of_any_codec(apart, server, tmp_path, original):
    for name in ("dubbed", "original", "described"):
        server.reply(f"/{name}", body=name.encode(), content_type="audio/mp4")
    host = apart(dubbed=0, low=360, original=0, described=0)
    Apart.sounds = {
        "dubbed": {"ext": "m4a", "acodec": "mp4a", "abr": 256, "language_preference": -1},
        "original": {
            "ext": original, "acodec": "mp4a" if original == "m4a" else "opus", "abr": 64,
            "language_preference": 10,
        },
        "described": {"ext": "m4a", "acodec": "mp4a", "language_preference": -10},
    }  # fmt: skip
    trailer = host.fetch(videos("a"), tmp_path, "597")
    assert trailer.path.read_bytes() == b"low"
    assert trailer.audio_path.read_bytes() == b"original"


def test_file_that_is_reported_to_be_too_large_is_not_asked_for(apart, server, tmp_path):
    with pytest.raises(FetchError) as caught:
        apart(whole=480).fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.TOO_LARGE
    assert "10000000000 bytes, more than 314572800" in caught.value.detail
    assert not server.count()


@pytest.mark.parametrize(
    "template", ["", "file:///{key}", "http://host/", "ftp://host/{key}", "/videos/{key}.mp4"]
)
def test_template_must_be_an_address_with_a_key(template):
    with pytest.raises(ConfigurationError, match="TRAILER_URL_TEMPLATE"):
        TrailerHost(template)


def test_youtube_is_known_by_its_host():
    assert TrailerHost("https://www.youtube.com/watch?v={key}").is_youtube
    assert not TrailerHost("https://notyoutube.com/{key}").is_youtube


class Announced(InfoExtractor):
    """An extractor on loopback: a video that premieres, one that is unclear, and one that is."""

    _VALID_URL = r"https?://announced/(?P<id>.*)"

    def _real_extract(self, url):  # pyright: ignore[reportIncompatibleMethodOverride] # as yt-dlp's
        key = self._match_id(url)
        if key == "b":
            raise ExtractorError("Video unavailable. This video is not available", expected=True)
        info = {"id": key, "title": key, "formats": [], "live_status": "is_upcoming"}
        return {**info, "url": "http://announced/x", "release_timestamp": 5000}


def test_premiere_and_unclear_video_make_room_for_the_next_and_are_retried(tmp_path, clock):
    host = TrailerHost("http://announced/{key}", clock=clock)
    downloader = open_downloader("http://announced/", TrailerLimits(), extractors=(), is_near=True)
    downloader.add_info_extractor(Announced(downloader))
    host._own.downloader = downloader
    with pytest.raises(NoTrailerError) as caught:
        host.fetch(videos("a", "b"), tmp_path, "597")
    downloader.close()
    reasons = [(one.name, one.reason) for one in caught.value.tried]
    assert reasons == [("a", Reason.LIVE), ("b", Reason.UNEXPECTED)]
    assert caught.value.reason.status is Status.WILL_RETRY
    assert (
        find_due_s(caught.value.tried, 1000.0) == 0.0
    )  # the unclear one is retried as any failure
    assert find_due_s(caught.value.tried, 1000.0, only_live=True) == 5000 + PREMIERE_S
