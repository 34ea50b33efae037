"""yt-dlp's failures told apart: an extractor on loopback raises each of them for real."""

import pytest
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError, GeoRestrictedError, YoutubeDLError

from pipeline.errors import FetchError
from pipeline.outcomes import Reason
from resources.downloader import Limits, check_size, check_video, open_downloader
from resources.trailer_failures import classify_failure


@pytest.mark.parametrize("address", ["http://10.0.0.1/x.mp4", "http://[::1]/x.mp4"])
def test_redirect_into_a_private_network_is_refused(server, says, address):
    server.reply("/a", says.redirect(address))
    downloader = open_downloader(f"{server.url}/", ["generic"], Limits(), is_near=False)
    with pytest.raises(YoutubeDLError) as caught:
        downloader.fetch(f"{server.url}/a", "x")
    assert classify_failure(caught.value).reason is Reason.FORBIDDEN
    downloader.close()


class Scripted(InfoExtractor):
    """An extractor on loopback that fails, or answers, as it is told."""

    _VALID_URL = r"https?://scripted/(?P<id>.*)"
    act = None

    def _real_extract(self, url):
        return type(self).act(self)


def extract(act, *, is_near=True):
    Scripted.act = act
    downloader = open_downloader("http://scripted/", [], Limits(), is_near=is_near)
    downloader.add_info_extractor(Scripted(downloader))
    try:
        with pytest.raises((YoutubeDLError, FetchError)) as caught:
            downloader.fetch("http://scripted/x", "x")
    finally:
        downloader.close()
    return classify_failure(caught.value)


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
def test_failure_class_is_told_apart(act, reason):
    assert extract(act).reason is reason


@pytest.mark.parametrize("address", ["http://10.0.0.1/x.mp4", "file:///etc/passwd"])
def test_answer_cannot_lead_to_files_or_into_a_private_network(address):
    info = {"id": "x", "title": "x", "ext": "mp4", "url": address}
    assert extract(lambda _: info, is_near=False).reason is Reason.FORBIDDEN


def test_video_within_limits_passes():
    assert check_video({"duration": 120, "live_status": "was_live"}, Limits()) is None
    assert check_size({"downloaded_bytes": 10, "total_bytes": None}, Limits()) is None
