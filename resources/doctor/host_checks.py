"""Looks whether the hosts of a source answer, and lets us in: TMDB, its images, IMDbPro."""

import re

from pipeline.core.errors import ItemError, RecordError, SourceError
from pipeline.core.outcomes import Reason
from resources.doctor.findings import Finding, finding_of_error
from resources.http.client import HttpClient
from resources.http.transport import HttpStatusError
from resources.settings import Settings
from resources.sources.imdbpro import REQUESTS_PER_S, ImdbPro
from resources.sources.source import Source
from resources.sources.tmdb import Tmdb

TIMEOUT_S = 4.0
"""Longest wait for a connection, and for the next bytes: somebody sits before the screen."""

KNOWN_MOVIE = "tt0120338"
"""A movie that IMDbPro certainly has figures of: Titanic."""

NO_KEY = (
    "Set TMDB_API_KEY (v3 key or v4 token, free at themoviedb.org, account settings, API) to read "
    "real films."
)
NO_COOKIE = "IMDBPRO_COOKIE, the cookie of a session of your own, would give box office by IMDbPro."

_REMEDIES = {
    Reason.NETWORK: "Check the connection, the address and the proxy (HTTPS_PROXY).",
    Reason.TIMEOUT: "Check the connection and the proxy (HTTPS_PROXY), or try again later.",
    Reason.RATE_LIMITED: "Wait a minute; set MARQUEE_REQUESTS_PER_S lower.",
    Reason.SERVER_ERROR: "It is theirs to mend: try again later.",
    Reason.CUT_OFF: "Check the connection and the proxy (HTTPS_PROXY), or try again later.",
}


def check_tmdb(settings: Settings, source: Source) -> list[Finding]:
    """Ask TMDB one question with the key: whether it works, and if not, whose fault that is."""
    name = "TMDB key"
    if not settings.tmdb_api_key:
        gain = "" if source.is_imports else NO_KEY
        return [Finding(name, None, f"not set: films are of the {source.label}", gain)]
    http = _open(settings.tmdb_api_url)
    kind = describe_key(settings.tmdb_api_key)
    try:
        sizes = Tmdb(http, settings.tmdb_api_key, patience_s=0).configuration().poster_sizes
    except ItemError as error:
        return [_blame_item(name, http.base_url, error)]
    except SourceError as error:
        found = finding_of_error(name, error)
        return [Finding(name, False, f"{found.detail}; what is set is {kind}", found.remedy)]
    finally:
        http.close()
    return [Finding(name, True, f"{kind} works; posters come in {len(sizes)} sizes")]


def describe_key(key: str) -> str:
    """Say which of TMDB's two kinds of key a text looks like, without showing any of it.

    Example:
        >>> describe_key("0123456789abcdef0123456789abcdef"), describe_key("eyJh.eyJi.c")
        ('a v3 key', 'a v4 token')
    """
    key = key.strip()
    if key.startswith("eyJ") and key.count(".") == 2:
        return "a v4 token"
    if re.fullmatch(r"[0-9a-f]{32}", key):
        return "a v3 key"
    return f"a key of {len(key)} characters (a v3 key has 32 hexadecimal digits)"


def check_image_host(settings: Settings) -> list[Finding]:
    """Ask the image host for nothing in particular: any answer of its own shows that it lives."""
    http = _open(settings.tmdb_image_url)
    try:
        http.get("/")
    except HttpStatusError as error:
        if error.status >= 500 or error.reason is Reason.RATE_LIMITED:
            return [_blame_item("image host", http.base_url, error)]
    except ItemError as error:
        return [_blame_item("image host", http.base_url, error)]
    finally:
        http.close()
    return [Finding("image host", True, f"{http.base_url} answers")]


def check_imdbpro(settings: Settings, source: Source) -> list[Finding]:
    """Ask IMDbPro for one page with the cookie; robots.txt comes first, as ever."""
    name = "IMDbPro"
    if not settings.imdbpro_cookie:
        return [Finding(name, None, "off: no cookie is set", NO_COOKIE)]
    http = _open(settings.imdbpro_url, rate_per_s=REQUESTS_PER_S)
    try:
        ImdbPro(http, settings.imdbpro_cookie).box_office(KNOWN_MOVIE)
    except RecordError as error:
        remedy = "Unset IMDBPRO_COOKIE until marquee knows the new layout."
        return [Finding(name, False, error.detail, remedy)]
    except ItemError as error:
        if not (source.is_studio and error.reason is Reason.GONE):  # it shows other films
            return [_blame_imdbpro(http.base_url, error)]
    except SourceError as error:
        return [finding_of_error(name, error)]
    finally:
        http.close()
    return [Finding(name, True, "the session is logged in")]


def _open(url: str, rate_per_s: float | None = None) -> HttpClient:
    client = HttpClient(url, timeout_s=TIMEOUT_S, max_body_s=TIMEOUT_S, max_attempts=1)
    if rate_per_s is None or client.is_near:
        return client
    client.close()
    return HttpClient(
        url, timeout_s=TIMEOUT_S, max_body_s=TIMEOUT_S, max_attempts=1, rate_per_s=rate_per_s
    )


def _blame_item(name: str, url: str, error: ItemError) -> Finding:
    remedy = _REMEDIES.get(error.reason, f"Check the address {url}.")
    return finding_of_error(
        name, Exception(f"{url} does not answer as it should: {error.detail}"), remedy
    )


def _blame_imdbpro(url: str, error: ItemError) -> Finding:
    if error.reason is Reason.FORBIDDEN:
        return Finding(
            "IMDbPro",
            False,
            f"blocked ({error.detail})",
            "Open IMDbPro in the browser that the cookie is from; try again later and slower.",
        )
    return _blame_item("IMDbPro", url, error)
