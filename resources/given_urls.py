"""Posters and trailers at addresses that a person gave, by the guarded clients of the sources."""

from pathlib import Path
from urllib.parse import urlsplit

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Video
from resources.http.addresses import explain_rejection, is_private
from resources.settings import Settings
from resources.trailers.fetched_trailer import FetchedTrailer, Inspect
from resources.trailers.options import TrailerLimits, maximum_height

MAX_FETCH_S = 30.0
"""Maximum time of a poster's response."""


def fetch_given_poster(url: str, settings: Settings, max_bytes: int) -> bytes:
    """Fetch a picture.

    Args:
        url: Http(s); loopback and private networks are refused unless a source is configured there.
        settings: Name the sources.
        max_bytes: Larger ones are refused.

    Raises:
        FetchError: Why it failed.
        SourceError: The host is down.
    """
    from resources.http.client import HttpClient

    is_configured = _check(url, settings)
    parts = urlsplit(url)
    client = HttpClient(
        f"{parts.scheme}://{parts.netloc}", max_attempts=2, max_body_bytes=max_bytes,
        max_body_s=MAX_FETCH_S, trusts_home=is_configured,
    )  # fmt: skip
    try:
        return client.get_bytes(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    finally:
        client.close()


def fetch_given_trailer(
    url: str, settings: Settings, folder: Path, inspect: Inspect
) -> FetchedTrailer:
    """Download a video by yt-dlp, as trailers are, without anyone's cookies.

    Args:
        url: As for `fetch_given_poster`.
        settings: Name the sources.
        folder: Where the files go.
        inspect: Reads the file's facts.

    Raises:
        FetchError, NoTrailerError: Why it failed.
        SourceError: The host is down.
    """
    from resources.trailers.trailer_host import TrailerHost

    is_configured = _check(url, settings)
    template = f"{url.partition('#')[0]}#{{key}}"
    limits = TrailerLimits(max_height_px=maximum_height(settings))
    host = TrailerHost(template, limits=limits, tries=1, trusts_home=is_configured)
    try:
        return host.fetch([Video("given", "YouTube", "Trailer")], folder, "given", inspect)
    finally:
        host.close()


def _check(url: str, settings: Settings) -> bool:
    """Reject an address before anything connects; return whether a source is configured there.

    A name may lead elsewhere on connection, so that `ConnectionRules` check the peer as well.

    Raises:
        FetchError: `FORBIDDEN`.
    """
    rejection = explain_rejection(url, url, may_reach_private=True)
    if rejection or "{" in url or not url.isprintable():
        raise FetchError(Reason.FORBIDDEN, rejection or "the address cannot be read")
    configured = (settings.tmdb_image_url, settings.trailer_url_template)
    is_configured = _origin(url) in {_origin(one) for one in configured if one}
    host = urlsplit(url).hostname or ""
    if not is_configured and is_private(host):
        raise FetchError(Reason.FORBIDDEN, f"{host} lies in a private network")
    return is_configured


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
