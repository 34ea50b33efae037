import asyncio
import http.client
import socket
import subprocess
import sys
import threading

import pytest
import requests
from present import present

from pipeline.core.errors import ConfigurationError
from resources.studio.access import ask_about
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.servers.running import find_or_start, start_studio


@pytest.fixture
def catalogue(tmp_path):
    return GeneratedCatalogue(20, 7, tmp_path)


def test_studio_leaves_nothing_behind(catalogue):
    before = set(threading.enumerate())
    with requests.Session() as session:  # a connection kept open must not hold it up
        with start_studio(catalogue) as studio:
            assert session.get(f"{studio.url}/t/p/w92/p90000001.jpg", timeout=60).ok
            assert session.get(f"{studio.url}/_about", timeout=60).json()["size"] == 20
        assert ask_about(studio.url) is None
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()


def test_settings_name_every_host(catalogue):
    with start_studio(catalogue) as studio:
        urls = studio.urls
    assert set(urls) == {
        "TMDB_API_URL", "TMDB_IMAGE_URL", "IMDBPRO_URL", "TRAILER_URL_TEMPLATE", "TMDB_API_KEY",
        "IMDBPRO_COOKIE",
    }  # fmt: skip
    assert urls["TRAILER_URL_TEMPLATE"].format(key="k") == f"{studio.url}/trailers/k.mp4"


def test_studio_runs_inside_another_event_loop(catalogue):
    async def ask():
        with start_studio(catalogue) as studio:
            return await asyncio.to_thread(ask_about, studio.url)

    assert present(asyncio.run(ask()))["studio"] is True


def test_two_studios_run_side_by_side(catalogue, tmp_path):
    other = GeneratedCatalogue(5, 8, tmp_path)
    with start_studio(catalogue) as first, start_studio(other) as second:
        assert [present(ask_about(up.url))["size"] for up in (first, second)] == [20, 5]


def test_taken_port_is_reported(catalogue):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=str(port)), start_studio(catalogue, port=port):
            pass


def test_announced_studio_with_the_same_movies_is_found(catalogue, tmp_path):
    announced = tmp_path / "studio.url"
    with start_studio(catalogue, announce=announced) as studio:
        with find_or_start(lambda: GeneratedCatalogue(9, 7, tmp_path), announced=announced) as up:
            assert (up.url, up.is_own) == (studio.url, False)
        with find_or_start(lambda: GeneratedCatalogue(21, 7, tmp_path), announced=announced) as up:
            assert up.is_own
        assert ask_about(studio.url)
    assert not announced.exists()


def test_own_studio_is_started_where_none_or_another_is_up(catalogue, tmp_path):
    announced = tmp_path / "studio.url"
    with find_or_start(lambda: catalogue, announced=announced) as up:
        assert up.is_own
    with (
        start_studio(GeneratedCatalogue(9, 8, tmp_path), announce=announced) as other,
        find_or_start(lambda: catalogue, announced=announced) as up,
    ):
        assert up.is_own
        assert up.url != other.url
    announced.write_text("http://127.0.0.1:9")
    with find_or_start(lambda: catalogue, announced=announced) as up:
        assert up.is_own


def test_importing_the_studio_imports_nothing_heavy():
    heavy = "{'torch', 'av', 'pandas', 'sklearn', 'transformers', 'yt_dlp', 'lightning'}"
    code = (
        "import sys, resources.studio.catalogue.generated;"
        "import resources.studio.catalogue.folder, resources.studio.servers.running;"
        f"print(sorted({heavy} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_many_small_requests_are_served_over_one_connection(catalogue):
    with start_studio(catalogue) as studio:
        connection = http.client.HTTPConnection(studio.url.removeprefix("http://"))
        sockets = set()
        for number in range(300):
            connection.request("GET", f"/3/movie/{90_000_001 + number % 20}?api_key=studio")
            assert connection.getresponse().read()
            sockets.add(connection.sock)
        assert len(sockets) == 1
        connection.close()
