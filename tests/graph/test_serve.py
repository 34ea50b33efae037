"""The server gives the digits of the command, refuses what it must, and its page works."""

import base64
import io
import json
import socket
from contextlib import suppress

import pytest
import requests
from commands import marquee
from PIL import Image
from present import present
from prometheus_client.parser import text_string_to_metric_families
from served import served

from assets.predict import MovieInputs, Predictor
from assets.serve.limits import MAX_BODY_BYTES
from assets.serve.page_files import FOLDER, PAGE
from pipeline.models.systems.registry import SYSTEMS

KEY = "open sesame"
PAGE_BYTES = 200_000


@pytest.fixture(scope="module")
def guarded(site):
    with served(site, KEY) as url:
        yield url


def ask(url, path, **more):
    more.setdefault("timeout", 60)
    return (requests.post if "json" in more or "data" in more else requests.get)(url + path, **more)


def test_film_has_the_digits_of_the_command(site, url):
    output = marquee(
        "predict", "--tmdb", "90000002", "--json", cwd=site.folder, environment=site.environment
    )
    expected = json.loads(output.stdout)
    for answer in (ask(url, "/films/90000002"), ask(url, "/predict", json={"tmdb_id": 90000002})):
        assert answer.status_code == 200
        assert len(answer.headers["x-request-id"]) == 32
        found = answer.json()
        for one in found["predictions"]:
            assert one.pop("lines")
        assert found == expected


def test_plot_budget_and_poster_are_answered(site, url):
    poster = next((site.store / "posters").glob("*.jpg")).read_bytes()
    answer = ask(
        url, "/predict",
        json={
            "plot": "A thief robs one last bank.", "budget_usd": 5e7,
            "systems": ["poster", "score"],
            "poster_base64": base64.b64encode(poster).decode(),
        },
    ).json()  # fmt: skip
    by_system = {one["system"]: one for one in answer["predictions"]}
    assert by_system["poster"]["model"]
    assert "trailer" in by_system["score"]["reason"]


def test_comparable_films_are_earlier_ones(url):
    body = {"tmdb_id": 90000002, "systems": ["box_office"], "comparable": True}
    answer = ask(url, "/predict", json=body).json()
    near = answer["comparable"]
    assert near["day"] == answer["release_date"]
    for listed in (near["by_embeddings"], near["by_fields"]):
        assert listed
        assert all(one["release_date"] <= near["day"] and one["reason"] for one in listed)
        assert 90000002 not in [one["tmdb_id"] for one in listed]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"budget_usd": -1}, "budget_usd"),
        ({"release_date": "1850-01-01"}, "release_date"),
        ({"plot": 7}, "plot"),
        ({"poster_base64": "no base64!"}, "poster_base64"),
        ({"poster_base64": base64.b64encode(b"no picture").decode()}, "poster"),
        ({"poster": "/etc/passwd"}, "poster"),
        ({"trailer": "/etc/passwd"}, "trailer"),
        ({"revenue_usd": 1}, "revenue_usd"),
        ({"plot": "A man.", "systems": ["fame"]}, "systems"),
        ({"plot": "A man.", "systems": [{}]}, "systems"),
        ({"plot": "A man.", "explain": 1}, "explain"),
        ({"plot": "A man.", "comparable": "yes"}, "comparable"),
        ({}, "inputs"),
        ([1], "body"),
    ],
)
def test_what_cannot_be_is_refused_with_the_fields_name(url, body, field):
    answer = ask(url, "/predict", json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == field
    assert error["allowed"]
    assert error["request_id"] == answer.headers["x-request-id"]


def test_unknown_films_pages_and_methods_are_json(url):
    for path in ("/films/90009999", "/films/99999999999999999999", "/nowhere"):
        answer = ask(url, path)
        assert (answer.status_code, answer.json()["error"]["status"]) == (404, 404)
    refused = ask(url, "/predict")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert ask(url, "/predict", data=b"{").json()["error"]["field"] == "body"
    assert ask(url, "/films?title=").status_code == 400


def test_films_are_found_by_title_and_models_are_listed(url):
    film = ask(url, "/films/90000002").json()
    (first, *_) = ask(url, "/films", params={"title": film["title"].upper()}).json()["films"]
    assert first["tmdb_id"] == 90000002
    models = ask(url, "/models").json()["models"]
    assert {one["system"] for one in models} == {system.name for system in SYSTEMS}
    described = ask(url, "/openapi.json").json()
    assert set(described["paths"]) == {
        "/predict", "/uploads", "/films", "/films/{tmdb_id}", "/films/{tmdb_id}/facts",
        "/films/{tmdb_id}/pictures/{name}", "/models", "/models/compare", "/healthz",
    }  # fmt: skip


def test_film_is_described_by_record_pictures_and_lineage(url, site):
    facts = ask(url, "/films/90000002/facts").json()
    record = site.catalogue.details(90000002)
    assert facts["record"]["plot"] == record["overview"]
    assert facts["record"]["cast"][0] == record["credits"]["cast"][0]["name"]
    assert "revenue_usd" not in facts["record"]
    assert set(facts["actual"]) == {"revenue_usd", "vote_average"}
    lineage = {one["asset"]: one for one in facts["lineage"]}
    assert lineage["poster_embeddings"]["depends_on"] == ["posters"]
    assert lineage["posters"]["content_hash"] == site.rows("posters")[90000002].content_hash
    assert set(facts["pictures"]) == {"poster", "regions", "frames", "sound", "sampled"}
    for name in (*facts["pictures"], "frame-0"):
        answer = ask(url, f"/films/90000002/pictures/{name}")
        assert answer.status_code == 200
        assert (
            f"image/{present(Image.open(io.BytesIO(answer.content)).format).lower()}"
            == (answer.headers["content-type"])
        )


def test_trailer_is_sent_once_and_asked_about_as_a_file_is(site, url):
    path = next((site.store / "trailers").glob("*.mp4"))
    answer = requests.put(f"{url}/uploads", data=path.read_bytes(), timeout=60)
    assert answer.json()["bytes"] == path.stat().st_size
    name = answer.json()["trailer_upload"]
    body = {"trailer_upload": name, "systems": ["score"]}
    found = ask(url, "/predict", json=body).json()
    with site.run_context() as run_context:
        (expected,) = Predictor(run_context).predict(MovieInputs(trailer=path), ["score"])
    assert found["predictions"][0]["answer"] == expected.as_json()["answer"]
    assert "frames" in found["has"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("0" * 64, 404), ("../../etc/passwd", 400), ("", 400), (7, 400), (["x"], 400)],
)
def test_file_that_was_not_sent_is_refused(url, name, code):
    answer = ask(url, "/predict", json={"trailer_upload": name})
    assert answer.status_code == code
    assert answer.json()["error"]["field"] == "trailer_upload"


def test_what_is_no_trailer_is_refused_and_nothing_of_it_is_kept(site, monkeypatch, tmp_path):
    monkeypatch.setattr("assets.serve.uploads.MAX_BYTES", 2**20)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with served(site) as url:
        (folder,) = tmp_path.glob("marquee-owned-*")
        for body, status in ((b"no video", 400), (b"", 400), (b"x" * (2**20 + 1), 413)):
            answer = requests.put(f"{url}/uploads", data=body, timeout=60)
            assert answer.status_code == status
            assert answer.json()["error"]["allowed"]

        def chunks():
            for _ in range(64):
                yield b"x" * 2**16

        with suppress(requests.ConnectionError):  # refused before all of it was sent
            assert requests.put(f"{url}/uploads", data=chunks(), timeout=60).status_code == 413
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["frame-99", "frame-x", "frame--1", "other", "..%2F..%2Fhome"])
def test_picture_that_is_not_there_is_named(url, name):
    answer = ask(url, f"/films/90000002/pictures/{name}")
    assert answer.status_code == 404
    assert "poster" in (answer.json()["error"]["allowed"] or "no such page poster")
    assert ask(url, "/films/90009999/pictures/poster").status_code == 404
    assert ask(url, "/films/90009999/facts").status_code == 404


def test_key_is_required_and_compared(guarded):
    assert ask(guarded, "/healthz").json()["status"] == "ok"
    for path in ("/", "/films/90000002/page", "/static/page.js"):
        assert ask(guarded, path).status_code == 200
    for path in ("/films/90000002/facts", "/films/90000002/pictures/poster", "/films/1/page/x"):
        assert ask(guarded, path).status_code == 401
    assert ask(guarded, "/models").status_code == 401
    assert ask(guarded, "/models", headers={"X-API-Key": "other"}).status_code == 403
    assert ask(guarded, "/models", headers={"X-API-Key": KEY}).status_code == 200
    assert ask(guarded, "/models", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


def test_large_bodies_are_refused_also_without_a_stated_length(url):
    address = url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n"
        )
        assert b" 413 " in connection.recv(200)

    def chunks():
        for _ in range(MAX_BODY_BYTES // 2**20 + 2):
            yield b"x" * 2**20

    with suppress(requests.ConnectionError):  # refused before all of it was sent
        assert ask(url, "/predict", data=chunks()).status_code == 413
    assert ask(url, "/healthz").status_code == 200


def test_too_many_requests_are_refused_for_a_while(site):
    with served(site, rate=4) as url, requests.Session() as session:
        answers = [session.get(url + "/openapi.json", timeout=10) for _ in range(90)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert len(refused) < 45  # a quarter of those of a minute may come at once
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert refused[0].json()["error"]["allowed"]


def test_another_host_than_loopback_requires_a_key(site):
    output = marquee(
        "serve", "--host", "0.0.0.0", cwd=site.folder, environment=site.environment, check=False
    )
    assert output.returncode == 2
    assert "MARQUEE_API_KEY" in output.stderr


def test_page_is_small_and_asks_nobody_else(url):
    page = ask(url, "/")
    assert page.content == PAGE.read_bytes() == ask(url, "/films/90000002/page").content
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    files = [file for file in FOLDER.iterdir() if file != PAGE]
    served_files = [ask(url, f"/static/{file.name}").content for file in files]
    assert served_files == [file.read_bytes() for file in files]
    whole = b"".join([page.content, *served_files])
    assert len(whole) <= PAGE_BYTES
    assert b"http://" not in whole
    assert b"https://" not in whole
    for name in ("page.html", "..%2Fapp.py", "app.py", "none.js"):
        assert ask(url, f"/static/{name}").status_code == 404


def test_files_of_the_page_do_not_count_as_requests(site):
    with served(site, rate=1) as url, requests.Session() as session:
        answers = [session.get(url + "/static/page.js", timeout=10) for _ in range(40)]
        assert {answer.status_code for answer in answers} == {200}


def test_metrics_count_what_was_answered_and_want_the_key(url, guarded):
    ask(url, "/films/90000002")
    ask(url, "/no-such-page")
    answer = ask(url, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = {f.name: f for f in text_string_to_metric_families(answer.text)}
    counted = {
        (s.labels["route"], s.labels["status"]): s.value
        for s in found["marquee_http_requests"].samples
        if s.name.endswith("_total")
    }
    assert counted["/films/{tmdb_id}", "200"] >= 1
    assert counted["other", "404"] >= 1
    served = {s.labels["system"] for s in found["marquee_predictions_served"].samples}
    assert served == {system.name for system in SYSTEMS}
    assert ask(guarded, "/metrics").status_code == 401
    bearer = {"Authorization": f"Bearer {KEY}"}
    assert ask(guarded, "/metrics", headers=bearer).status_code == 200
