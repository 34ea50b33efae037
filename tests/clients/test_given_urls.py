"""Posters and trailers by address: what is requested, and that nothing inside the network is."""

from contextlib import closing

import pytest

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Video
from resources.given_urls import fetch_given_poster, fetch_given_trailer
from resources.http.client import HttpClient
from resources.settings import Settings
from resources.trailers.trailer_host import TrailerHost


def inspect_nothing(path):
    return None


def fetch_poster(url, settings, folder):
    return fetch_given_poster(url, settings, 1000)


def fetch_trailer(url, settings, folder):
    return fetch_given_trailer(url, settings, folder, inspect_nothing).path.read_bytes()


@pytest.mark.parametrize("fetch", [fetch_poster, fetch_trailer])
def test_an_address_is_requested_as_it_was_given(fetch, server, tmp_path):
    server.reply("/a/b.mp4", body=b"content", content_type="video/mp4")
    settings = Settings(tmdb_image_url=f"{server.url}/t/p")
    assert fetch(f"{server.url}/a/b.mp4?signed=1%2F2&x=#top", settings, tmp_path) == b"content"
    assert {target for target, _ in server.seen} == {"/a/b.mp4?signed=1%2F2&x="}


def test_a_poster_larger_than_allowed_is_not_read_to_its_end(server, tmp_path):
    server.reply("/b.jpg", body=b"x" * 1001, content_type="image/jpeg")
    with pytest.raises(FetchError) as caught:
        fetch_poster(f"{server.url}/b.jpg", Settings(tmdb_image_url=server.url), tmp_path)
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("fetch", [fetch_poster, fetch_trailer])
@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1/x", "http://[::1]:9/x", "http://[::ffff:127.0.0.1]/x", "http://127.1/x",
        "http://169.254.169.254/latest/meta-data", "http://0x7f000001:9/x", "http://localhost/x",
        "http://user@example.org/x", "http://example.org\\@127.0.0.1/x", "https://{key}/x",
        "http://[/x", "http:///x",
    ],
)  # fmt: skip
def test_addresses_inside_the_own_network_are_refused(fetch, address, tmp_path):
    with pytest.raises(FetchError) as caught:
        fetch(address, Settings(), tmp_path)
    assert caught.value.reason is Reason.FORBIDDEN


@pytest.mark.parametrize("fetch", [fetch_poster, fetch_trailer])
def test_another_port_of_a_configured_host_is_refused(fetch, server, tmp_path):
    settings = Settings(tmdb_image_url="http://127.0.0.1:9")
    with pytest.raises(FetchError, match="private network"):
        fetch(f"{server.url}/a.jpg", settings, tmp_path)
    assert server.connections == 0


def test_a_name_that_leads_into_the_network_on_connection_gets_no_request(server, tmp_path):
    with (
        closing(HttpClient(server.url, max_attempts=1, trusts_home=False)) as http,
        pytest.raises(FetchError, match="private network"),
    ):
        http.get_bytes("a.jpg")
    with (
        closing(TrailerHost(f"{server.url}/{{key}}", tries=1, trusts_home=False)) as host,
        pytest.raises(FetchError, match="private network"),
    ):
        host.fetch([Video("a", "YouTube", "Trailer")], tmp_path, "given")
    assert server.seen == []
