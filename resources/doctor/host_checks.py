"""Check that the hosts of a source respond and accept us: TMDB, its images, IMDbPro."""

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
"""Timeout of a connection, and of the next bytes: a user waits at the screen."""

KNOWN_MOVIE = "tt0120338"
"""A movie whose box office IMDbPro certainly has: Titanic."""

NO_KEY = (
    "Set TMDB_API_KEY (v3 key or v4 token, free at themoviedb.org, account settings, API) to read "
    "real movies."
)
NO_COOKIE = "IMDBPRO_COOKIE, the cookie of your own session, would add box office from IMDbPro."

_REMEDIES = {
    Reason.NETWORK: "Check the connection, the address and the proxy (HTTPS_PROXY).",
    Reason.TIMEOUT: "Check the connection and the proxy (HTTPS_PROXY), or try again later.",
    Reason.RATE_LIMITED: "Wait a minute; set MARQUEE_REQUESTS_PER_S lower.",
    Reason.SERVER_ERROR: "The host has to fix it: try again later.",
    Reason.CUT_OFF: "Check the connection and the proxy (HTTPS_PROXY), or try again later.",
}


def check_tmdb(settings: Settings, source: Source) -> list[Finding]:
    """Send TMDB one request with the key: whether it works, and if not, why."""
    name = "TMDB key"
    if not settings.tmdb_api_key:
        gain = "" if source.is_imports else NO_KEY
        return [Finding(name, None, f"not set: movies come from the {source.label}", gain)]
    http = _open(settings.tmdb_api_url)
    kind = describe_key(settings.tmdb_api_key)
    try:
        sizes = Tmdb(http, settings.tmdb_api_key, patience_s=0).configuration().poster_sizes
    except ItemError as error:
        return [_item_finding(name, http.base_url, error)]
    except SourceError as error:
        found = finding_of_error(name, error)
        return [Finding(name, False, f"{found.detail}; the value is {kind}", found.remedy)]
    finally:
        http.close()
    return [Finding(name, True, f"{kind} works; posters come in {len(sizes)} sizes")]


def describe_key(key: str) -> str:
    """Return which of TMDB's two kinds of key a text looks like, without showing any of it.

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
    """Request the image host's root: any response of its own shows that it works."""
    http = _open(settings.tmdb_image_url)
    try:
        http.get("/")
    except HttpStatusError as error:
        if error.status >= 500 or error.reason is Reason.RATE_LIMITED:
            return [_item_finding("image host", http.base_url, error)]
    except ItemError as error:
        return [_item_finding("image host", http.base_url, error)]
    finally:
        http.close()
    return [Finding("image host", True, f"{http.base_url} responds")]


def check_imdbpro(settings: Settings, source: Source) -> list[Finding]:
    """Request one page of IMDbPro with the cookie, after its robots.txt."""
    name = "IMDbPro"
    if not settings.imdbpro_cookie:
        return [Finding(name, None, "off: no cookie is set", NO_COOKIE)]
    http = _open(settings.imdbpro_url, rate_per_s=REQUESTS_PER_S)
    try:
        ImdbPro(http, settings.imdbpro_cookie).box_office(KNOWN_MOVIE)
    except RecordError as error:
        remedy = "Unset IMDBPRO_COOKIE until marquee supports the new layout."
        return [Finding(name, False, error.detail, remedy)]
    except ItemError as error:
        if not (source.is_studio and error.reason is Reason.GONE):  # it has other movies
            return [_imdbpro_finding(http.base_url, error)]
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


def _item_finding(name: str, url: str, error: ItemError) -> Finding:
    remedy = _REMEDIES.get(error.reason, f"Check the address {url}.")
    return finding_of_error(
        name, Exception(f"{url} does not respond as expected: {error.detail}"), remedy
    )


def _imdbpro_finding(url: str, error: ItemError) -> Finding:
    if error.reason is Reason.FORBIDDEN:
        return Finding(
            "IMDbPro",
            False,
            f"blocked ({error.detail})",
            "Open IMDbPro in the browser that the cookie is from; try again later and slower.",
        )
    return _item_finding("IMDbPro", url, error)
