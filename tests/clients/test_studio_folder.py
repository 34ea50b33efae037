import io
import json

import pytest
import requests
from PIL import Image

from pipeline.core.errors import ConfigurationError
from resources.studio.catalogue.folder import FolderCatalogue
from resources.studio.servers.running import start_studio


def write_movie(folder, tmdb_id, **fields):
    record = {
        "id": tmdb_id, "title": f"Movie {tmdb_id}", "release_date": f"2001-02-{tmdb_id:02d}",
        "imdb_id": f"tt{tmdb_id:07d}", "poster_path": f"/poster{tmdb_id}.jpg", "genres": [],
        "credits": {"cast": [], "crew": []}, "translations": {"translations": []},
        "videos": {"results": [{"key": f"key-{tmdb_id}", "site": "YouTube", "type": "Trailer"}]},
    }  # fmt: skip
    (folder / "movies" / f"{tmdb_id}.json").write_text(json.dumps(record | fields))


@pytest.fixture
def folder(tmp_path):
    for part in ("movies", "posters", "trailers", "box_office"):
        (tmp_path / part).mkdir()
    for tmdb_id in (5, 3, 8):
        write_movie(tmp_path, tmdb_id)
    Image.new("RGB", (182, 268), "teal").save(tmp_path / "posters/3.jpg")
    (tmp_path / "trailers/key-3.webm").write_bytes(b"\x1a\x45\xdf\xa3 not really a video")
    (tmp_path / "box_office/3.json").write_text(
        json.dumps({"currency": "$", "gross_world": 9693, "release_date": "2001-02-03"})
    )
    return tmp_path


@pytest.fixture
def studio(folder):
    with start_studio(FolderCatalogue(folder)) as up:
        yield up


def get(studio, path, **params):
    return requests.get(f"{studio.url}{path}", params={"api_key": "studio"} | params, timeout=60)


def test_movies_are_listed_and_described(studio):
    listed = get(studio, "/3/discover/movie").json()
    assert [movie["id"] for movie in listed["results"]] == [3, 5, 8]
    movie = get(studio, "/3/movie/3", append_to_response="credits,keywords").json()
    assert movie["title"] == "Movie 3"
    assert movie["keywords"] == {"keywords": []}
    assert not {"videos", "translations"} & movie.keys()


def test_slices_by_date_see_the_records_dates(studio):
    window = {"primary_release_date.gte": "2001-02-04", "primary_release_date.lte": "2001-02-05"}
    listed = get(studio, "/3/discover/movie", **window).json()
    assert [movie["id"] for movie in listed["results"]] == [5]


@pytest.mark.parametrize(("size", "width"), [("w92", 92), ("w500", 182), ("original", 182)])
def test_poster_is_scaled_down_but_never_up(studio, folder, size, width):
    content = get(studio, f"/t/p/{size}/poster3.jpg").content
    assert Image.open(io.BytesIO(content)).width == width
    if width == 182:
        assert content == (folder / "posters/3.jpg").read_bytes()
    assert get(studio, f"/t/p/{size}/poster5.jpg").status_code == 404


def test_video_is_served_under_its_key_as_what_it_is(studio):
    answer = get(studio, "/trailers/key-3.mp4")
    assert answer.headers["Content-Type"] == "video/webm"
    assert answer.content.startswith(b"\x1a\x45\xdf\xa3")
    assert get(studio, "/trailers/key-5.mp4").status_code == 404


def test_box_office_is_shown_where_there_is_one(studio):
    headers = {"Cookie": "session=studio"}
    pages = [
        requests.get(f"{studio.url}/imdbpro/title/tt{n:07d}/boxoffice", headers=headers, timeout=60)
        for n in (3, 5, 999)
    ]
    assert "$9,693" in pages[0].text
    assert "summary'>" in pages[1].text
    assert "gross_world" not in pages[1].text
    assert pages[2].status_code == 404


def test_edits_deletions_and_additions_stay_in_memory(studio, folder):
    before = sorted(path.read_bytes() for path in (folder / "movies").iterdir())
    Image.new("RGB", (40, 60), "red").save(folder / "posters/new.jpg")
    order = {"tmdb_id": 5, "set": {"poster_path": "/new.jpg"}}
    requests.post(f"{studio.url}/_edit", json=order, timeout=60)
    requests.post(f"{studio.url}/_delete", json={"tmdb_id": 8}, timeout=60)
    assert get(studio, "/t/p/w500/new.jpg").content == (folder / "posters/new.jpg").read_bytes()
    assert get(studio, "/3/movie/8").status_code == 404
    assert sorted(path.read_bytes() for path in (folder / "movies").iterdir()) == before
    write_movie(folder, 12)
    added = requests.post(f"{studio.url}/_add", json={"n": 5}, timeout=60).json()
    assert added == {"added": [12]}
    changes = get(studio, "/3/movie/changes").json()["results"]
    assert [movie["id"] for movie in changes] == [5, 8, 12]


def test_about_says_that_it_is_a_folder(studio):
    about = get(studio, "/_about").json()
    assert (about["studio"], about["kind"], about["size"]) == (True, "folder", 3)


def test_folder_without_movies_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"movies/<tmdb_id>\.json"):
        FolderCatalogue(tmp_path)
