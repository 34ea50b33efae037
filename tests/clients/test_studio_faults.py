import pytest
import requests

from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.servers.running import start_studio

FIRST = 90_000_001
KEY = {"api_key": "studio"}


@pytest.fixture(scope="module")
def up(studio_cache):
    with start_studio(GeneratedCatalogue(30, 7, studio_cache)) as up:
        yield up


@pytest.fixture
def studio(up):
    for name in ("_faults", "_stats"):
        requests.delete(f"{up.url}/{name}", timeout=60)
    return up


def order(studio, *faults):
    answer = requests.post(f"{studio.url}/_faults", json=list(faults), timeout=60)
    assert answer.ok
    return answer.json()


def movie(studio, index=0):
    return requests.get(f"{studio.url}/3/movie/{FIRST + index}", params=KEY, timeout=60)


def test_fault_hits_its_path_as_often_as_ordered(studio):
    order(studio, {"path": f"/3/movie/{FIRST}$", "status": 503, "count": 2})
    assert [movie(studio).status_code for _ in range(3)] == [503, 503, 200]
    assert movie(studio, 1).ok
    assert requests.get(f"{studio.url}/_faults", timeout=60).json()[0]["hits"] == 2


def test_fault_without_count_lasts_until_it_is_cleared(studio):
    order(studio, {"path": "/3/", "status": 500})
    assert {movie(studio).status_code for _ in range(5)} == {500}
    requests.delete(f"{studio.url}/_faults", timeout=60)
    assert movie(studio).ok


def test_tmdb_fault_has_tmdbs_shape_and_headers(studio):
    order(studio, {"path": "/3/movie", "status": 429, "headers": {"Retry-After": "7"}})
    answer = movie(studio)
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()["status_code"] == 25


def test_fault_can_match_the_query(studio):
    order(studio, {"path": r"discover/movie\?.*page=2", "status": 502})
    pages = [
        requests.get(f"{studio.url}/3/discover/movie", params=KEY | {"page": page}, timeout=60)
        for page in (1, 2)
    ]
    assert [page.status_code for page in pages] == [200, 502]


def test_delay_delays_and_then_answers(studio):
    order(studio, {"path": "/3/movie", "delay_s": 0.2, "count": 1})
    assert movie(studio).elapsed.total_seconds() >= 0.2
    order(studio, {"path": "/3/movie", "delay_s": 60})
    with pytest.raises(requests.Timeout):
        requests.get(f"{studio.url}/3/movie/{FIRST}", params=KEY, timeout=0.1)


@pytest.mark.parametrize(
    "path",
    [f"/3/movie/{FIRST}?api_key=studio", f"/t/p/w185/p{FIRST}.jpg", f"/trailers/mv_{FIRST}.mp4"],
)
def test_cut_off_body_promises_all_and_breaks_off(studio, path):
    whole = requests.get(f"{studio.url}{path}", timeout=60).content
    order(studio, {"path": path.partition("?")[0], "cut_body_at": 0.5, "count": 1})
    with requests.get(f"{studio.url}{path}", stream=True, timeout=60) as answer:
        assert int(answer.headers["Content-Length"]) == len(whole)
        assert answer.raw.read(10) == whole[:10]
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            b"".join(answer.iter_content(64))
    assert requests.get(f"{studio.url}{path}", timeout=60).content == whole


def test_wrong_type_and_body(studio):
    order(
        studio,
        {"path": "/t/p/", "body": "<html>no</html>", "content_type": "text/html", "count": 1},
        {"path": "/t/p/", "content_type": "text/plain"},
    )
    url = f"{studio.url}/t/p/w92/p{FIRST}.jpg"
    answer = requests.get(url, timeout=60)
    assert (answer.status_code, answer.text) == (200, "<html>no</html>")
    assert answer.headers["Content-Type"].startswith("text/html")
    answer = requests.get(url, timeout=60)
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.content.startswith(b"\xff\xd8")


@pytest.mark.parametrize("bad", [{"status": 500}, {"path": "("}, {"path": "/", "colour": "red"}])
def test_order_that_makes_no_sense_is_refused(studio, bad):
    answer = requests.post(f"{studio.url}/_faults", json=bad, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_requests_are_counted_by_kind_path_and_method(studio):
    movie(studio)
    movie(studio)
    requests.get(f"{studio.url}/3/genre/movie/list", params=KEY, timeout=60)
    requests.head(f"{studio.url}/t/p/w92/p{FIRST}.jpg", timeout=60)
    requests.get(f"{studio.url}/imdbpro/title/tt90000001/boxoffice", timeout=60)
    requests.get(f"{studio.url}/trailers/no.mp4", timeout=60)
    requests.get(f"{studio.url}/_about", timeout=60)
    stats = requests.get(f"{studio.url}/_stats", timeout=60).json()
    assert stats["total"] == 6
    assert stats["kinds"] == {
        "details": {"GET": 2, "HEAD": 0},
        "tmdb": {"GET": 1, "HEAD": 0},
        "image": {"GET": 0, "HEAD": 1},
        "imdbpro": {"GET": 1, "HEAD": 0},
        "trailer": {"GET": 1, "HEAD": 0},
        "other": {"GET": 0, "HEAD": 0},
    }
    assert stats["paths"][f"/3/movie/{FIRST}"] == {"GET": 2}


def test_failed_requests_are_counted_too(studio):
    order(studio, {"path": "/3/movie", "status": 503})
    movie(studio)
    stats = requests.delete(f"{studio.url}/_stats", timeout=60).json()
    assert stats["total"] == 0
    movie(studio)
    stats = requests.get(f"{studio.url}/_stats", timeout=60).json()
    assert stats["kinds"]["details"]["GET"] == 1
