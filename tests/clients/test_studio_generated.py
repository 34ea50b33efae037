import pytest

from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.catalogue.words import GENRES

FIRST = 90_000_001


def test_a_movie_does_not_depend_on_the_size_of_the_catalogue(tmp_path):
    small, large = GeneratedCatalogue(45, 3, tmp_path), GeneratedCatalogue(3_000, 3, tmp_path)
    for tmdb_id in small.movie_ids():
        assert small.details(tmdb_id) == large.details(tmdb_id)
    other = GeneratedCatalogue(45, 4, tmp_path)
    assert small.details(FIRST) != other.details(FIRST)
    assert small.about()["fingerprint"] == large.about()["fingerprint"]
    assert small.about()["fingerprint"] != other.about()["fingerprint"]


def test_shares_of_what_is_missing_are_as_documented(tmp_path):
    catalogue = GeneratedCatalogue(1_500, 5, tmp_path)
    movies = [catalogue.details(tmdb_id) for tmdb_id in catalogue.movie_ids()]

    def share(is_so):
        return sum(map(bool, map(is_so, movies))) / len(movies)

    assert share(lambda movie: movie["poster_path"] is None) == pytest.approx(0.03, abs=0.015)
    assert share(lambda movie: not has_trailer(movie)) == pytest.approx(0.06, abs=0.02)
    assert share(lambda movie: movie["budget"] == 0) == pytest.approx(0.08, abs=0.02)
    assert share(lambda movie: movie["revenue"] == 0) == pytest.approx(0.05, abs=0.02)
    assert share(lambda movie: movie["overview"] == "") == pytest.approx(0.02, abs=0.015)
    assert share(lambda movie: movie["belongs_to_collection"]) == pytest.approx(0.15, abs=0.02)
    known = share(lambda movie: catalogue.box_office(movie["imdb_id"]))
    assert known == pytest.approx(0.80, abs=0.03)
    assert {genre["id"] for movie in movies for genre in movie["genres"]} == set(GENRES)


def has_trailer(movie):
    return any(video["type"] == "Trailer" for video in movie["videos"]["results"])


def test_franchises_have_two_to_four_movies_under_one_name_in_order(tmp_path):
    catalogue = GeneratedCatalogue(400, 5, tmp_path)
    parts = {}
    for tmdb_id in catalogue.movie_ids():
        movie = catalogue.summary(tmdb_id)
        if movie["belongs_to_collection"]:
            parts.setdefault(movie["belongs_to_collection"]["id"], []).append(movie)
    assert {len(movies) for movies in parts.values()} == {2, 3, 4}
    for movies in parts.values():
        name = movies[0]["belongs_to_collection"]["name"].removesuffix(" Collection")
        assert all(movie["title"].startswith(name) for movie in movies)
        assert [m["release_date"] for m in movies] == sorted(m["release_date"] for m in movies)


def test_thirty_six_thousand_movies_are_listed(tmp_path):
    catalogue = GeneratedCatalogue(36_000, 1, tmp_path)
    assert len(catalogue.listing()) == len(catalogue.movie_ids()) == 36_000
