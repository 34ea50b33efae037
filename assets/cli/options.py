"""What the commands share: consoles, common options, settings."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from resources.settings import Settings

console = Console()
errors = Console(stderr=True)

Preset = Annotated[
    str, typer.Option(help="`small` (light backbones) or `published` (the papers' own).")
]
Films = Annotated[str, typer.Option(help="TMDB ids, comma-separated; default: all.")]


def settings_of(preset: str = "") -> "Settings":
    """Return the settings of the environment, with this preset where one is given."""
    from resources.settings import read_environment

    settings = read_environment()
    return settings.model_copy(update={"preset": preset}) if preset else settings


def ids_of(films: str) -> tuple[int, ...] | None:
    """Read a list of TMDB ids; None where there is none."""
    if not films:
        return None
    parts = [part.strip() for part in films.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise typer.BadParameter(f"TMDB ids are numbers, separated by commas; got {films!r}.")
    return tuple(map(int, parts))
