"""The image host's client against scripted answers."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from pipeline.core.errors import CredentialError, FetchError, SourceError
from pipeline.core.outcomes import Reason
from pipeline.crawl.tmdb.responses import Configuration
from resources.http.client import HttpClient
from resources.run_context import open_run_context
from resources.settings import Settings
from resources.sources.image_host import SIZES, ImageHost, find_image_host
from resources.sources.tmdb import Tmdb
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.servers.running import start_studio


@pytest.fixture
def images(server):
    http = HttpClient(f"{server.url}/t/p", max_attempts=1)
    yield ImageHost(http)
    http.close()


def test_poster_comes_in_the_width_that_is_enough(server, images):
    server.reply("/t/p/w500/a.jpg", body=b"\xff\xd8five", content_type="image/jpeg")
    server.reply("/t/p/original/a.jpg", body=b"\xff\xd8all", content_type="image/jpeg")
    assert images.fetch_poster("/a.jpg") == b"\xff\xd8five"
    assert images.fetch_poster("/a.jpg", 2000) == b"\xff\xd8all"
    assert images.poster_url("/a.jpg", 300) == f"{server.url}/t/p/w342/a.jpg"


def test_sizes_are_those_of_the_configuration(server):
    http = HttpClient(server.url)
    assert ImageHost(http, ["w50", "w700", "h632"]).poster_url("/a.jpg").endswith("/w700/a.jpg")
    http.close()


@pytest.mark.parametrize("path", ["", "a.jpg", "/../a.jpg", "//host/a.jpg", "/a.jpg?x", "/a b.jpg"])
def test_path_that_leaves_the_host_is_refused(server, images, path):
    with pytest.raises(FetchError) as caught:
        images.fetch_poster(path)
    assert caught.value.reason is Reason.MALFORMED
    assert server.seen == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda s: s.answer(body=b""), Reason.CUT_OFF),
        (lambda s: s.answer(body=b"<!doctype html>"), Reason.WRONG_TYPE),
        (lambda s: s.answer(body=b" <svg/>"), Reason.WRONG_TYPE),
        (lambda s: s.answer(404, b""), Reason.GONE),
        (lambda s: s.answer(403, b""), Reason.FORBIDDEN),
        (lambda s: s.answer(503, b""), Reason.SERVER_ERROR),
        (lambda s: s.answer(429, b""), Reason.RATE_LIMITED),
        (lambda s: s.cut(s.answer(body=b"\xff\xd8", length=900)), Reason.CUT_OFF),
        (lambda s: s.reset, Reason.NETWORK),
        (lambda s: s.redirect("file:///etc/passwd"), Reason.FORBIDDEN),
    ],
)
def test_fault_gives_its_reason(server, images, says, script, reason):
    server.reply("/t/p/w500/a.jpg", script(says))
    with pytest.raises(FetchError) as caught:
        images.fetch_poster("/a.jpg")
    assert caught.value.reason is reason


def test_silent_host_is_a_timeout(server, says):
    server.reply("/t/p/w500/a.jpg", says.stall())
    http = HttpClient(f"{server.url}/t/p", timeout_s=0.2, max_attempts=1)
    with closing(http), pytest.raises(FetchError) as caught:
        ImageHost(http).fetch_poster("/a.jpg")
    assert caught.value.reason is Reason.TIMEOUT


# -- where the host is, and in which sizes ---------------------------------------------------

KNOWN = "https://image.example.org/t/p"


def answers(image_url=KNOWN, *sizes):
    return lambda: Configuration(image_url, sizes or ("w500", "original"))


def configure(server, **images):
    server.reply("/3/configuration", body=json.dumps({"images": images}).encode())
    http = HttpClient(f"{server.url}/3", max_attempts=1)
    return Tmdb(http, "a-key-of-this-test").configuration


def test_source_without_a_configuration_has_the_known_address_and_sizes():
    assert find_image_host(KNOWN, None, may_move=True) == (KNOWN, SIZES)


def test_sizes_and_address_are_those_of_tmdbs_configuration(server):
    ask = configure(
        server, secure_base_url="https://images.example.com/p/", poster_sizes=["w300", "w600"]
    )
    moved = find_image_host(KNOWN, ask, may_move=True)
    assert moved == ("https://images.example.com/p", ("w300", "w600"))
    assert server.count()["/3/configuration"] == 1


def test_address_that_the_operator_has_set_stays():
    ask = answers("https://images.example.com/p/", "w600")
    assert find_image_host("http://127.0.0.1:8", ask, may_move=False) == (
        "http://127.0.0.1:8", ("w600",),
    )  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "http://image.example.com/t/p/",
        "file:///etc/passwd",
        "//image.example.com/p",
        "/t/p",
        "https://",
        "https:///p",
        "https://127.0.0.1/t/p/",
        "https://localhost/t/p/",
        "https://169.254.169.254/latest/",
        "https://[::ffff:10.0.0.1]/p",
        "https://2130706433/p",
        "https://user:word@image.example.com/p",
        "https://image.example.com:22/p",
        "https://image.example.com:99999/p",
        "https://image.example.com/p?next=",
        "https://image.example.com/p#",
        "https://image.example.com/p#x",
        "https://image.example.com/\r\nHost: other",
        "https://imagé.example.com/p",
        "https://image.example.com/" + 300 * "p",
        "https://[image/p",
    ],
)
def test_address_that_may_not_be_followed_is_reported_and_not_used(address, caplog):
    assert find_image_host(KNOWN, answers(address), may_move=True)[0] == KNOWN
    (line,) = caplog.messages
    assert "TMDB_IMAGE_URL" in line
    assert "\n" not in line
    assert len(line) < 400


def test_sizes_that_are_none_are_passed_over():
    hostile = ("../../x", "w500/../..", "w0", "w", "w99999", "h632", "w५००", "w" + 9000 * "9", "")
    assert find_image_host(KNOWN, answers(KNOWN, *hostile), may_move=True)[1] == SIZES
    assert find_image_host(KNOWN, answers(KNOWN, *hostile, "w640"), may_move=True)[1] == ("w640",)


def test_posters_do_not_wait_for_the_configuration(server, caplog):
    ask = configure(server)
    server.reply("/3/configuration", status=500)
    assert find_image_host(KNOWN, ask, may_move=True) == (KNOWN, SIZES)
    assert "known ones" in caplog.text
    assert "a-key-of-this-test" not in caplog.text


@pytest.mark.parametrize("images", [{}, {"secure_base_url": KNOWN, "poster_sizes": "w500"}])
def test_what_does_not_answer_as_tmdb_does_stops_the_run(server, images):
    with pytest.raises(SourceError, match="TMDB_API_URL"):
        find_image_host(KNOWN, configure(server, **images), may_move=True)


def test_wrong_key_stops_the_run(server):
    ask = configure(server)
    server.reply("/3/configuration", status=401, body=b'{"status_code":7}')
    with pytest.raises(CredentialError, match="TMDB_API_KEY"):
        find_image_host(KNOWN, ask, may_move=True)


def test_size_that_only_the_configuration_knows_makes_no_poster_gone(server):
    server.reply("/t/p/original/a.jpg", body=b"\xff\xd8all", content_type="image/jpeg")
    with closing(HttpClient(f"{server.url}/t/p", max_attempts=1)) as http:
        images = ImageHost(http, ["w640"])
        assert images.fetch_poster("/a.jpg") == b"\xff\xd8all"
        with pytest.raises(FetchError, match="gone"):
            images.fetch_poster("/b.jpg")
    assert server.count()["/t/p/w640/a.jpg"] == 1


def test_known_size_that_is_not_there_is_gone_at_once(server, images):
    with pytest.raises(FetchError, match="gone"):
        images.fetch_poster("/a.jpg")
    assert server.count() == {"/t/p/w500/a.jpg": 1}


def count_requests(studio):
    return requests.get(f"{studio.url}/_stats", timeout=60).json()["total"]


def test_no_more_posters_are_asked_for_at_once_than_the_host_is_given(server, says):
    under_way, most, are_three = [], [], threading.Event()

    def act(talk, target, headers):
        under_way.append(target)
        most.append(len(under_way))
        if len(under_way) == 3:
            are_three.set()
        assert are_three.wait(60)
        under_way.remove(target)
        talk.request.sendall(says.answer(body=b"\xff\xd8", content_type="image/jpeg"))

    for number in range(24):
        server.routes[f"/t/p/w500/{number}.jpg"] = act
    with closing(HttpClient(f"{server.url}/t/p")) as http, ThreadPoolExecutor(12) as pool:
        images = ImageHost(http, at_once=3)
        list(pool.map(images.fetch_poster, (f"/{number}.jpg" for number in range(24))))
    assert max(most) == 3


def test_run_context_asks_once_and_only_when_posters_are_wanted(tmp_path, studio_cache):
    with (
        start_studio(GeneratedCatalogue(3, 7, studio_cache)) as studio,
        open_run_context(
            Settings(
                store=str(tmp_path / "store"),
                tmdb_api_url=studio.urls["TMDB_API_URL"],
                tmdb_api_key=studio.urls["TMDB_API_KEY"],
                tmdb_image_url=studio.urls["TMDB_IMAGE_URL"],
            )
        ) as run_context,
    ):
        before = count_requests(studio)
        assert run_context.tmdb
        assert count_requests(studio) == before
        url = run_context.images.poster_url("/a.jpg")
        assert run_context.images.poster_url("/b.jpg")
        assert count_requests(studio) == before + 1
        assert url == f"{studio.urls['TMDB_IMAGE_URL']}/w500/a.jpg"


def test_imported_movies_have_their_posters_without_tmdb(tmp_path):
    settings = Settings(store=str(tmp_path / "store"), source="imports")
    with open_run_context(settings) as run_context:
        url = run_context.images.poster_url("/a.jpg")
    assert url == "https://image.tmdb.org/t/p/w500/a.jpg"
