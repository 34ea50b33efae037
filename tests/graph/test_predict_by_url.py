"""Posters and trailers by address: fetched through the guarded clients, from public hosts alone."""

import pytest

from assets.predict import MovieInputs
from pipeline.core.errors import InputError
from resources.trailers.trailer_sources import request_trailer


def test_poster_and_trailer_by_address_give_the_digits_of_the_files(site, predictor):
    masks = predictor.table.masks
    place = next(k for k in range(len(predictor.table)) if masks["poster"][k] and masks["audio"][k])
    record = predictor.table.records[place]
    video = request_trailer(record).candidates[0]
    by_url = MovieInputs(
        tmdb_id=record.tmdb_id,
        poster=f"{site.settings.tmdb_image_url}/w500{record.poster_path}",
        trailer=site.settings.trailer_url_template.replace("{key}", video.key),
    )
    systems = ["poster", "score", "revenue"]
    given = predictor.predict(by_url, systems)
    stored = predictor.predict(MovieInputs(tmdb_id=record.tmdb_id), systems)
    assert [one.answer for one in given] == [one.answer for one in stored]


@pytest.mark.parametrize("field", ["poster", "trailer"])
def test_an_address_that_cannot_be_fetched_names_the_field_and_what_is_allowed(predictor, field):
    with pytest.raises(InputError, match=f"{field}: .*private network.*public internet"):
        predictor.predict(MovieInputs(**{field: "http://127.0.0.1:9/x"}), ["poster"])


def test_other_schemes_are_files_that_are_not_there():
    for address in ("file:///etc/passwd", "ftp://example.org/x", "gopher://x"):
        with pytest.raises(InputError, match="there is no file"):
            MovieInputs(poster=address)
