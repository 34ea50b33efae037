"""Read and check the user's cookies file, in Netscape's format; it is never written to."""

import http.cookiejar
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import ConfigurationError
from resources.http.redaction import keep_secret
from resources.settings import ENVIRONMENT

MAX_COOKIE_BYTES = 4 * 1024 * 1024
VARIABLE = ENVIRONMENT["youtube_cookies"]
REMEDY = (
    "Export it again with a browser add-on that writes cookies.txt (Netscape's format), from a "
    f"window that is logged in to YouTube, or unset {VARIABLE}."
)

_HEADER = re.compile(r"#( Netscape)? HTTP Cookie File")
_FIELDS = 7
_HTTP_ONLY = "#HttpOnly_"

LOGIN_INFO = "LOGIN_INFO"
LOGIN_NAMES = ("SAPISID", "__Secure-1PAPISID", "__Secure-3PAPISID")
"""A session is logged in by `LOGIN_INFO` and one of these. Source: yt-dlp, `extractor/youtube`."""


@dataclass(frozen=True)
class Cookie:
    """One cookie; `expires_s` is 0 for one that lasts as long as the session."""

    domain: str
    name: str
    value: str
    expires_s: float = 0.0

    def is_valid(self, now_s: float) -> bool:
        """Whether it has not expired."""
        return not self.expires_s or self.expires_s > now_s


@dataclass(frozen=True)
class CookieFile:
    """A file of cookies that can be read.

    Attributes:
        text: The file's content.
        cookies: The cookies in it.
    """

    text: str
    cookies: tuple[Cookie, ...]

    def of_youtube(self) -> dict[str, Cookie]:
        """Return the cookies of YouTube, by name."""
        return {c.name: c for c in self.cookies if c.domain.lstrip(".").endswith("youtube.com")}

    def login_problem(self, now_s: float) -> str:
        """Return what is wrong with the login to YouTube; empty where nothing is."""
        cookies = self.of_youtube()
        if not cookies:
            return "it holds no cookie of youtube.com"
        keys = [cookies[name] for name in LOGIN_NAMES if name in cookies]
        if LOGIN_INFO not in cookies or not keys:
            return "it was written without a login to YouTube"
        if not (cookies[LOGIN_INFO].is_valid(now_s) and any(key.is_valid(now_s) for key in keys)):
            return "its login to YouTube has expired"
        return ""


def read_cookies(path: Path) -> CookieFile:
    """Read a cookies file; its values are secrets from now on.

    Raises:
        ConfigurationError: It is missing, or not a cookies file; the message names the line and
            shows nothing of it.
    """
    text = _read(path)
    lines = text.splitlines()
    if text.lstrip()[:1] in ("[", "{"):
        raise _malformed(path, "it is JSON")
    if not lines or not _HEADER.match(lines[0]):
        raise _malformed(path, 'its first line is not "# Netscape HTTP Cookie File"')
    cookies = tuple(
        _parse(path, number, line.removeprefix(_HTTP_ONLY))
        for number, line in enumerate(lines, start=1)
        if line.strip() and (not line.startswith("#") or line.startswith(_HTTP_ONLY))
    )
    keep_secret(*(cookie.value for cookie in cookies))
    return CookieFile(text, cookies)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_COOKIE_BYTES:
            raise _malformed(path, f"it has more than {MAX_COOKIE_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{VARIABLE} is {str(path)!r}, which cannot be read ({error.strerror}). {REMEDY}"
        ) from None
    except UnicodeDecodeError:
        raise _malformed(path, "it is not text") from None


def _parse(path: Path, number: int, line: str) -> Cookie:
    fields = line.split("\t")
    if len(fields) != _FIELDS:
        raise _malformed(path, f"line {number} has {len(fields)} fields, expected {_FIELDS}")
    domain, _, _, _, expires, name, value = fields
    if not re.fullmatch(r"(\d+(\.\d+)?)?", expires, re.ASCII):
        raise _malformed(path, f"line {number} names no time in its fifth field")
    return Cookie(domain, name, value, float(expires or 0))


def _malformed(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"{VARIABLE} is {str(path)!r}, not a cookies file: {what}. {REMEDY}")


def open_jar(file: CookieFile) -> http.cookiejar.CookieJar:
    """Return yt-dlp's own jar with these cookies, which all threads may share."""
    import io

    from yt_dlp.cookies import YoutubeDLCookieJar

    class SharedJar(YoutubeDLCookieJar):
        """A jar that one thread may read while another one adds to it."""

        def get_cookies_for_url(self, url):
            with self._cookies_lock:  # pyright: ignore[reportAttributeAccessIssue]  # of http.cookiejar
                return super().get_cookies_for_url(url)

    jar = SharedJar(io.StringIO(file.text))  # pyright: ignore[reportArgumentType]  # takes streams
    jar.load()
    jar.filename = None  # nothing to save it to
    return jar
