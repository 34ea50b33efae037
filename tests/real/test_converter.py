"""The converter loses no movie and no figure, and spells them as TMDB does."""

import csv
import gzip
import json
from collections import Counter

import pytest
from converter import NO_MONEY, NOT_CHOSEN, convert

from pipeline.crawl.tmdb.responses import parse_details
from pipeline.crawl.tmdb.trailer_ranking import rank_trailers
from resources.studio.catalogue.folder import FolderCatalogue

pytestmark = pytest.mark.real

CONTAINERS = {"credits", "keywords", "videos", "release_dates", "external_ids"}
"""Parts that our crawl has appended; the example has more."""


def answers(folder):
    return {int(path.stem): json.loads(path.read_bytes()) for path in (folder / "movies").iterdir()}


@pytest.fixture(scope="module")
def dump(data):
    """Rows of the dump by id, read here once more and otherwise than by the converter."""
    with gzip.open(data / "tmdb5000/movies.csv.gz", "rt", newline="") as file:
        lines = list(csv.reader(file))
    return {
        int(line[lines[0].index("id")]): dict(zip(lines[0], line, strict=True))
        for line in lines[1:]
    }


@pytest.fixture(scope="module")
def all_answers(all_movies):
    return answers(all_movies[0])


def test_every_row_is_written_or_counted(all_movies, all_answers, dump):
    report = all_movies[1]
    assert len(all_answers) == len(report.revenue_usd) == 2583
    assert len(all_answers) + sum(report.left_out.values()) == len(dump) == 3813
    assert report.left_out == {NO_MONEY: 1230, NOT_CHOSEN: 0}
    left_out = [dump[tmdb_id] for tmdb_id in dump.keys() - all_answers.keys()]
    assert all("0" in (row["budget"], row["revenue"]) for row in left_out)


def test_figures_and_texts_are_those_of_the_dump(all_movies, all_answers, dump):
    for tmdb_id, answer in all_answers.items():
        row, record = dump[tmdb_id], parse_details(answer)
        assert record.tmdb_id == tmdb_id
        assert (record.budget_usd, record.revenue_usd) == (int(row["budget"]), int(row["revenue"]))
        assert record.revenue_usd == all_movies[1].revenue_usd[tmdb_id]
        assert str(record.release_date) == row["release_date"]
        assert record.runtime_min == (float(row["runtime"]) or None)
        for field in ("title", "original_title", "original_language", "overview", "tagline"):
            assert getattr(record, field) == row[field].strip()
        names = {item["name"] for item in json.loads(row["genres"])}
        assert set(record.genres) == names


def test_people_and_keywords_are_all_there(data, all_answers, dump):
    with gzip.open(data / "tmdb5000/credits.csv.gz", "rt", newline="") as file:
        people = {int(row["movie_id"]): row for row in csv.DictReader(file)}
    for tmdb_id, answer in all_answers.items():
        record = parse_details(answer)
        assert len(record.cast) == len(json.loads(people[tmdb_id]["cast"]))
        assert len(record.crew) == len(json.loads(people[tmdb_id]["crew"]))
        keywords = [item["name"].strip() for item in json.loads(dump[tmdb_id]["keywords"])]
        assert list(record.keywords) == [name for name in keywords if name]  # one is a blank
        assert len(record.companies) == len(json.loads(dump[tmdb_id]["production_companies"]))


def test_answer_has_the_shape_of_tmdbs(data, all_answers):
    example = json.loads(
        (data / "tmdb_api/shape_only/movie_details_with_append_to_response.json").read_bytes()
    )
    appended = {name for name, part in example.items() if isinstance(part, dict)}
    wanted = example.keys() - appended | CONTAINERS | {"belongs_to_collection"}
    for answer in all_answers.values():
        assert answer.keys() == wanted
        assert {name: answer[name].keys() for name in CONTAINERS} == {
            "credits": {"cast", "crew"},
            "keywords": {"keywords"},
            "videos": {"results"},
            "release_dates": {"results"},
            "external_ids": {"imdb_id"},
        }
        for name in ("genres", "production_companies", "production_countries", "spoken_languages"):
            assert all(item.keys() == example[name][0].keys() for item in answer[name])
        for video in answer["videos"]["results"]:
            assert video.keys() == example["videos"]["results"][0].keys()


def test_imdb_ids_are_those_of_the_crosswalk(data, all_answers):
    with (data / "tmdb5000/crosswalk.csv").open(newline="") as file:
        ids = {int(row["tmdb_id"]): row["imdb_id"] for row in csv.DictReader(file)}
    found = {tmdb_id: parse_details(answer).imdb_id for tmdb_id, answer in all_answers.items()}
    assert found == {tmdb_id: ids[tmdb_id] or None for tmdb_id in all_answers}
    assert sum(imdb_id is None for imdb_id in found.values()) == 15


def test_movie_has_a_poster_path_exactly_where_there_is_a_poster(data, all_movies, all_answers):
    folder, report = all_movies
    listed = {i for i, answer in all_answers.items() if answer["poster_path"] == f"/{i}.jpg"}
    unlisted = {i for i, answer in all_answers.items() if answer["poster_path"] is None}
    assert listed | unlisted == all_answers.keys()
    assert listed == report.with_poster
    assert listed == {int(path.stem) for path in (folder / "posters").iterdir()}
    assert len(listed) == 1582
    one = min(listed)
    original = data / f"posters/images/{one}.jpg"
    assert (folder / f"posters/{one}.jpg").read_bytes() == original.read_bytes()
    assert not (folder / f"posters/{one}.jpg").samefile(original)


def test_each_video_stands_in_for_four_movies(data, all_movies, all_answers):
    folder, report = all_movies
    keys = {}
    for tmdb_id, answer in all_answers.items():
        record = parse_details(answer)
        for video in rank_trailers(record.videos, "en", record.release_date):
            keys[tmdb_id] = video.key
            assert "not this movie's own trailer" in video.name
    assert keys == report.video_keys
    files = {path.stem: path for path in (folder / "trailers").iterdir()}
    assert sorted(keys.values()) == sorted(files)
    assert Counter(file.stat().st_size for file in files.values()) == {
        path.stat().st_size: 4 for path in (data / "videos").iterdir()
    }


def test_studio_opens_the_folder(all_movies):
    folder, report = all_movies
    catalogue = FolderCatalogue(folder)
    assert catalogue.movie_ids() == sorted(report.revenue_usd)
    assert catalogue.poster(f"/{min(report.with_poster)}.jpg", 500)
    assert all(catalogue.trailer(key) for key in report.video_keys.values())


def test_choice_is_spread_over_years_and_holds_posters_and_videos(some_movies):
    folder, report = some_movies
    chosen = answers(folder)
    assert chosen.keys() == report.revenue_usd.keys()
    assert len(chosen) == 200
    assert len(report.with_poster) == 160
    assert len(report.video_keys) == 20
    assert report.video_keys.keys() <= report.with_poster
    decades = Counter(answer["release_date"][:3] for answer in chosen.values())
    assert {"197", "198", "199", "200", "201"} <= decades.keys()
    assert min(answer["release_date"] for answer in chosen.values()) < "1950"
    assert max(answer["release_date"] for answer in chosen.values()) > "2015"


def test_choice_is_the_same_every_time(data, some_movies, tmp_path):
    again = convert(data, tmp_path, limit=200)
    assert again == some_movies[1]
    assert answers(tmp_path) == answers(some_movies[0])
    assert convert(data, tmp_path / "other", limit=200, seed=8) != again


def test_choice_of_fewer_than_fifty_movies_is_refused(data, tmp_path):
    with pytest.raises(ValueError, match="at least 50"):
        convert(data, tmp_path, limit=49)
