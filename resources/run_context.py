"""The place where a run works: its source, store, ledger and clients, opened together."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.core.errors import ConfigurationError, StoreError
from pipeline.core.presets import Preset
from pipeline.embeddings.backbones import Modality
from resources.compute.chosen_backbones import choose_backbones
from resources.http.redaction import keep_secret
from resources.settings import (
    DEMO_STUDIO,
    ENVIRONMENT,
    REQUESTS_PER_S,
    TMDB_IMAGE_URL,
    Settings,
    choose_preset,
)
from resources.sources.source import (
    Source,
    detect_source,
    fill_addresses,
    resolve_location,
    store_root,
    studio_source,
)
from resources.storage.drivers import URL_FORMS
from resources.storage.lease_names import INDEX
from resources.storage.lock import holding
from resources.storage.store import Store

if TYPE_CHECKING:  # SQLAlchemy takes a third of a second, and loading definitions opens no ledger
    from resources.storage.ledger import Ledger

LOG = logging.getLogger("marquee")


@dataclass
class RunContext:
    """Everything a step touches; made by `open_run_context`.

    Attributes:
        settings: Settings with every address filled in.
        source: Where the movies come from.
        store: Files.
        ledger: Rows.
        preset: Which backbones, and of how much they embed.
        closing: Closes the clients that were opened.
        clock: Seconds since the epoch.
    """

    settings: Settings
    source: Source
    store: Store
    ledger: "Ledger"
    preset: Preset
    closing: ExitStack = field(default_factory=ExitStack)
    clock: Callable[[], float] = time.time

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown."""
        return self.settings.secrets

    @property
    def weights_folder(self) -> Path | None:
        """Folder with weights that the user has, or None."""
        return Path(self.settings.weights) if self.settings.weights else None

    @cached_property
    def backbones(self) -> Mapping[Modality, tuple[str, ...]]:
        """Names of the chosen backbones by modality, the preset's first."""
        return choose_backbones(self.preset, self.settings.backbones)

    @cached_property
    def imports(self):
        """The imported rows of public dumps."""
        from resources.sources.imported_dumps import ImportedDumps

        return ImportedDumps(self.store)

    @cached_property
    def tmdb(self):
        """The TMDB client."""
        if self.source.is_imports:
            raise ConfigurationError("TMDB is needed, but MARQUEE_SOURCE is imports.")
        from resources.http.client import HttpClient
        from resources.sources.tmdb import Tmdb

        wanted = self.settings.number("requests_per_s", REQUESTS_PER_S)
        rate = wanted if self.settings.requests_per_s or not self.source.is_studio else None
        http = HttpClient(
            self.settings.tmdb_api_url,
            rate_per_s=rate,
            turns=self._turns_of(self.settings.tmdb_api_url),
            secrets=self.secrets,
            may_reject_items=False,
        )
        self.closing.callback(http.close)
        return Tmdb(http, self.settings.tmdb_api_key)

    def _turns_of(self, url: str):
        """Return the turns of a host's rate limit, which all who share the ledger share."""
        return self.ledger.turns(urlsplit(url).netloc)

    @cached_property
    def images(self):
        """The host of posters; its address and sizes are requested from TMDB once."""
        from resources.http.client import HttpClient
        from resources.sources.image_host import ImageHost, find_image_host

        ask = None if self.source.is_imports else lambda: self.tmdb.configuration()
        is_unset = self.settings.tmdb_image_url == TMDB_IMAGE_URL
        url, sizes = find_image_host(self.settings.tmdb_image_url, ask, may_move=is_unset)
        http = HttpClient(url, secrets=self.secrets)
        self.closing.callback(http.close)
        return ImageHost(http, sizes)

    @cached_property
    def imdbpro(self):
        """The IMDbPro client, or None where no cookie is configured."""
        if not self.settings.imdbpro_cookie:
            return None
        from resources.sources.imdbpro import NOTICE, open_imdbpro

        if not self.source.is_studio:
            LOG.warning(NOTICE)
        url = self.settings.imdbpro_url
        client = open_imdbpro(url, self.settings.imdbpro_cookie, turns=self._turns_of(url))
        self.closing.callback(client.close)
        return client

    @cached_property
    def decoders(self):
        """The processes that decode video and sound; none is started before it is needed."""
        from resources.compute.decoding import Decoders

        decoders = Decoders()
        self.closing.callback(decoders.close)
        return decoders

    @cached_property
    def workers(self):
        """The processes that train; none is started before it is needed."""
        from resources.compute.workers import Workers

        most = int(self.settings.number("trainers", 1)) if self.settings.trainers else None
        workers = Workers(most)
        self.closing.callback(workers.close)
        return workers

    @cached_property
    def trailers(self):
        """The user's own trailers, and the trailer host."""
        from resources.trailers.trailer_sources import open_sources

        sources = open_sources(self.settings, self.ledger, self.clock, self.ledger.turns)
        self.closing.callback(sources.close)
        return sources


@contextmanager
def open_run_context(settings: Settings) -> Iterator[RunContext]:
    """Open the source, the store and the ledger; close them at the end.

    Without a TMDB key, and without an address that says otherwise, the built-in studio is the
    source: the one that `marquee studio` runs where it is up and shows the same films, else one
    that is started for as long as the run context is open.

    Raises:
        ConfigurationError: A setting is missing or wrong.
        StoreError: The store cannot be used, or was filled from another source.
    """
    keep_secret(*settings.secrets)
    with ExitStack() as stack:
        if settings.source_kind == "studio" and not settings.tmdb_api_url:
            settings, source = stack.enter_context(_studio(settings))
        else:
            settings = fill_addresses(settings)
            source = detect_source(settings)
        yield _open(settings, source, stack)


@contextmanager
def open_stored(settings: Settings) -> Iterator[RunContext]:
    """Open the store and the ledger for a command that asks no source; no studio is started, and
    no store is made.

    Raises:
        ConfigurationError: As `open_run_context`.
        StoreError: As `open_run_context`, and where there is no store yet.
    """
    keep_secret(*settings.secrets)
    settings, source, _ = resolve_location(settings)
    root = store_root(settings, source)
    if not Store.is_at(root):
        raise StoreError(
            f"There is no store at {root} yet (MARQUEE_STORE). `uv run marquee build` makes one, "
            "and so does `uv run marquee import`."
        )
    with ExitStack() as stack:
        yield _open(settings, source, stack)


def _open(settings: Settings, source: Source, stack: ExitStack) -> RunContext:
    store = Store(store_root(settings, source))
    store.claim(source.name)
    ledger = open_ledger(settings, store)
    stack.callback(ledger.close)
    ledger.check_finished()
    preset = choose_preset(settings.preset)
    return RunContext(settings, source, store, ledger, preset, stack.enter_context(ExitStack()))


def _locks_in(store: Store) -> Path | None:
    return Path(str(store.root)).absolute() / ".runs" if store.is_local else None


def open_again(settings: Settings, source: Source, preset: Preset) -> RunContext:
    """Open store and ledger in another process of a run whose own context is open.

    No source is asked and no studio started, and it needs no lock: the run holds it.
    """
    store = Store(store_root(settings, source), pulls=False)
    return RunContext(settings, source, store, open_ledger(settings, store), preset)


def open_ledger(settings: Settings, store: Store) -> "Ledger":
    """Open the ledger that is set, else the one in the store.

    Raises:
        ConfigurationError: None is set, and the store is no folder; or see `Ledger`.
        StoreError: It cannot be opened.
    """
    from resources.storage.ledger import Ledger
    from resources.storage.ledger_database import sqlite_url

    ledger = Ledger(settings.ledger or sqlite_url(_ledger_in(store)), _locks_in(store))
    store.guard = lambda: holding(INDEX, store, ledger)
    return ledger


def _ledger_in(store: Store) -> Path:
    if not store.is_local:
        raise ConfigurationError(
            f"The store {store.root} is not a local folder, so MARQUEE_LEDGER must name a database "
            f"({URL_FORMS})."
        )
    return Path(str(store.root)).absolute() / "ledger.sqlite"


@contextmanager
def _studio(settings: Settings) -> Iterator[tuple[Settings, Source]]:
    from resources.studio.opening import announcement, open_catalogue
    from resources.studio.servers.running import find_or_start

    catalogue = open_catalogue(settings.studio or DEMO_STUDIO)
    with find_or_start(lambda: catalogue, announced=announcement(catalogue)) as studio:
        source = studio_source(catalogue.about())
        LOG.warning("No TMDB_API_KEY is set: working on the %s.", source.label)
        given = {field: studio.urls[name] for field, name in ENVIRONMENT.items()
                 if name in studio.urls}  # fmt: skip
        yield settings.model_copy(update=given), source
