"""Looks whether this machine has what trailers need: yt-dlp, its JavaScript, cookies, a folder."""

import importlib.metadata
import re
from datetime import UTC, date, datetime, time
from pathlib import Path

from pipeline.core.errors import ConfigurationError
from resources.doctor.findings import Finding, finding_of_error
from resources.settings import ENVIRONMENT, TRAILER_URL_TEMPLATE, Settings
from resources.trailers.cookies import REMEDY, VARIABLE, read_cookies
from resources.trailers.js_runtime import find_deno, start_deno
from resources.trailers.options import maximum_height
from resources.trailers.own_folder import TrailerFolder

MAX_AGE_DAYS = 90
"""Age from which yt-dlp itself calls a version outdated. Source: yt-dlp, `update.py`."""

UPDATE = (
    "Set a later day in pyproject.toml (`exclude-newer`), then `uv sync --upgrade-package yt-dlp "
    "--upgrade-package yt-dlp-ejs`."
)
INSTALL = "Run `uv sync`: it is among the dependencies of marquee."


def check_trailer_needs(settings: Settings, today: date | None = None) -> list[Finding]:
    """Look at everything that fetching trailers takes.

    Args:
        settings: What is configured.
        today: The day that ages are counted to; today's where it is left out.
    """
    today = today or datetime.now(UTC).date()
    return [
        check_yt_dlp(today),
        check_ejs(),
        check_deno(find_deno()),
        check_cookies(settings.youtube_cookies, today),
        check_folder(settings.trailers),
        check_lines(settings),
    ]


def check_yt_dlp(today: date) -> Finding:
    """Whether yt-dlp is there and young enough for YouTube, which breaks old ones."""
    version = _version_of("yt-dlp")
    if version is None:
        return Finding("yt-dlp", False, "not installed: no trailer can be fetched", INSTALL)
    return check_age(version, today)


def check_age(version: str, today: date) -> Finding:
    """Judge a version of yt-dlp, which is the day of its release.

    Example:
        >>> check_age("2026.10.10", date(2026, 10, 20)).detail
        'version 2026.10.10, 10 days old'
    """
    found = re.match(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", version)
    if not found:
        return Finding("yt-dlp", None, f"version {version}, whose age its name does not tell")
    age_days = (today - date(*map(int, found.groups()))).days
    detail = f"version {version}, {age_days} days old"
    if age_days > MAX_AGE_DAYS:
        detail += f"; YouTube breaks versions of more than about {MAX_AGE_DAYS} days"
        return Finding("yt-dlp", False, detail, UPDATE)
    return Finding("yt-dlp", True, detail)


def check_ejs() -> Finding:
    """Whether the scripts are there that solve YouTube's puzzles, in the version yt-dlp wants."""
    return compare_ejs(_version_of("yt-dlp-ejs"), _wanted_ejs())


def compare_ejs(version: str | None, wanted: str | None) -> Finding:
    """Judge a version of yt-dlp-ejs; the first two numbers must be those that yt-dlp wants.

    Example:
        >>> compare_ejs("0.8.1", "0.8.0").is_ok, compare_ejs("0.7.0", "0.8.0").is_ok
        (True, False)
    """
    if version is None:
        return Finding("yt-dlp-ejs", False, "not installed: YouTube gives no files", INSTALL)
    if wanted is None:
        return Finding("yt-dlp-ejs", None, f"version {version}; yt-dlp does not say what it wants")
    if version.split(".")[:2] != wanted.split(".")[:2]:
        detail = f"version {version}, but this yt-dlp wants {wanted}"
        return Finding("yt-dlp-ejs", False, detail, UPDATE)
    return Finding("yt-dlp-ejs", True, f"version {version}")


def check_deno(path: Path | None) -> Finding:
    """Whether the JavaScript runtime is there and really starts.

    Args:
        path: Where it lies, or None.
    """
    name = "JavaScript runtime"
    if path is None:
        return Finding(name, False, "no deno is there: YouTube gives no files", INSTALL)
    version, why_not = start_deno(path)
    if why_not:
        return Finding(name, False, f"{path} does not start ({why_not})", INSTALL)
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < (least := _least_deno()):
        wanted = ".".join(map(str, least))
        return Finding(name, False, f"deno {version}, but yt-dlp wants {wanted} or later", UPDATE)
    return Finding(name, True, f"deno {version} at {path}")


def check_cookies(file: str, today: date) -> Finding:
    """Whether the file of cookies can be read, and holds a login to YouTube that lasts."""
    name = "YouTube cookies"
    if not file:
        gives = f"{VARIABLE}, a cookies.txt of yours, would help against age gates and bot checks."
        return Finding(name, None, "not set: YouTube is asked as a guest", gives)
    try:
        cookies = read_cookies(Path(file).expanduser())
    except ConfigurationError as error:
        return finding_of_error(name, error)
    now_s = datetime.combine(today, time(), UTC).timestamp()
    wrong = cookies.login_problem(now_s)
    if wrong:
        return Finding(name, False, f"{file} can be read, but {wrong}", REMEDY)
    return Finding(name, True, f"{file} holds a login to YouTube")


def check_folder(folder: str) -> Finding:
    """Whether the folder of the user's own trailers can be read, and how many it has."""
    name = "own trailers"
    if not folder:
        gives = f"{ENVIRONMENT['trailers']}, a folder of trailers that you have, spares asking."
        return Finding(name, None, "not set: all are asked for", gives)
    try:
        own = TrailerFolder(Path(folder).expanduser())
    except ConfigurationError as error:
        return finding_of_error(name, error)
    detail = f"{len(own)} videos in {folder}"
    if not own.unread:
        return Finding(name, bool(len(own)) or None, detail)
    return Finding(
        name,
        False,
        f"{detail}; of {len(own.unread)} more the name says no film, such as {own.unread[0]}",
        "Name each by its TMDB id (597.mp4), IMDb id (tt0120338.mp4) or YouTube key.",
    )


def check_lines(settings: Settings) -> Finding:
    """Whether the wanted lines of the picture are a number that makes sense."""
    try:
        lines = maximum_height(settings)
    except ConfigurationError as error:
        return finding_of_error("trailer lines", error)
    own = "the built-in studio" if settings.source_kind == "studio" else TRAILER_URL_TEMPLATE
    host = settings.trailer_url_template or own
    return Finding("trailer lines", True, f"at most {lines}, from {host}")


def _version_of(package: str) -> str | None:
    """Return the version of what can really be imported, or None."""
    try:
        if package == "yt-dlp":
            from yt_dlp.version import __version__ as version
        else:
            from yt_dlp_ejs import version
    except ImportError:
        return None
    return str(version)


def _wanted_ejs() -> str | None:
    """Return the version of yt-dlp-ejs that the installed yt-dlp asks for, by its own metadata."""
    try:
        needed = importlib.metadata.requires("yt-dlp") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = [re.match(r"yt-dlp-ejs==([\d.]+)", requirement) for requirement in needed]
    return next((match[1] for match in found if match), None)


def _least_deno() -> tuple[int, ...]:
    try:
        from yt_dlp.utils._jsruntime import DenoJsRuntime
    except ImportError:
        return (0,)
    return DenoJsRuntime.MIN_SUPPORTED_VERSION
