"""The table of parsers; each is loaded when asked for, and one that is not there is named."""

from collections.abc import Callable, Mapping

import parsers_dumps
import parsers_media
import parsers_tmdb
import parsers_web
from fuzzing import Parser

LOADERS: Mapping[str, Callable[[str], Parser]] = {
    **parsers_tmdb.LOADERS,
    **parsers_web.LOADERS,
    **parsers_media.LOADERS,
    **parsers_dumps.LOADERS,
}


def load_parsers() -> tuple[dict[str, Parser], dict[str, str]]:
    """Load all; give those that are there, and why the others are not."""
    found, missing = {}, {}
    for name, load in LOADERS.items():
        try:
            found[name] = load(name)
        except (ImportError, AttributeError) as error:
            missing[name] = str(error)
    return found, missing
