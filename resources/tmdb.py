"""TMDB's API v3: one method per question; answers as TMDB gives them, all fields kept.

What belongs here: addresses, slicing and TMDB's error codes. What does not: what a record means
(see `pipeline.crawl.tmdb`) and how requests are sent (see `resources.http`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from pipeline.crawl.tmdb import (
    Configuration,
    Page,
    parse_configuration,
    parse_genres,
    parse_page,
)
from pipeline.errors import (
    ConfigurationError,
    CredentialError,
    FetchError,
    RecordError,
    SourceError,
)
from pipeline.outcomes import Reason
from resources.http import HttpClient
from resources.http_status import HttpStatusError
from resources.redaction import keep_secret

MAX_PAGES = 500
"""Pages of one listing that TMDB gives; a later one is refused with 400, whatever `total_pages`
says."""

MAX_CHANGES_DAYS = 14
"""Longest span of one question for changes; a longer one is refused with 422."""

APPENDED = ("credits", "keywords", "videos", "release_dates", "external_ids")
"""Parts that come with a movie in the same request."""

NOT_FOUND_CODES = (6, 34)
MAINTENANCE_CODE = 46


class Tmdb:
    """TMDB behind one key.

    Args:
        http: Client of the API's base address, such as `https://api.themoviedb.org/3`.
        key: A v3 key, or a v4 bearer token (recognised by its form).

    Raises:
        ConfigurationError: The key is empty or cannot be one.
    """

    def __init__(self, http: HttpClient, key: str):
        key = key.strip()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigurationError(
                "TMDB_API_KEY is empty or not a key. Set it to the v3 key or the v4 token from "
                "themoviedb.org, account settings, API."
            )
        keep_secret(key)
        self._http = http
        is_token = key.startswith("eyJ") and key.count(".") == 2
        self._params = {} if is_token else {"api_key": key}
        self._headers = {"Authorization": f"Bearer {key}"} if is_token else {}

    def configuration(self) -> Configuration:
        """Ask where the images are, in which sizes; also the cheapest proof that the key works.

        Raises:
            CredentialError: TMDB refuses the key.
            SourceError: TMDB is in maintenance or down, or this is not TMDB.
        """
        return self._ask_all("/configuration", {}, parse_configuration)

    def genres(self) -> dict[int, str]:
        """Ask for the names of the genres by id; errors as for `configuration`."""
        return self._ask_all("/genre/movie/list", {}, parse_genres)

    def discover_ids(
        self, since: date, until: date, filters: Mapping[str, str] | None = None
    ) -> Iterator[int]:
        """Yield every movie released from `since` to `until`, both included, each once.

        Spans of which TMDB would hide the end are halved until every one can be read whole.

        Args:
            since: First release date.
            until: Last release date.
            filters: Further parameters of `/discover/movie`, such as `with_original_language`.

        Raises:
            SourceError: More movies came out on one day than TMDB lists; or as `configuration`.
            FetchError: A page could not be had.
        """
        params = {
            "include_adult": "false",
            "sort_by": "primary_release_date.asc",
            **(filters or {}),
        }
        names = ("primary_release_date.gte", "primary_release_date.lte")
        return self._list_span("/discover/movie", names, since, until, params)

    def changed_ids(self, since: date, until: date) -> Iterator[int]:
        """Yield every movie changed from `since` to `until`, both included; one may come twice.

        Raises:
            SourceError, FetchError: As for `discover_ids`.
        """
        start = since
        while start <= until:
            end = min(until, start + timedelta(days=MAX_CHANGES_DAYS - 1))
            yield from self._list_span("/movie/changes", ("start_date", "end_date"), start, end, {})
            start = end + timedelta(days=1)

    def details(self, tmdb_id: int) -> dict:
        """Ask for one movie with all its parts, in one request.

        Raises:
            FetchError: `DELETED_AT_SOURCE` where TMDB no longer has it; else why it failed.
            CredentialError, SourceError: As for `configuration`.
        """
        answer = self._ask(f"/movie/{tmdb_id}", {"append_to_response": ",".join(APPENDED)})
        if answer.get("id") != tmdb_id:
            raise RecordError(
                Reason.MALFORMED,
                f"movie {tmdb_id} was wanted, got id {str(answer.get('id'))[:20]!r}",
            )
        return answer

    def _list_span(
        self, path: str, names: tuple[str, str], since: date, until: date, params: Mapping
    ) -> Iterator[int]:
        """List one span of dates, or its halves where it holds too many pages."""
        if since > until:
            return
        span = {**params, names[0]: since.isoformat(), names[1]: until.isoformat()}
        first = self._ask_all(path, {**span, "page": 1}, parse_page)
        if first.total_pages <= MAX_PAGES:
            yield from self._list_pages(path, span, first)
            return
        if since == until:
            raise SourceError(
                f"TMDB lists {first.total_pages} pages for the one day {since}, and gives "
                f"{MAX_PAGES}. Narrow the question by a filter."
            )
        middle = since + (until - since) // 2
        yield from self._list_span(path, names, since, middle, params)
        yield from self._list_span(path, names, middle + timedelta(days=1), until, params)

    def _list_pages(self, path: str, span: Mapping, first: Page) -> Iterator[int]:
        # Movies move between pages while we read, so one may stand on two of them.
        seen: set[int] = set()
        answer, page = first, 1
        while True:
            for tmdb_id in answer.ids:
                if tmdb_id not in seen:
                    seen.add(tmdb_id)
                    yield tmdb_id
            page += 1
            if page > min(answer.total_pages, MAX_PAGES):
                return
            answer = self._ask_all(path, {**span, "page": page}, parse_page)

    def _ask_all(self, path: str, params: Mapping, parse: Callable):
        """Ask what no movie can answer for: what cannot be read there is the source's fault."""
        try:
            return parse(self._ask(path, params))
        except HttpStatusError as error:
            if error.status < 500 and error.reason is not Reason.RATE_LIMITED:
                raise SourceError(
                    f"{self._http.base_url} does not answer as TMDB does: {error.detail}. "
                    "Check TMDB_API_URL."
                ) from error
            raise
        except (RecordError, FetchError) as error:
            if error.reason in (Reason.MALFORMED, Reason.WRONG_TYPE):
                raise SourceError(
                    f"{self._http.base_url} does not answer as TMDB does: {error.detail}. "
                    "Check TMDB_API_URL."
                ) from error
            raise

    def _ask(self, path: str, params: Mapping) -> dict:
        try:
            return self._http.get_json(path, {**params, **self._params}, self._headers)
        except HttpStatusError as error:
            _judge(error)
            raise


def _judge(error: HttpStatusError) -> None:
    """Raise what TMDB's own code says where it says more than the HTTP status."""
    code, message = _read_error(error.body)
    if error.status == 401:
        raise CredentialError(
            f"TMDB refuses the key (HTTP 401, code {code}). Check TMDB_API_KEY: it must be the v3 "
            "key or the v4 token from themoviedb.org, account settings, API."
        ) from error
    if error.status == 503 and code == MAINTENANCE_CODE:
        raise SourceError(f"TMDB is in maintenance: {message} Run again later.") from error
    if error.status == 404 and code in NOT_FOUND_CODES:
        raise FetchError(
            Reason.DELETED_AT_SOURCE, f"TMDB has no such movie (code {code}): {error.detail}"
        ) from error


def _read_error(body: bytes) -> tuple[int | None, str]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(answer, dict):
        return None, ""
    code = answer.get("status_code")
    return (code if isinstance(code, int) else None), str(answer.get("status_message", ""))[:200]
