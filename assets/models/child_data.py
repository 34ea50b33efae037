"""What a process that trains opens for itself: the store again, and a system's data."""

from functools import lru_cache

from assets.models.experiment_data import ExperimentData, open_experiment_data
from pipeline.core.presets import Preset
from pipeline.models.systems.system import System
from resources.run_context import RunContext, open_again
from resources.settings import SECRETS, Settings
from resources.sources.source import Source

Place = tuple[Settings, Source, Preset]
"""What opens a run's context again; without keys, which no training needs."""


def place_of(run_context: RunContext) -> Place:
    """Return what a child process opens a run's context with."""
    changes = {"store": str(run_context.store.root), **dict.fromkeys(SECRETS, "")}
    settings = run_context.settings.model_copy(update=changes)
    return settings, run_context.source, run_context.preset


@lru_cache(maxsize=1)
def open_place(place: Place) -> RunContext:
    """Open the context in this process, once."""
    return open_again(*place)


@lru_cache(maxsize=1)
def open_data(place: Place, system: System) -> ExperimentData:
    """Open a system's data in this process; the latest is kept."""
    return open_experiment_data(open_place(place), system)
