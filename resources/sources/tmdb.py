"""TMDB's API v3: one method per request; responses as TMDB sends them, all fields kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from pipeline.core.errors import ConfigurationError, FetchError, RecordError, SourceError
from pipeline.core.outcomes import Reason
from pipeline.crawl.json_values import read_text
from pipeline.crawl.tmdb.responses import (
    Configuration,
    Page,
    parse_configuration,
    parse_genres,
    parse_page,
)
from resources.clock import CLOCK, Clock
from resources.http.client import HttpClient
from resources.http.redaction import keep_secret
from resources.http.transport import HttpStatusError
from resources.sources.tmdb_errors import as_movie_error, find_fatal_error, rate_limited_error
from resources.sources.tmdb_parts import APPENDED, LACKED, NARROWED, languages_of, list_lacked
from resources.sources.tmdb_slices import MAX_PAGES, CountRange, DateRange, split_listing

MAX_CHANGES_DAYS = 14
"""Longest span of one question for changes; a longer one is rejected with 422."""

_NOT_TMDB = (
    Reason.MALFORMED, Reason.WRONG_TYPE, Reason.DELETED_AT_SOURCE, Reason.UNEXPECTED,
    Reason.TOO_LARGE,
)  # fmt: skip
"""What a listing cannot be; whoever answers so is not TMDB's API."""
_PASSING = (Reason.RATE_LIMITED, Reason.TIMEOUT, Reason.SERVER_ERROR, Reason.NETWORK)

PATIENCE_S = 60.0
"""How long a key that TMDB limits (429) waits in all, before the whole crawl stops."""
LIMITED_PAUSE_S = 5.0
"""Wait where TMDB limits the key and does not say for how long."""


class Tmdb:
    """TMDB behind one key.

    Args:
        http: Client of the API's base address, such as `https://api.themoviedb.org/3`.
        key: A v3 key, or a v4 bearer token (recognised by its form).
        patience_s: How long a limited key waits in all.
        clock: For waits.

    Raises:
        ConfigurationError: The key is empty or cannot be one.
    """

    def __init__(
        self, http: HttpClient, key: str, *, patience_s: float = PATIENCE_S, clock: Clock = CLOCK
    ):
        key = key.strip()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigurationError(
                "TMDB_API_KEY is empty or not a key. Set it to the v3 key or the v4 token from "
                "themoviedb.org, account settings, API."
            )
        keep_secret(key)
        self._http = http
        self._patience_s = patience_s
        self._clock = clock
        self._verdict: SourceError | None = None
        is_token = key.startswith("eyJ") and key.count(".") == 2
        self._params = {} if is_token else {"api_key": key}
        self._headers = {"Authorization": f"Bearer {key}"} if is_token else {}

    def configuration(self) -> Configuration:
        """Request the address and sizes of images; also the cheapest proof that the key works.

        Raises:
            CredentialError: TMDB refuses the key.
            SourceError: TMDB is in maintenance or down, or this is not TMDB.
        """
        return self._ask_all("/configuration", {}, parse_configuration)

    def genres(self) -> dict[int, str]:
        """Request the names of the genres by id; errors as for `configuration`."""
        return self._ask_all("/genre/movie/list", {}, parse_genres)

    def discover_ids(
        self, since: date, until: date, filters: Mapping[str, str] | None = None
    ) -> Iterator[int]:
        """Yield every movie released from `since` to `until`, both included, each once.

        Ranges of which TMDB would hide the end are halved until every one can be read whole; a
        single day that is still too long is split by votes, then by runtime.

        Args:
            since: First release date.
            until: Last release date.
            filters: Further parameters of `/discover/movie`, such as `with_original_language`.

        Raises:
            SourceError: TMDB cannot list all of one day; or as `configuration`.
            FetchError: A page failed.
        """
        filters = filters or {}
        params = {"include_adult": "false", "sort_by": "primary_release_date.asc", **filters}
        names = ("primary_release_date.gte", "primary_release_date.lte")
        counts = [
            CountRange(name, int(filters.get(f"{name}.gte", 0)), int(most) if most else None)
            for name in ("vote_count", "with_runtime")
            for most in [filters.get(f"{name}.lte")]
        ]
        return self._list("/discover/movie", params, DateRange(names, since, until), *counts)

    def changed_ids(self, since: date, until: date) -> Iterator[int]:
        """Yield every movie changed from `since` to `until`, both included; one may come twice.

        Raises:
            SourceError, FetchError: As for `discover_ids`.
        """
        start = since
        while start <= until:
            end = min(until, start + timedelta(days=MAX_CHANGES_DAYS - 1))
            yield from self._list(
                "/movie/changes", {}, DateRange(("start_date", "end_date"), start, end)
            )
            start = end + timedelta(days=1)

    def details(self, tmdb_id: int, language: str = "", also: Iterable[str] = ()) -> dict:
        """Request one movie with all its parts, at once.

        TMDB's defaults narrow what it gives to English. What the movie has in its own language
        (videos; a poster or a plot where English has none) takes another request, unless an earlier
        response showed it.

        Args:
            tmdb_id: The movie.
            language: Its original language, ISO 639-1, as an earlier response stated it.
            also: Parts for which an earlier response gave reason, see `list_lacked`.

        Raises:
            FetchError: `DELETED_AT_SOURCE` where TMDB no longer has it; else why it failed.
            CredentialError, SourceError: As for `configuration`.
        """
        asked = languages_of(language)
        appended = (*APPENDED, *(part for part in LACKED if part in also))
        answer = self._ask_details(tmdb_id, appended, asked)
        own = languages_of(read_text(answer.get("original_language")))
        parts = [part for part in list_lacked(answer) if part not in appended]
        if not set(own) <= set(asked):
            parts.insert(0, "videos")
        if parts:
            more = self._ask_details(tmdb_id, parts, own)
            answer.update({part: more[part] for part in parts if part in more})
        return answer

    def summary(self, tmdb_id: int) -> dict:
        """Request one movie without its parts; errors as for `details`."""
        return self._ask_details(tmdb_id, (), ())

    def _ask_details(self, tmdb_id: int, parts: Sequence[str], languages: Iterable[str]) -> dict:
        asked = ",".join(languages)
        params = {"append_to_response": ",".join(parts)} if parts else {}
        params |= {name: asked for part, name in NARROWED.items() if part in parts}
        answer = self._ask(f"/movie/{tmdb_id}", params)
        if answer.get("id") != tmdb_id:
            raise RecordError(
                Reason.MALFORMED,
                f"movie {tmdb_id} was wanted, got id {str(answer.get('id'))[:20]!r}",
            )
        return answer

    def _list(
        self, path: str, params: Mapping, days: DateRange, *counts: CountRange
    ) -> Iterator[int]:
        """List what the ranges hold, in as many parts as TMDB needs."""
        if days.since > days.until:
            return

        def ask(span: Mapping) -> Page:
            return self._ask_all(path, {**params, **span, "page": 1}, parse_page)

        for span, first in split_listing(ask, [days, *counts]):
            yield from self._list_pages(path, {**params, **span}, first)

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
        """Request what concerns no single movie: an unreadable response is the source's fault."""
        try:
            return parse(self._ask(path, params))
        except HttpStatusError as error:
            if error.status < 500 and error.reason not in _PASSING:
                raise SourceError(
                    f"{self._http.base_url} does not answer as TMDB does: {error.detail}. "
                    "Check TMDB_API_URL."
                ) from error
            raise
        except (RecordError, FetchError) as error:
            if error.reason in _NOT_TMDB:
                raise SourceError(
                    f"{self._http.base_url} does not answer as TMDB does: {error.detail}. "
                    "Check TMDB_API_URL."
                ) from error
            raise

    def _ask(self, path: str, params: Mapping) -> dict:
        """Send a request, and wait where the key is limited, which concerns all movies."""
        ends_at = self._clock.now_s() + self._patience_s
        while True:
            try:
                answer = self._http.get_json(path, {**params, **self._params}, self._headers)
            except SourceError as error:
                # The client only counts failures; what TMDB stated of them is more precise.
                raise self._verdict or error from None
            except HttpStatusError as error:
                self._clock.sleep(self._tell_wait_s(error, ends_at))
            else:
                self._verdict = None
                return answer

    def _tell_wait_s(self, error: HttpStatusError, ends_at: float) -> float:
        """Return the wait before the same question; raise where asking again is of no use."""
        verdict = find_fatal_error(error)
        if verdict is None and error.reason is not Reason.RATE_LIMITED:
            raise as_movie_error(error)
        wait_s = LIMITED_PAUSE_S if error.wait_s is None else error.wait_s
        if verdict is None and self._clock.now_s() + wait_s <= ends_at:
            return wait_s
        self._verdict = verdict or rate_limited_error(error)
        raise self._verdict from error
