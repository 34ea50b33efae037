"""Every setting that the environment may give, with the default it has without one."""

import math
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from pipeline.core.errors import ConfigurationError
from pipeline.core.systems import PRESETS, Preset

TMDB_API_URL = "https://api.themoviedb.org/3"
TMDB_IMAGE_URL = "https://image.tmdb.org/t/p"
IMDBPRO_URL = "https://pro.imdb.com"
TRAILER_URL_TEMPLATE = "https://www.youtube.com/watch?v={key}"

_PASSWORD = re.compile(r"://[^/@:]*:([^/@]+)@")

SOURCES = ("studio", "tmdb", "imports")
"""Where films may come from: invented ones, TMDB, or public dumps that were imported."""

REQUESTS_PER_S = 20.0
"""TMDB's limit, shared by all threads, where nothing else is set."""

DEMO_STUDIO = "generated:7:96"
"""The built-in studio's catalogue where nothing else is asked for: seed 7, 96 movies."""


@dataclass(frozen=True)
class Settings:
    """Settings as the environment gives them; an empty text means "not set".

    Attributes:
        tmdb_api_url, tmdb_image_url, imdbpro_url, trailer_url_template: Base addresses.
        tmdb_api_key: v3 key or v4 bearer token; without one and without addresses, the studio.
        imdbpro_cookie: Cookie of a logged-in session; IMDbPro is off without one.
        store: Folder or fsspec URL of the files.
        ledger: SQLAlchemy URL; SQLite inside the store by default.
        preset: Name in `PRESETS`; `small` on the studio, `published` elsewhere.
        studio: Catalogue of the built-in studio: `generated:<seed>:<size>` or `folder:<path>`.
        weights: Folder with weights that the user has.
        source: `studio`, `tmdb` or `imports`; by default TMDB where a key is set, else the studio.
        requests_per_s: Limit for TMDB; 20 where nothing is set.
        exchange_rates: CSV file of yearly rates that turn foreign amounts into US dollars.
        trailers: Folder of trailers that the user has; asked before the trailer host.
        trailer_lines: Lines of the picture that are fetched at most; 480 where nothing is set.
        youtube_cookies: File of cookies in Netscape's format.
        frames: Which frames of a trailer are sampled; see `resources.trailers.reading_options`.
        sound: How much of its sound is kept; see the same.
        backbones: Names of backbones beside the preset's, separated by commas.
        attributes: File with the looks that objects on posters may have, one a line.
        devices: What embeds: `cpu`, `cuda`, or GPUs such as `cuda:0,cuda:1`.
        trainers: Trainings side by side at most; one per core, where memory allows, by default.
    """

    tmdb_api_url: str = ""
    tmdb_image_url: str = ""
    imdbpro_url: str = ""
    trailer_url_template: str = ""
    tmdb_api_key: str = field(default="", repr=False)
    imdbpro_cookie: str = field(default="", repr=False)
    store: str = ""
    ledger: str = field(default="", repr=False)
    preset: str = ""
    studio: str = ""
    weights: str = ""
    source: str = ""
    requests_per_s: str = ""
    exchange_rates: str = ""
    trailers: str = ""
    trailer_lines: str = ""
    youtube_cookies: str = ""
    frames: str = ""
    sound: str = ""
    backbones: str = ""
    attributes: str = ""
    devices: str = ""
    trainers: str = ""

    @property
    def source_kind(self) -> str:
        """Which kind of source is read: `studio`, `tmdb` or `imports`.

        Raises:
            ConfigurationError: `source` is none of them.
        """
        if self.source and self.source not in SOURCES:
            raise ConfigurationError(
                f"MARQUEE_SOURCE is {self.source!r}; it must be one of {', '.join(SOURCES)}."
            )
        return self.source or ("tmdb" if self.tmdb_api_key or self.tmdb_api_url else "studio")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must never be shown: keys, cookies, the password of the ledger's database."""
        given = [getattr(self, name).strip() for name in SECRETS]
        if found := _PASSWORD.search(self.ledger):
            given += [found[1], unquote(found[1])]
        return tuple(secret for secret in given if secret)

    def number(self, name: str, default: float) -> float:
        """Return a setting that is a number above 0.

        Raises:
            ConfigurationError: It is not.
        """
        text = str(getattr(self, name)).strip()
        try:
            value = float(text) if text else default
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            raise ConfigurationError(f"{ENVIRONMENT[name]} must be a number above 0, got {text!r}.")
        return value


ENVIRONMENT = {
    "tmdb_api_url": "TMDB_API_URL",
    "tmdb_image_url": "TMDB_IMAGE_URL",
    "imdbpro_url": "IMDBPRO_URL",
    "trailer_url_template": "TRAILER_URL_TEMPLATE",
    "tmdb_api_key": "TMDB_API_KEY",
    "imdbpro_cookie": "IMDBPRO_COOKIE",
    "store": "MARQUEE_STORE",
    "ledger": "MARQUEE_LEDGER",
    "preset": "MARQUEE_PRESET",
    "studio": "MARQUEE_STUDIO",
    "weights": "MARQUEE_WEIGHTS",
    "source": "MARQUEE_SOURCE",
    "requests_per_s": "MARQUEE_REQUESTS_PER_S",
    "exchange_rates": "MARQUEE_EXCHANGE_RATES",
    "trailers": "MARQUEE_TRAILERS",
    "trailer_lines": "MARQUEE_TRAILER_LINES",
    "youtube_cookies": "MARQUEE_YOUTUBE_COOKIES",
    "frames": "MARQUEE_FRAMES",
    "sound": "MARQUEE_SOUND",
    "backbones": "MARQUEE_BACKBONES",
    "attributes": "MARQUEE_ATTRIBUTES",
    "devices": "MARQUEE_DEVICES",
    "trainers": "MARQUEE_TRAINERS",
}
"""Which variable of the environment gives which setting."""

SECRETS = ("tmdb_api_key", "imdbpro_cookie")
"""Settings that never reach a log, a message, metadata or a file."""

UNKEPT = (*SECRETS, "ledger")
"""Settings that Dagster must not keep a copy of; a ledger's address may hold a password."""


def choose_preset(name: str, *, is_studio: bool) -> Preset:
    """Return the preset by name, or the default of the source.

    Raises:
        ConfigurationError: There is no preset of that name.
    """
    wanted = name or ("small" if is_studio else "published")
    if wanted not in PRESETS:
        raise ConfigurationError(
            f"MARQUEE_PRESET (--preset) is {wanted!r}; it must be one of {', '.join(PRESETS)}."
        )
    return PRESETS[wanted]
