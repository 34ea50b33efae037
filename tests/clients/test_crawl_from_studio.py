"""All clients against the built-in studio, as production uses them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date

import pytest
import requests
from present import present

from pipeline.core.errors import CredentialError, FetchError
from pipeline.core.outcomes import Reason
from pipeline.crawl.tmdb.responses import parse_details
from pipeline.crawl.tmdb.trailer_ranking import rank_trailers
from resources.http.client import HttpClient
from resources.sources.image_host import ImageHost
from resources.sources.imdbpro import open_imdbpro
from resources.sources.tmdb import Tmdb
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.servers.running import start_studio
from resources.trailers.trailer_host import TrailerHost

SIZE = 30
EVER = (date(1900, 1, 1), date(2100, 1, 1))


@pytest.fixture(scope="module")
def studio(studio_cache):
    with start_studio(GeneratedCatalogue(SIZE, 7, studio_cache)) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(studio):
    yield
    requests.delete(f"{studio.url}/_faults", timeout=60)


@pytest.fixture(scope="module")
def tmdb(studio):
    http = HttpClient(studio.urls["TMDB_API_URL"], max_attempts=1)
    yield Tmdb(http, studio.urls["TMDB_API_KEY"])
    http.close()


@pytest.fixture(scope="module")
def records(tmdb):
    ids = list(tmdb.discover_ids(*EVER))
    with ThreadPoolExecutor(8) as pool:
        return [parse_details(answer) for answer in pool.map(tmdb.details, ids)]


def order(studio, **fault):
    requests.post(f"{studio.url}/_faults", json=fault, timeout=60).raise_for_status()


def test_every_movie_is_found_and_read(records):
    assert len({record.tmdb_id for record in records}) == SIZE
    for record in records:
        assert record.title
        assert record.release_date
        assert record.cast
        assert record.crew
        assert record.imdb_id


def test_only_movies_with_enough_votes_are_listed_where_that_is_asked(tmdb, records):
    votes = {record.tmdb_id: record.vote_count for record in records}
    wanted = sorted(votes.values())[SIZE // 2]
    found = tmdb.discover_ids(*EVER, {"vote_count.gte": str(wanted)})
    assert set(found) == {tmdb_id for tmdb_id, count in votes.items() if count >= wanted}


def test_configuration_gives_the_sizes_of_posters(tmdb, studio, records):
    configuration = tmdb.configuration()
    assert configuration.image_url.rstrip("/") == studio.urls["TMDB_IMAGE_URL"]
    with closing(HttpClient(studio.urls["TMDB_IMAGE_URL"])) as http:
        images = ImageHost(http, configuration.poster_sizes)
        path = next(record.poster_path for record in records if record.poster_path)
        assert images.fetch_poster(path)[:2] == b"\xff\xd8"


def test_movie_unknown_to_the_studio_is_deleted(tmdb):
    with pytest.raises(FetchError) as caught:
        tmdb.details(5)
    assert caught.value.reason is Reason.DELETED_AT_SOURCE


def test_wrong_key_stops_the_crawl(studio):
    with (
        closing(HttpClient(studio.urls["TMDB_API_URL"])) as http,
        pytest.raises(CredentialError, match="TMDB_API_KEY"),
    ):
        Tmdb(http, "not-the-key").configuration()


def test_wrong_cookie_stops_the_crawl(studio, records):
    with (
        closing(open_imdbpro(studio.urls["IMDBPRO_URL"], "session=wrong")) as imdbpro,
        pytest.raises(CredentialError, match="IMDBPRO_COOKIE"),
    ):
        imdbpro.box_office(records[0].imdb_id)


def test_box_office_is_read(studio, records):
    with closing(
        open_imdbpro(studio.urls["IMDBPRO_URL"], studio.urls["IMDBPRO_COOKIE"])
    ) as imdbpro:
        found = [present(imdbpro.box_office(record.imdb_id)) for record in records]
        days = [present(imdbpro.days(record.imdb_id)) for record in records]
        details = [present(imdbpro.title_details(record.imdb_id)) for record in records]
    assert any(figures.gross_worldwide for figures in found)
    assert any(table.days for table in days)
    for figures, table in zip(found, days, strict=True):
        assert bool(table.days) <= figures.has_domestic_run
        assert all(day.gross and day.theatres and day.gross_to_date for day in table.days)
    assert [detail.title for detail in details] == [record.title for record in records]
    assert [detail.genres for detail in details] == [record.genres for record in records]
    assert [detail.running_time_min for detail in details] == [r.runtime_min for r in records]
    assert {detail.summary for detail in details} <= {record.overview for record in records}


def test_trailer_is_fetched_and_a_cut_off_one_is_reported(studio, records, tmp_path):
    candidates = next(
        ranked
        for record in records
        if (ranked := rank_trailers(record.videos, record.original_language, record.release_date))
    )
    with closing(TrailerHost(studio.urls["TRAILER_URL_TEMPLATE"])) as trailers:
        fetched = trailers.fetch(candidates, tmp_path, "whole")
        assert b"ftyp" in fetched.path.read_bytes()[:12]
        order(studio, path=candidates[0].key, cut_body_at=0.5)
        with pytest.raises(FetchError) as caught:
            trailers.fetch(candidates, tmp_path, "cut")
        assert caught.value.reason is Reason.CUT_OFF


def test_fault_of_one_movie_leaves_its_neighbours_alone(studio, tmdb, records):
    faulty, neighbour = records[0].tmdb_id, records[1].tmdb_id
    order(studio, path=f"/3/movie/{faulty}$", status=500)
    with pytest.raises(FetchError) as caught:
        tmdb.details(faulty)
    assert caught.value.reason is Reason.SERVER_ERROR
    assert tmdb.details(neighbour)["id"] == neighbour
