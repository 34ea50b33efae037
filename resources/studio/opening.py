"""Opens the catalogue that a setting names, and serves it until stopped."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

from pipeline.core.errors import ConfigurationError
from resources.studio.access import label
from resources.studio.catalogue.catalogue import Catalogue
from resources.studio.catalogue.folder import FolderCatalogue
from resources.studio.catalogue.generated import GeneratedCatalogue


def open_catalogue(spelling: str) -> Catalogue:
    """Open a catalogue.

    Args:
        spelling: `generated:<seed>:<size>` or `folder:<path>`.

    Raises:
        ConfigurationError: It is spelt otherwise, or the folder is none.
    """
    kind, _, rest = spelling.partition(":")
    if kind == "folder" and rest:
        return FolderCatalogue(Path(rest))
    seed, _, size = rest.partition(":")
    if kind == "generated" and seed.isdigit() and size.isdigit() and int(size) > 0:
        return GeneratedCatalogue(int(size), int(seed), trailer_cache())
    raise ConfigurationError(
        f"MARQUEE_STUDIO (--catalogue) is {spelling!r}; it must be `generated:<seed>:<size>`, such "
        "as generated:7:400, or `folder:<path>`."
    )


def trailer_cache() -> Path:
    """Return this user's folder of encoded trailers; any number of studios may share it."""
    folder = Path(gettempdir()) / f"marquee-studio-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def announcement(catalogue: Catalogue) -> Path:
    """Return the file in which a studio that serves until stopped says where it is."""
    return trailer_cache() / f"{catalogue.about()['fingerprint']}.url"


def serve_until_stopped(spelling: str, *, port: int, say: Callable[[str], None]) -> None:
    """Serve a catalogue until the process is interrupted."""
    from resources.studio.servers.running import start_studio

    catalogue = open_catalogue(spelling)
    with start_studio(catalogue, port=port, announce=announcement(catalogue)) as studio:
        say(f"The {label(catalogue.about())} is at {studio.url}; Ctrl-C stops it. To use it:\n")
        for name, value in studio.urls.items():
            say(f"export {name}='{value}'")
        threading.Event().wait()
