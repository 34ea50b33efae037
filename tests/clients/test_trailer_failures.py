"""yt-dlp's failures noted apart: an extractor on loopback raises each of them for real."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError, YoutubeDLError

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason, Status, lacking
from pipeline.core.staleness import Step, row_of
from resources.trailers.downloader import open_downloader
from resources.trailers.failures import VERDICT_DAYS, RefusedMediaError, classify_failure
from resources.trailers.fetched_trailer import (
    DAY_S,
    HOUR_S,
    Attempt,
    PostponedError,
    find_due_s,
)
from resources.trailers.options import TrailerLimits, check_size, check_video


@pytest.mark.parametrize("address", ["http://10.0.0.1/x.mp4", "http://[::1]/x.mp4"])
def test_redirect_into_a_private_network_is_refused(server, says, address):
    server.reply("/a", says.redirect(address))
    downloader = open_downloader(
        f"{server.url}/", TrailerLimits(), extractors=("generic",), is_near=False
    )
    downloader._handler.rules.may_reach_private = False  # as from a host of the internet
    with pytest.raises(YoutubeDLError) as caught:
        downloader.extract(f"{server.url}/a")
    assert classify_failure(caught.value).reason is Reason.FORBIDDEN
    downloader.close()


class Scripted(InfoExtractor):
    """An extractor on loopback that fails, or answers, as it is reported."""

    _VALID_URL = r"https?://scripted/(?P<id>.*)"
    act: Callable[..., Any]

    def _real_extract(self, url):
        return type(self).act(self)


def extract(act, *, base="http://scripted/", is_near=True, of_youtube=False, of_media=False):
    Scripted.act = act
    downloader = open_downloader(base, TrailerLimits(), extractors=(), is_near=is_near)
    downloader.add_info_extractor(Scripted(downloader))
    try:
        with pytest.raises((YoutubeDLError, FetchError)) as caught:
            downloader.fetch(downloader.extract("http://scripted/x"), "x")
    finally:
        downloader.close()
    return classify_failure(
        caught.value,
        of_youtube=of_youtube,
        of_media=of_media,
        is_withheld=downloader.is_withheld,
    )


def say(words):
    def act(extractor):
        raise ExtractorError(words, expected=True)

    return act


def geo_block(extractor):
    raise GeoRestrictedError("no")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (geo_block, Reason.GEO_BLOCKED),
        (say("Private video. Sign in if you've been granted access"), Reason.PRIVATE),
        (say("Video unavailable. This video has been removed by the uploader"), Reason.REMOVED),
        (say("This video is no longer available because the account has been terminated"),
         Reason.REMOVED),
        (say("Video unavailable"), Reason.REMOVED),
        (say("The uploader has not made this video available in your country"),
         Reason.GEO_BLOCKED),
        (say("Sign in to confirm your age. This video may be inappropriate for some users"),
         Reason.AGE_GATED),
        (say("Sign in to confirm you’re not a bot. Use --cookies"), Reason.BOT_CHECK),
        (say("Video unavailable. This content isn't available, try again later. Your account has"
             " been rate-limited by YouTube"), Reason.RATE_LIMITED),
        (say("Premieres in 3 days"), Reason.LIVE),
        (say("This live event will begin in 2 hours"), Reason.LIVE),
        (say("Join this channel to get access to members-only content"), Reason.FORBIDDEN),
        (say("This video is DRM protected"), Reason.FORBIDDEN),
        (say("something new"), Reason.UNEXPECTED),
        (lambda _: {"id": "x", "title": "x", "is_live": True, "url": "http://scripted/x"},
         Reason.LIVE),
        (lambda _: {"id": "x", "title": "x", "duration": 5400, "url": "http://scripted/x"},
         Reason.TOO_LONG),
        (lambda _: {"id": "x", "title": "x", "formats": []}, Reason.WRONG_TYPE),
    ],
)  # fmt: skip
def test_failure_class_is_reported_apart(act, reason):
    assert extract(act).reason is reason


@pytest.mark.parametrize(
    "words",
    [
        "The following content is not available on this app.. Watch on the latest version of"
        " YouTube.",
        "This video is not available on this device",
        "The page needs to be reloaded.",
        "Video unavailable. This video is not available",
        "This content isn't available",
        "Please sign in",
        "An error occurred. Please update your app",
        "We're processing this video. Check back later.",
    ],
)
@pytest.mark.parametrize("of_youtube", [True, False])
def test_message_about_the_client_or_the_session_says_nothing_about_the_video(words, of_youtube):
    failure = extract(say(words), of_youtube=of_youtube)
    assert failure.reason.status is Status.WILL_RETRY
    is_unclear = words.endswith("available")  # the next candidate is tried as well
    assert isinstance(failure, PostponedError) is is_unclear


@pytest.mark.parametrize("key", ["abcDEFxyz12", "drmXDZ7Jad4", "removed-ssl", "-private-vi"])
def test_verdict_is_the_same_whatever_the_videos_key(key):
    error = ExtractorError("The page needs to be reloaded.", video_id=key, ie="youtube")
    wrapped = DownloadError(f"ERROR: {error}", (type(error), error, None))
    assert classify_failure(wrapped, of_youtube=True).reason is Reason.UNEXPECTED
    bare = YoutubeDLError(f"ERROR: unable to open /staging/597.{key}.mp4 of {key}")
    assert classify_failure(bare, key=key).reason is Reason.UNEXPECTED


@pytest.mark.parametrize(
    "words",
    [
        "Private video. Sign in if you've been granted access", "Video unavailable",
        "This video has been removed by the uploader", "This video is DRM protected",
        "Sign in to confirm your age.", "Join this channel to get access to this video",
        "The uploader has not made this video available in your country",
    ],
)  # fmt: skip
def test_words_alone_rule_a_video_out_for_a_month_and_not_permanently(words):
    failure = extract(say(words), of_youtube=True)
    assert isinstance(failure, PostponedError)
    assert failure.wait_s == VERDICT_DAYS * 86400
    assert find_due_s([Attempt.of("x", failure)], 1000.0) == 1000.0 + failure.wait_s


def test_class_of_error_decides_without_words():
    assert not isinstance(extract(geo_block), PostponedError)


@pytest.mark.parametrize(
    ("words", "hours"),
    [("Premieres in 6 hours", 7), ("Premieres in 40 minutes", 41 / 60), ("Premieres in 3 days", 96),
     ("This live event will begin in a few moments.", 0), ("Premieres in 1 hour", 2)],
)  # fmt: skip
def test_premiere_falls_due_after_its_time(words, hours):
    failure = extract(say(words), of_youtube=True)
    assert (failure.reason, failure.reason.status) == (Reason.LIVE, Status.WILL_RETRY)
    assert failure.wait_s == pytest.approx(hours * 3600)


@pytest.mark.parametrize("status", ["is_upcoming", "post_live", "is_live"])
def test_announced_time_of_a_premiere_counts(status):
    with pytest.raises(PostponedError) as caught:
        check_video({"live_status": status, "release_timestamp": 5000}, TrailerLimits())
    assert caught.value.reason is Reason.LIVE
    attempt = Attempt.of("x", classify_failure(caught.value))
    row = row_of(
        lacking(1, Reason.LIVE).with_next_attempt(find_due_s([attempt], 1000.0)),
        None, Step("trailers", "1"), "v", now_s=1000.0,
    )  # fmt: skip
    assert row.next_attempt_s >= 5000


@pytest.mark.parametrize("address", ["http://10.0.0.1/x.mp4", "file:///etc/passwd"])
def test_answer_cannot_lead_to_files_or_into_a_private_network(address):
    info = {"id": "x", "title": "x", "ext": "mp4", "url": address}
    assert extract(lambda _: info, is_near=False).reason is Reason.FORBIDDEN


def test_video_within_limits_passes():
    assert check_video({"duration": 120, "live_status": "was_live"}, TrailerLimits()) is None
    assert check_size({"downloaded_bytes": 10, "total_bytes": None}, TrailerLimits()) is None


@pytest.mark.parametrize("status", [400, 401, 403])
def test_status_of_youtube_says_nothing_about_the_video(server, says, status):
    server.reply("/a", says.answer(status, b""))
    downloader = open_downloader(
        f"{server.url}/", TrailerLimits(), extractors=("generic",), is_near=True
    )
    with pytest.raises(YoutubeDLError) as caught:
        downloader.extract(f"{server.url}/a")
    assert classify_failure(caught.value).reason is Reason.FORBIDDEN
    failure = classify_failure(caught.value, of_youtube=True)
    assert (failure.reason, "doctor" in failure.detail) == (Reason.UNEXPECTED, True)
    downloader.close()


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda _: {"id": "x", "title": "x", "formats": []}, Reason.UNEXPECTED),
        (say("Requested format is not available"), Reason.UNEXPECTED),
        (say("Private video. Sign in"), Reason.PRIVATE),
        (say("This video is DRM protected"), Reason.FORBIDDEN),
        (lambda _: {"id": "x", "title": "x", "duration": 5400, "url": "http://scripted/x"},
         Reason.TOO_LONG),
    ],
)  # fmt: skip
def test_youtube_without_files_means_an_old_yt_dlp_and_words_mean_the_video(act, reason):
    assert extract(act, of_youtube=True).reason is reason


SKIPPED = "Some {} client https formats have been skipped as they are missing a URL. {}"
STORYBOARD = {
    "format_id": "sb0", "url": "http://scripted/sb", "ext": "mhtml", "protocol": "mhtml",
    "vcodec": "none", "acodec": "none",
}  # fmt: skip


def skip_in_a_warning(extractor):
    why = "YouTube may have enabled the SABR-only streaming experiment for the current session"
    extractor.report_warning(SKIPPED.format("ios", why), "x", only_once=True)
    extractor.raise_no_formats("No video formats found!", expected=True)


def skip_in_a_debug_message(extractor):
    why = "YouTube is forcing SABR streaming for this client"
    extractor.write_debug(SKIPPED.format("web", why), only_once=True)
    extractor.raise_no_formats("No video formats found!", expected=True)


@pytest.mark.parametrize(
    "act",
    [skip_in_a_warning, skip_in_a_debug_message,
     lambda _: {"id": "x", "title": "x", "formats": [STORYBOARD]}],
)  # fmt: skip
def test_formats_that_cannot_be_downloaded_are_no_outdated_yt_dlp(act):
    failure = extract(act, of_youtube=True)
    assert failure.reason is Reason.UNEXPECTED
    for remedy in ("SABR", "MARQUEE_YOUTUBE_PLUGINS", "MARQUEE_YOUTUBE_COOKIES"):
        assert remedy in failure.detail
    assert "too old" not in failure.detail


def test_video_without_formats_and_without_a_remark_is_an_outdated_yt_dlp():
    failure = extract(lambda _: {"id": "x", "title": "x", "formats": []}, of_youtube=True)
    assert "too old" in failure.detail
    assert "SABR" not in failure.detail


def test_remark_about_one_video_is_none_about_the_next():
    """yt-dlp makes a remark about a video once; it holds for a second extraction, too."""
    acts = [skip_in_a_warning, lambda _: {"id": "y", "title": "y", "url": "http://scripted/y"}]
    downloader = open_downloader("http://scripted/", TrailerLimits(), extractors=(), is_near=True)
    downloader.add_info_extractor(Scripted(downloader))
    withheld = []
    for name, act in zip("xxy", [acts[0], *acts], strict=True):
        Scripted.act = act
        with contextlib.suppress(YoutubeDLError):
            downloader.extract(f"http://scripted/{name}")
        withheld.append(downloader.is_withheld)
    downloader.close()
    assert withheld == [True, True, False]


def test_refused_data_of_youtube_have_a_remedy_of_their_own(server, says):
    server.reply("/data", says.answer(403, b""))
    info = {"id": "x", "title": "x", "ext": "mp4", "url": f"{server.url}/data"}
    failure = extract(lambda _: info, base=f"{server.url}/", of_youtube=True, of_media=True)
    assert isinstance(failure, RefusedMediaError)
    assert failure.reason is Reason.UNEXPECTED
    assert "MARQUEE_YOUTUBE_PLUGINS" in failure.detail
    assert "too old" not in failure.detail


def test_refused_fragment_is_a_refusal_too():
    bare = YoutubeDLError("ERROR: unable to download video data: HTTP Error 403: Forbidden")
    assert isinstance(classify_failure(bare, of_media=True), RefusedMediaError)
    assert not isinstance(classify_failure(bare), RefusedMediaError)


def test_what_signs_an_address_does_not_reach_the_ledger():
    failure = classify_failure(
        YoutubeDLError("Max retries exceeded with url: /videoplayback?ip=1.2.3.4&sig=AAA (no)")
    )
    assert failure.detail == "Max retries exceeded with url: /videoplayback?… (no)"


@pytest.mark.parametrize("kind", ["playlist", "multi_video", "url"])
def test_list_and_endless_reference_are_refused(kind):
    info = {"_type": kind, "id": "x", "title": "x", "entries": [], "url": "http://scripted/x"}
    assert extract(lambda _: dict(info)).reason is Reason.WRONG_TYPE


def test_program_is_never_started_for_a_stream(tmp_path, monkeypatch):
    """A stream that yt-dlp would hand to ffmpeg is refused, also where an ffmpeg is."""
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    info = {"id": "x", "title": "x", "ext": "mp4", "protocol": "rtmp_ffmpeg", "url": "rtmp://x/y"}
    assert extract(lambda _: info).reason is Reason.FORBIDDEN
    assert not (tmp_path / "started").exists()


def test_transient_failure_waits_for_no_other_candidate():
    gone = Attempt("a", Reason.GONE, wait_s=30 * DAY_S)
    assert find_due_s([gone], 1000.0) == 1000.0 + 30 * DAY_S
    assert find_due_s([gone, Attempt("b", Reason.NETWORK)], 1000.0) == 0.0


def test_premiere_whose_time_has_passed_is_requested_an_hour_later():
    late = Attempt("a", Reason.LIVE, due_s=500.0)
    assert find_due_s([late, Attempt("b", Reason.GONE)], 1000.0, only_live=True) == 1000.0 + HOUR_S
