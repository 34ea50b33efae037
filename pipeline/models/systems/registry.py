"""The table of systems: a new system is a file beside this one and a row here."""

from pipeline.core.errors import ConfigurationError
from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.genre import GENRE
from pipeline.models.systems.poster import POSTER
from pipeline.models.systems.revenue import REVENUE
from pipeline.models.systems.score import SCORE
from pipeline.models.systems.system import System

SYSTEMS: tuple[System, ...] = (BOX_OFFICE, REVENUE, GENRE, POSTER, SCORE)


def find_system(name: str) -> System:
    """Return the system of a name.

    Raises:
        ConfigurationError: There is none.
    """
    known = {system.name: system for system in SYSTEMS}
    if name not in known:
        raise ConfigurationError(f"No system {name!r}; there are {', '.join(known)}.")
    return known[name]
