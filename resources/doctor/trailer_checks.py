"""Check what trailers require: yt-dlp, its JavaScript runtime, cookies, the user's folder."""

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
"""Age after which yt-dlp itself calls a version outdated. Source: yt-dlp, `update.py`."""

UPDATE = (
    "Set a later day in pyproject.toml (`exclude-newer`), then `uv sync --upgrade-package yt-dlp "
    "--upgrade-package yt-dlp-ejs`."
)
INSTALL = "Run `uv sync`: it is among the dependencies of marquee."


def check_trailer_needs(settings: Settings, today: date | None = None) -> list[Finding]:
    """Check everything that downloading trailers requires.

    Args:
        settings: What is configured.
        today: The day of the check; the current one by default.
    """
    today = today or datetime.now(UTC).date()
    return [
        check_yt_dlp(today),
        check_ejs(),
        check_deno(find_deno()),
        check_cookies(settings.youtube_cookies, today),
        check_folder(settings.trailers),
        check_height(settings),
    ]


def check_yt_dlp(today: date) -> Finding:
    """Check that yt-dlp is installed and recent enough for YouTube, which breaks old versions."""
    version = _version_of("yt-dlp")
    if version is None:
        return Finding("yt-dlp", False, "not installed: no trailer can be downloaded", INSTALL)
    return check_age(version, today)


def check_age(version: str, today: date) -> Finding:
    """Check a version of yt-dlp, which is the day of its release.

    Example:
        >>> check_age("2026.10.10", date(2026, 10, 20)).detail
        'version 2026.10.10, 10 days old'
    """
    found = re.match(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", version)
    if not found:
        return Finding("yt-dlp", None, f"version {version}, whose age is unknown")
    age_days = (today - date(*map(int, found.groups()))).days
    detail = f"version {version}, {age_days} days old"
    if age_days > MAX_AGE_DAYS:
        detail += f"; YouTube breaks versions of more than about {MAX_AGE_DAYS} days"
        return Finding("yt-dlp", False, detail, UPDATE)
    return Finding("yt-dlp", True, detail)


def check_ejs() -> Finding:
    """Check that the scripts for YouTube's challenges are installed, in yt-dlp's version."""
    return compare_ejs(_version_of("yt-dlp-ejs"), _required_ejs())


def compare_ejs(version: str | None, required: str | None) -> Finding:
    """Check a version of yt-dlp-ejs; the first two numbers must be those that yt-dlp requires.

    Example:
        >>> compare_ejs("0.8.1", "0.8.0").is_ok, compare_ejs("0.7.0", "0.8.0").is_ok
        (True, False)
    """
    if version is None:
        return Finding("yt-dlp-ejs", False, "not installed: YouTube serves no files", INSTALL)
    if required is None:
        return Finding("yt-dlp-ejs", None, f"version {version}; yt-dlp names no requirement")
    if version.split(".")[:2] != required.split(".")[:2]:
        detail = f"version {version}, but this yt-dlp requires {required}"
        return Finding("yt-dlp-ejs", False, detail, UPDATE)
    return Finding("yt-dlp-ejs", True, f"version {version}")


def check_deno(path: Path | None) -> Finding:
    """Check that the JavaScript runtime is installed and starts.

    Args:
        path: Its path, or None.
    """
    name = "JavaScript runtime"
    if path is None:
        return Finding(name, False, "deno is missing: YouTube serves no files", INSTALL)
    version, why_not = start_deno(path)
    if why_not:
        return Finding(name, False, f"{path} does not start ({why_not})", INSTALL)
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < (least := _least_deno()):
        required = ".".join(map(str, least))
        detail = f"deno {version}, but yt-dlp requires {required} or later"
        return Finding(name, False, detail, UPDATE)
    return Finding(name, True, f"deno {version} at {path}")


def check_cookies(file: str, today: date) -> Finding:
    """Check that the cookies file can be read and holds a valid login to YouTube."""
    name = "YouTube cookies"
    if not file:
        gain = f"{VARIABLE}, a cookies.txt of yours, would help against age gates and bot checks."
        return Finding(name, None, "not set: requests to YouTube are a guest's", gain)
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
    """Check that the folder of the user's own trailers can be read, and count them."""
    name = "own trailers"
    if not folder:
        gain = f"{ENVIRONMENT['trailers']}, a folder of trailers that you have, saves downloads."
        return Finding(name, None, "not set: all are downloaded", gain)
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
        f"{detail}; {len(own.unread)} more have names that match no movie, such as {own.unread[0]}",
        "Name each by its TMDB id (597.mp4), IMDb id (tt0120338.mp4) or YouTube key.",
    )


def check_height(settings: Settings) -> Finding:
    """Check the maximum height of trailers' videos."""
    try:
        height_px = maximum_height(settings)
    except ConfigurationError as error:
        return finding_of_error("trailer height", error)
    own = "the built-in studio" if settings.source_kind == "studio" else TRAILER_URL_TEMPLATE
    host = settings.trailer_url_template or own
    return Finding("trailer height", True, f"at most {height_px} pixels, from {host}")


def _version_of(package: str) -> str | None:
    """Return the version of a package that can be imported, or None."""
    try:
        if package == "yt-dlp":
            import yt_dlp.version

            return str(yt_dlp.version.__version__)
        import yt_dlp_ejs

        return str(yt_dlp_ejs.version)
    except ImportError:
        return None


def _required_ejs() -> str | None:
    """Return the version of yt-dlp-ejs that the installed yt-dlp asks for, by its metadata."""
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
