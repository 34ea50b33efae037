"""A host that wants a rest gets it from every run, and no movie pays for it."""

from dataclasses import dataclass

import pytest
from fake_clock import FakeClock
from present import present
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from pipeline.core.errors import FetchError, PausedError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Video
from resources.storage.ledger import Ledger
from resources.trailers.cooldown import COOLDOWN_S, MAX_COOLDOWN_S, Cooldown, InMemoryNotes
from resources.trailers.trailer_host import TrailerHost

WATCH = "https://www.youtube.com/watch?v={key}"


@dataclass
class WallClock:
    now_s: float = 1_800_000_000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return WallClock()


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    yield opened
    opened.close()


def videos(*keys):
    return [Video(key, "YouTube", "Trailer") for key in keys]


class Bot(InfoExtractor):
    _VALID_URL = r".*"
    asked = 0

    def _real_extract(self, url):
        type(self).asked += 1
        raise ExtractorError("Sign in to confirm you're not a bot", expected=True)


@pytest.fixture
def suspicious(server, ledger, clock):
    """A host that takes every caller for a bot."""
    url = f"{server.url}/{{key}}"
    host = TrailerHost(url, cooldown=Cooldown(ledger, url, clock))
    downloader = host._open_downloader()
    downloader._ies.clear()
    downloader.add_info_extractor(Bot(downloader))
    Bot.asked = 0
    yield host
    host.close()


def test_bot_check_pauses_all_movies_and_says_until_when(suspicious, tmp_path, clock, caplog):
    with pytest.raises(FetchError) as caught:
        suspicious.fetch(videos("a", "b"), tmp_path, "597")
    assert caught.value.reason is Reason.BOT_CHECK
    assert "until 2027-01-15 08:15:00 UTC" in caught.value.detail
    for _ in range(2):
        with pytest.raises(PausedError, match="until 2027-01-15 08:15:00 UTC"):
            suspicious.fetch(videos("c"), tmp_path, "598")
    assert Bot.asked == 1
    assert len([record for record in caplog.records if "until" in record.message]) == 1
    clock.now_s += COOLDOWN_S
    with pytest.raises(FetchError):
        suspicious.fetch(videos("c"), tmp_path, "598")
    assert Bot.asked == 2


def test_another_run_knows_of_the_rest_and_a_killed_one_has_noted_it(
    server, ledger, clock, suspicious, tmp_path
):
    with pytest.raises(FetchError):
        suspicious.fetch(videos("a"), tmp_path, "597")
    url = f"{server.url}/{{key}}"
    anew = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    other = TrailerHost(url, cooldown=Cooldown(anew, url, clock))
    with pytest.raises(PausedError) as caught:
        other.fetch(videos("b"), tmp_path, "598")
    assert caught.value.reason is Reason.BOT_CHECK
    assert not server.count()
    anew.close()
    other.close()


def test_rate_limit_pauses_for_as_long_as_the_host_says(server, says, ledger, clock, tmp_path):
    server.reply("/a", says.answer(429, b"", Retry_After="4000"))
    url = f"{server.url}/{{key}}"
    host = TrailerHost(url, cooldown=Cooldown(ledger, url, clock))
    with pytest.raises(FetchError) as caught:
        host.fetch(videos("a"), tmp_path, "597")
    assert caught.value.reason is Reason.RATE_LIMITED
    assert present(Cooldown(ledger, url, clock).current()).until_s == clock.now_s + 4000
    assert server.count() == {"/a": 1}
    host.close()


def test_rate_limit_without_a_time_pauses_as_usual(server, says, ledger, clock, tmp_path):
    server.reply("/a", says.answer(429, b""))
    url = f"{server.url}/{{key}}"
    host = TrailerHost(url, cooldown=Cooldown(ledger, url, clock))
    with pytest.raises(FetchError):
        host.fetch(videos("a"), tmp_path, "597")
    assert present(Cooldown(ledger, url, clock).current()).length_s == COOLDOWN_S
    host.close()


def test_short_wait_is_waited_for(server, says, ledger, clock, tmp_path):
    video = says.answer(200, b"movie", "video/mp4")
    server.reply("/a", says.answer(429, b"", Retry_After="1"), video)
    url = f"{server.url}/{{key}}"
    waiting = FakeClock()
    host = TrailerHost(url, cooldown=Cooldown(ledger, url, clock), clock=waiting)
    assert host.fetch(videos("a"), tmp_path, "597").path.read_bytes() == b"movie"
    assert waiting.slept_s == [1.0]
    assert Cooldown(ledger, url, clock).current() is None
    host.close()


def test_rest_that_did_not_help_is_followed_by_a_longer_one_up_to_a_limit(clock):
    pauses = Cooldown(InMemoryNotes(), WATCH, clock)
    lengths = []
    for _ in range(7):
        lengths.append(pauses.begin(Reason.BOT_CHECK).length_s)
        clock.now_s += lengths[-1] + 1
    assert lengths == [COOLDOWN_S * n for n in (1, 2, 4, 8, 16, 24, 24)]
    assert lengths[-1] == MAX_COOLDOWN_S
    clock.now_s += MAX_COOLDOWN_S
    assert pauses.begin(Reason.BOT_CHECK).length_s == COOLDOWN_S


def test_rest_of_one_host_is_none_of_another(clock):
    notes = InMemoryNotes()
    Cooldown(notes, WATCH, clock).begin(Reason.BOT_CHECK)
    assert Cooldown(notes, WATCH, clock).current()
    assert Cooldown(notes, "http://127.0.0.1:1/{key}", clock).current() is None


def test_rest_is_ended_and_a_clock_that_was_wrong_makes_none_of_years(clock):
    pauses = Cooldown(InMemoryNotes(), WATCH, clock)
    pauses.begin(Reason.RATE_LIMITED)
    pauses.end()
    assert pauses.current() is None
    pauses.begin(Reason.RATE_LIMITED)
    clock.now_s -= 10 * 365 * 86400
    assert pauses.current() is None
