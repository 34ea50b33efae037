"""Every setting: its field, its environment variable, what it sets and what holds without it."""

import logging
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Annotated
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import DEFAULT_PRESET, PRESETS, Preset

TMDB_API_URL = "https://api.themoviedb.org/3"
TMDB_IMAGE_URL = "https://image.tmdb.org/t/p"
IMDBPRO_URL = "https://pro.imdb.com"
TRAILER_URL_TEMPLATE = "https://www.youtube.com/watch?v={key}"

LOG = logging.getLogger("marquee")

SOURCES = ("studio", "tmdb", "imports")
"""Where movies may come from: the built-in studio, TMDB, or imported public dumps."""

REQUESTS_PER_S = 20.0
"""TMDB's default limit, shared by all threads."""

RECORD_DAYS = 180.0
"""Default age at which a record is requested again: the longest caching that is reported of TMDB's
terms."""

HISTORY_DAYS = 90.0
"""Default days of Dagster's history that are kept beside each movie's latest event."""

DEMO_STUDIO = "generated:7:320"
"""The built-in studio's default catalogue: seed 7, 400 movies."""

PAGE_URL = "http://127.0.0.1:8000"
"""Where `marquee serve` answers by default."""

_PASSWORD = re.compile(r"://[^/@:]*:([^/@]+)@")


@dataclass(frozen=True)
class Variable:
    """How a setting is read from the environment.

    Attributes:
        name: The environment variable.
        default: What holds without it, in Markdown, for the README.
        is_secret: Whether its value must never reach a log, a message, metadata or a file.
    """

    name: str
    default: str
    is_secret: bool = False


class Settings(BaseModel):
    """Settings as texts; an empty one means "not set", and its default depends on the source.

    A field's description is the README's; fields that are left out of `repr` may hold a secret.
    """

    model_config = ConfigDict(frozen=True)

    tmdb_api_key: Annotated[
        str, Variable("TMDB_API_KEY", "the built-in studio", is_secret=True)
    ] = Field("", description="TMDB's v3 key or v4 token; with it, TMDB is the source", repr=False)
    source: Annotated[str, Variable("MARQUEE_SOURCE", "TMDB where a key is set")] = Field(
        "", description="`studio`, `tmdb` or `imports`"
    )
    requests_per_s: Annotated[str, Variable("MARQUEE_REQUESTS_PER_S", "20")] = Field(
        "", description="TMDB's rate limit, in requests per second"
    )
    record_days: Annotated[str, Variable("MARQUEE_RECORD_DAYS", "180")] = Field(
        "",
        description="age, in days, at which a record whose source limits caching is requested "
        "again; `0`: never",
    )
    history_days: Annotated[str, Variable("MARQUEE_HISTORY_DAYS", "90")] = Field(
        "",
        description="days of Dagster's history that `marquee prune` and the weekly job keep beside "
        "each film's latest event; `0`: all",
    )
    imdbpro_cookie: Annotated[
        str, Variable("IMDBPRO_COOKIE", "revenue from TMDB and imported dumps", is_secret=True)
    ] = Field("", description="cookie of a logged-in IMDbPro session", repr=False)
    exchange_rates: Annotated[
        str, Variable("MARQUEE_EXCHANGE_RATES", "only US dollars become labels")
    ] = Field("", description="CSV file that converts other currencies into US dollars")
    trailers: Annotated[str, Variable("MARQUEE_TRAILERS", "the trailer host alone")] = Field(
        "", description="folder of trailers that you have"
    )
    trailer_lines: Annotated[str, Variable("MARQUEE_TRAILER_LINES", "480")] = Field(
        "", description="maximum height of a trailer's video, in pixels"
    )
    youtube_cookies: Annotated[str, Variable("MARQUEE_YOUTUBE_COOKIES", "requests as a guest")] = (
        Field("", description="cookies file in Netscape's format, never written to")
    )
    youtube_plugins: Annotated[str, Variable("MARQUEE_YOUTUBE_PLUGINS", "none are loaded")] = Field(
        "", description="folder of yt-dlp plugins, such as a provider of PO tokens"
    )
    api_key: Annotated[
        str, Variable("MARQUEE_API_KEY", "no key; loopback alone", is_secret=True)
    ] = Field("", description="key that requests to `marquee serve` must bear", repr=False)
    store: Annotated[str, Variable("MARQUEE_STORE", "`store/<source>`")] = Field(
        "", description="folder or fsspec URL of the files"
    )
    ledger: Annotated[str, Variable("MARQUEE_LEDGER", "SQLite inside the store")] = Field(
        "", description="SQLAlchemy URL of the ledger", repr=False
    )
    preset: Annotated[str, Variable("MARQUEE_PRESET", "`small`")] = Field(
        "",
        description="`small` (MiniLM, EfficientNet-Lite0), `published` (BERT-base, ResNet50, "
        "Swin3D-T, AST) or `random` (untrained networks of every kind, to test the wiring)",
    )
    backbones: Annotated[str, Variable("MARQUEE_BACKBONES", "none")] = Field(
        "", description="backbones beside the preset's, as `swin_t,clip_image,r2plus1d_18`"
    )
    devices: Annotated[str, Variable("MARQUEE_DEVICES", "the first GPU, else the CPU")] = Field(
        "", description="devices that embed: `cpu`, `cuda`, or `cuda:0,cuda:1`"
    )
    trainers: Annotated[
        str, Variable("MARQUEE_TRAINERS", "one per core, up to 8, where memory allows")
    ] = Field("", description="maximum number of parallel trainings; `1`: one after another")
    ray_gpus: Annotated[str, Variable("MARQUEE_RAY_GPUS", "they ask for a CPU alone")] = Field(
        "",
        description="on a Ray cluster, GPUs that a run asks for that embeds or trains; may be a "
        "fraction",
    )
    attributes: Annotated[str, Variable("MARQUEE_ATTRIBUTES", "the built-in list")] = Field(
        "", description="file of attributes for objects on posters, one a line"
    )
    frames: Annotated[
        str, Variable("MARQUEE_FRAMES", "keyframes on the preset `small`, else any")
    ] = Field(
        "",
        description="`keyframes` (drawn first, at a fraction of the cost), `any`, `distinct` "
        "(no repeats)",
    )
    sound: Annotated[str, Variable("MARQUEE_SOUND", "its first 30 s")] = Field(
        "", description="`whole` keeps the whole sound track"
    )
    weights: Annotated[str, Variable("MARQUEE_WEIGHTS", "`TORCH_HOME`, `HF_HOME`, the hubs")] = (
        Field("", description="folder with weights that you have")
    )
    studio: Annotated[str, Variable("MARQUEE_STUDIO", f"`{DEMO_STUDIO}`")] = Field(
        "", description="`generated:<seed>:<size>` or `folder:<path>`"
    )
    alerts_url: Annotated[
        str, Variable("MARQUEE_ALERTS_URL", "no alerts are sent", is_secret=True)
    ] = Field(
        "",
        description="webhook to which Dagster's daemon posts failures and a late crawl, such as "
        "Slack's",
        repr=False,
    )
    ui_url: Annotated[str, Variable("MARQUEE_UI_URL", "alerts without links")] = Field(
        "", description="address of Dagster's UI, to which alerts link"
    )
    log: Annotated[str, Variable("MARQUEE_LOG", "`text`")] = Field(
        "",
        description="`json`: log lines are JSON objects with time, level, film, asset and run",
    )
    page_url: Annotated[str, Variable("MARQUEE_PAGE_URL", f"`{PAGE_URL}`")] = Field(
        "", description="address of `marquee serve`, to which a film's events in Dagster link"
    )
    owners: Annotated[str, Variable("MARQUEE_OWNERS", "none")] = Field(
        "", description="owners of all assets, as `ada@example.org,team:films`"
    )
    tmdb_api_url: Annotated[str, Variable("TMDB_API_URL", TMDB_API_URL)] = Field(
        "", description="address of TMDB's API"
    )
    tmdb_image_url: Annotated[str, Variable("TMDB_IMAGE_URL", TMDB_IMAGE_URL)] = Field(
        "", description="address of TMDB's image host"
    )
    imdbpro_url: Annotated[str, Variable("IMDBPRO_URL", IMDBPRO_URL)] = Field(
        "", description="address of IMDbPro"
    )
    trailer_url_template: Annotated[
        str, Variable("TRAILER_URL_TEMPLATE", f"`{TRAILER_URL_TEMPLATE}`")
    ] = Field("", description="address of a trailer, with `{key}`")

    def movie_page(self, tmdb_id: int) -> str:
        """Return the address of a movie's page, which `marquee serve` shows."""
        return f"{(self.page_url or PAGE_URL).strip().rstrip('/')}/films/{tmdb_id}/page"

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
        values = [getattr(self, field).strip() for field in SECRETS]
        values.append(self.alerts_url.strip().partition("://")[2].partition("/")[2])
        if found := _PASSWORD.search(self.ledger):
            values += [found[1], unquote(found[1])]
        return tuple(secret for secret in values if secret)

    def number(self, field: str, default: float, *, may_be_zero: bool = False) -> float:
        """Return a setting that is a number above 0, or at least 0.

        Raises:
            ConfigurationError: It is not.
        """
        text = str(getattr(self, field)).strip()
        try:
            value = float(text) if text else default
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and (value > 0 or (may_be_zero and value == 0))):
            name, least = ENVIRONMENT[field], "of at least 0" if may_be_zero else "above 0"
            raise ConfigurationError(f"{name} must be a number {least}, got {text!r}.")
        return value


VARIABLES = {
    field: variable
    for field, info in Settings.model_fields.items()
    for variable in info.metadata
    if isinstance(variable, Variable)
}
"""How each setting is read from the environment."""

ENVIRONMENT = {field: variable.name for field, variable in VARIABLES.items()}
"""The environment variable of each setting."""

SECRETS = tuple(field for field, variable in VARIABLES.items() if variable.is_secret)
"""Settings that never reach a log, a message, metadata or a file."""

ENVIRONMENT_ONLY = tuple(f for f, info in Settings.model_fields.items() if not info.repr)
"""Settings that Dagster must not keep a copy of: the secrets, and the ledger's URL, which may hold
a password."""


_PREFIX = "MARQUEE_"


def check_variables(environment: Mapping[str, str]) -> None:
    """Check that no variable is a misspelt setting; warn of others that marquee does not know.

    Raises:
        ConfigurationError: One is spelt almost like a setting.
    """
    known = {name.removeprefix(_PREFIX): name for name in ENVIRONMENT.values()}
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or name in known.values():
            continue
        if near := get_close_matches(name.removeprefix(_PREFIX), known, n=1, cutoff=0.7):
            raise ConfigurationError(
                f"{name} is no setting of marquee. Did you mean {known[near[0]]}?"
            )
        _warn_once(name)


@cache
def _warn_once(name: str) -> None:
    LOG.warning("%s is no setting of marquee and is not read.", name)


def read_environment() -> Settings:
    """Read the settings of this process's environment.

    Raises:
        ConfigurationError: A variable is a misspelt setting.
    """
    check_variables(os.environ)
    return Settings(**{field: os.environ.get(name, "") for field, name in ENVIRONMENT.items()})


def choose_preset(name: str) -> Preset:
    """Return the preset by name, or the default.

    Raises:
        ConfigurationError: There is no preset of that name.
    """
    chosen = name or DEFAULT_PRESET
    if chosen not in PRESETS:
        raise ConfigurationError(
            f"MARQUEE_PRESET (--preset) is {chosen!r}; it must be one of {', '.join(PRESETS)}."
        )
    return PRESETS[chosen]
