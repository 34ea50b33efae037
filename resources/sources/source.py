"""The source of the movies, and where a run would read and write by the settings alone."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline.core.errors import ConfigurationError
from resources.settings import (
    DEMO_STUDIO,
    IMDBPRO_URL,
    TMDB_API_URL,
    TMDB_IMAGE_URL,
    TRAILER_URL_TEMPLATE,
    Settings,
)


@dataclass(frozen=True)
class Source:
    """Where the movies come from.

    Attributes:
        name: Mark of the store and of Dagster's home; two names never mix.
        label: Its name in reports.
        is_studio: Whether it is the built-in studio.
        is_imports: Whether it is imported dumps: then nothing is requested of TMDB.
        about: The studio's description of itself.
    """

    name: str
    label: str
    is_studio: bool
    about: dict = field(default_factory=dict, hash=False)
    is_imports: bool = False

    @property
    def terms_id(self) -> str:
        """The source's id among the terms (`pipeline.core.terms.TERMS`); "" for imported dumps,
        each of which has terms of its own.
        """
        if self.is_imports:
            return ""
        if self.is_studio:
            return "studio-folder" if self.about.get("kind") == "folder" else "studio"
        return "tmdb"


def resolve_location(settings: Settings) -> tuple[Settings, Source, str]:
    """Return where a run would work: settings, source and the store's root; nothing is opened."""
    if settings.source_kind == "studio" and not settings.tmdb_api_url:
        from resources.studio.opening import open_catalogue

        source = studio_source(open_catalogue(settings.studio or DEMO_STUDIO).about())
    else:
        settings = fill_addresses(settings)
        source = detect_source(settings)
    return settings, source, store_root(settings, source)


def store_root(settings: Settings, source: Source) -> str:
    """Return the root of the store: the one that is set, else a folder of the source's own."""
    folder = "imports" if source.is_imports else "studio" if source.is_studio else "tmdb"
    return settings.store or f"store/{folder}"


def fill_addresses(settings: Settings) -> Settings:
    """Fill in the addresses that are not set.

    Raises:
        ConfigurationError: TMDB is the source and there is no key.
    """
    if settings.source_kind == "tmdb" and not settings.tmdb_api_key:
        raise ConfigurationError(
            "TMDB is the source but TMDB_API_KEY is not set. Set the key (v3 key or v4 token, free "
            "at themoviedb.org under account settings, API), or unset TMDB_API_URL and "
            "MARQUEE_SOURCE to use the studio."
        )
    known = {
        "tmdb_api_url": TMDB_API_URL,
        "tmdb_image_url": TMDB_IMAGE_URL,
        "imdbpro_url": IMDBPRO_URL,
        "trailer_url_template": TRAILER_URL_TEMPLATE,
    }
    unset = {field: url for field, url in known.items() if not getattr(settings, field)}
    return settings.model_copy(update=unset)


def detect_source(settings: Settings) -> Source:
    """Return the source; an address on loopback may be a studio, every other one is TMDB."""
    if settings.source_kind == "imports":
        return Source("imports", "public dumps that were imported", False, is_imports=True)
    from resources.studio.access import ask_about

    parts = urlsplit(settings.tmdb_api_url)
    if parts.hostname in ("127.0.0.1", "localhost", "::1"):
        about = ask_about(f"{parts.scheme}://{parts.netloc}")
        if about:
            return studio_source(about)
    return Source("tmdb", f"TMDB ({settings.tmdb_api_url})", is_studio=False)


def studio_source(about: dict) -> Source:
    """Return the source of a studio, from its description of itself."""
    from resources.studio.access import label

    return Source(f"studio {about['fingerprint']}", label(about), True, about)
