"""Parsers of TMDB's answers, and of JSON from any host."""

import json
import math
from collections.abc import Callable, Mapping

from fuzzing import Parser
from seeds import recorded

_JSON_TOKENS = (b"null", b'"results"', b'"id"', b"1e999", b"{}", b"[]", b'"\\ud800"', b"-", b"true")


def _details(name: str) -> Parser:
    from pipeline.core.records import facets, plot_text
    from pipeline.crawl.tmdb.responses import parse_details
    from pipeline.crawl.tmdb.trailer_ranking import rank_trailers
    from resources.http.json_reading import read_json

    def check(data: bytes) -> None:
        answer = read_json(data, "/movie/1")
        record = parse_details(answer)
        assert record.tmdb_id > 0
        assert all(len(value) == 16 for value in facets(record).values())
        plot_text(record).encode()
        ranked = rank_trailers(record.videos, record.original_language, record.release_date)
        assert len(ranked) <= len(record.videos)
        for number in (record.budget_usd, record.revenue_usd, record.runtime_min):
            assert number is None or (number > 0 and math.isfinite(number))

    def seeds() -> list[bytes]:
        from resources.studio.catalogue.generated import GeneratedCatalogue
        from resources.studio.opening import trailer_cache

        catalogue = GeneratedCatalogue(2, 7, trailer_cache())
        invented = [json.dumps(catalogue.details(i)).encode() for i in catalogue.movie_ids()]
        return [b'{"id": 597}', *invented, *recorded("movie_det")]

    return Parser(name, check, seeds, _JSON_TOKENS)


def _listing(name: str) -> Parser:
    from pipeline.crawl.tmdb.responses import parse_page
    from resources.http.json_reading import read_json

    def check(data: bytes) -> None:
        page = parse_page(read_json(data, "/discover/movie"))
        assert page.total_pages >= 0
        assert all(tmdb_id > 0 for tmdb_id in page.ids)

    seed = b'{"results": [{"id": 7, "adult": null}, {"id": 8}], "page": 1, "total_pages": 3}'
    names = ("movie_changes", "change") if name == "tmdb-changes" else ("discover", "search")
    return Parser(name, check, lambda: [seed, *recorded(*names)], _JSON_TOKENS)


def _configuration(name: str) -> Parser:
    from pipeline.crawl.tmdb.responses import parse_configuration, parse_genres
    from resources.http.json_reading import read_json

    def check(data: bytes) -> None:
        answer = read_json(data, "/configuration")
        parse_genres(answer)
        assert parse_configuration(answer).image_url

    seed = b'{"images": {"secure_base_url": "https://i/", "poster_sizes": ["w92"]}}'
    return Parser(name, check, lambda: [seed, *recorded("configuration", "genre")], _JSON_TOKENS)


def _error_body(name: str) -> Parser:
    from pipeline.core.errors import MarqueeError
    from resources.http.transport import HttpStatusError, reason_of_status
    from resources.sources.tmdb_errors import as_movie_error, find_fatal_error

    def check(data: bytes) -> None:
        for status in (400, 401, 404, 429, 503):
            error = HttpStatusError(reason_of_status(status), "asked", status, data)
            assert isinstance(find_fatal_error(error) or as_movie_error(error), MarqueeError)
            assert status != 400 or as_movie_error(error) is error

    seed = b'{"success": false, "status_code": 7, "status_message": "Invalid API key."}'
    return Parser(name, check, lambda: [seed, b"<html>", b""], _JSON_TOKENS)


def _json(name: str) -> Parser:
    from resources.http.json_reading import read_json

    def check(data: bytes) -> None:
        json.dumps(read_json(data, "/x"), ensure_ascii=False, sort_keys=True).encode()

    seed = b'{"id": 597, "title": "A \\u00e9 \\ud83d\\ude00", "a": [1, 2.5, -3e4, null, true]}'
    return Parser(name, check, lambda: [seed, *recorded("movie", "config")], _JSON_TOKENS)


LOADERS: Mapping[str, Callable[[str], Parser]] = {
    "tmdb-details": _details,
    "tmdb-page": _listing,
    "tmdb-changes": _listing,
    "tmdb-configuration": _configuration,
    "tmdb-error": _error_body,
    "json": _json,
}
