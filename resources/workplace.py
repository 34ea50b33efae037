"""The place where a run works: its source, store, ledger and clients, opened together.

What belongs here: which source is read, the guard that two sources never mix, and the opening and
closing of everything. What does not: what is done with it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.systems import Preset
from resources.settings import (
    DEMO_STUDIO,
    IMDBPRO_URL,
    REQUESTS_PER_S,
    TMDB_API_URL,
    TMDB_IMAGE_URL,
    TRAILER_URL_TEMPLATE,
    Settings,
    choose_preset,
)
from resources.store import Store

LOG = logging.getLogger("marquee")


@dataclass(frozen=True)
class Source:
    """Where the movies come from.

    Attributes:
        name: Mark that the store and Dagster's home carry; two names never mix.
        label: What reports say.
        is_studio: Whether it is the built-in studio: then random weights are allowed.
        about: What the studio says of itself.
    """

    name: str
    label: str
    is_studio: bool
    about: dict = field(default_factory=dict)


@dataclass
class Workplace:
    """Everything a step touches; made by `open_workplace`.

    Attributes:
        settings: Settings with every address filled in.
        source: Where the movies come from.
        store: Files.
        ledger: Rows.
        preset: Which backbones and how long heads train.
        closing: Closes the clients that were opened.
        clock: Seconds since the epoch.
    """

    settings: Settings
    source: Source
    store: Store
    ledger: object
    preset: Preset
    closing: ExitStack = field(default_factory=ExitStack)
    clock: Callable[[], float] = time.time

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown."""
        given = (self.settings.tmdb_api_key, self.settings.imdbpro_cookie)
        return tuple(secret for secret in given if secret)

    @property
    def weights_folder(self) -> Path | None:
        """Folder with weights that the user has, or None."""
        return Path(self.settings.weights) if self.settings.weights else None

    @cached_property
    def tmdb(self):
        """The TMDB client."""
        from resources.http import HttpClient
        from resources.tmdb import Tmdb

        wanted = self.settings.number("requests_per_s", REQUESTS_PER_S)
        rate = wanted if self.settings.requests_per_s or not self.source.is_studio else None
        http = HttpClient(self.settings.tmdb_api_url, rate_per_s=rate, secrets=self.secrets)
        self.closing.callback(http.close)
        return Tmdb(http, self.settings.tmdb_api_key)

    @cached_property
    def images(self):
        """The host of posters."""
        from resources.http import HttpClient
        from resources.images import ImageHost

        http = HttpClient(self.settings.tmdb_image_url, secrets=self.secrets)
        self.closing.callback(http.close)
        return ImageHost(http)

    @cached_property
    def imdbpro(self):
        """The IMDbPro client, or None where no cookie is configured."""
        if not self.settings.imdbpro_cookie:
            return None
        from resources.imdbpro import NOTICE, open_imdbpro

        if not self.source.is_studio:
            LOG.warning(NOTICE)
        client = open_imdbpro(self.settings.imdbpro_url, self.settings.imdbpro_cookie)
        self.closing.callback(client.close)
        return client

    @cached_property
    def trailers(self):
        """The host of trailers."""
        from resources.youtube import TrailerHost

        host = TrailerHost(self.settings.trailer_url_template)
        self.closing.callback(host.close)
        return host


@contextmanager
def open_workplace(settings: Settings) -> Iterator[Workplace]:
    """Open the source, the store and the ledger; close them at the end.

    Without a TMDB key, and without an address that says otherwise, the built-in studio is the
    source: the one that `marquee studio` runs where it is up and shows the same films, else one
    that is started for as long as the workplace is open.

    Raises:
        ConfigurationError: A setting is missing or wrong.
        StoreError: The store cannot be used, or was filled from another source.
    """
    from resources.ledger import Ledger

    with ExitStack() as stack:
        if settings.source_kind == "studio" and not settings.tmdb_api_url:
            settings, source = stack.enter_context(_studio(settings))
        else:
            settings = _with_addresses(settings)
            source = _tell_source(settings)
        store = Store(settings.store or f"store/{'studio' if source.is_studio else 'tmdb'}")
        store.claim(source.name)
        ledger = Ledger(settings.ledger or _ledger_in(store))
        stack.callback(ledger.close)
        preset = choose_preset(settings.preset, is_studio=source.is_studio)
        closing = stack.enter_context(ExitStack())
        yield Workplace(settings, source, store, ledger, preset, closing)


def _ledger_in(store: Store) -> str:
    if not store.is_local:
        raise ConfigurationError(
            f"The store {store.root} is not a local folder, so MARQUEE_LEDGER must name a database "
            "(sqlite:///path or postgresql+psycopg2://…)."
        )
    return f"sqlite:///{Path(str(store.root)).absolute()}/ledger.sqlite"


def _with_addresses(settings: Settings) -> Settings:
    if not settings.tmdb_api_key:
        raise ConfigurationError(
            "TMDB_API_URL is set but TMDB_API_KEY is not. Set the key (v3 key or v4 token, free at "
            "themoviedb.org under account settings, API), or unset the address to use the studio."
        )
    return replace(
        settings,
        tmdb_api_url=settings.tmdb_api_url or TMDB_API_URL,
        tmdb_image_url=settings.tmdb_image_url or TMDB_IMAGE_URL,
        imdbpro_url=settings.imdbpro_url or IMDBPRO_URL,
        trailer_url_template=settings.trailer_url_template or TRAILER_URL_TEMPLATE,
    )


def _tell_source(settings: Settings) -> Source:
    """Ask an address on loopback whether it is a studio; every other one is the real TMDB."""
    from urllib.parse import urlsplit

    from resources.studio.running import ask_about

    parts = urlsplit(settings.tmdb_api_url)
    if parts.hostname in ("127.0.0.1", "localhost", "::1"):
        about = ask_about(f"{parts.scheme}://{parts.netloc}")
        if about:
            return _studio_source(about)
    return Source("tmdb", f"TMDB ({settings.tmdb_api_url})", is_studio=False)


def _studio_source(about: dict) -> Source:
    from resources.studio.opening import label

    return Source(f"studio {about['fingerprint']}", label(about), True, about)


@contextmanager
def _studio(settings: Settings) -> Iterator[tuple[Settings, Source]]:
    from resources.studio.opening import announcement, open_catalogue
    from resources.studio.running import find_or_start

    catalogue = open_catalogue(settings.studio or DEMO_STUDIO)
    with find_or_start(lambda: catalogue, announced=announcement(catalogue)) as studio:
        source = _studio_source(catalogue.about())
        LOG.warning("No TMDB_API_KEY is set: working on the %s.", source.label)
        yield (
            replace(
                settings,
                tmdb_api_url=studio.urls["TMDB_API_URL"],
                tmdb_image_url=studio.urls["TMDB_IMAGE_URL"],
                imdbpro_url=studio.urls["IMDBPRO_URL"],
                trailer_url_template=studio.urls["TRAILER_URL_TEMPLATE"],
                tmdb_api_key=studio.urls["TMDB_API_KEY"],
                imdbpro_cookie=studio.urls["IMDBPRO_COOKIE"],
            ),
            source,
        )
