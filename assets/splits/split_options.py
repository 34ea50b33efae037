"""The options of a system's targets, stored beside its splits."""

import json
from dataclasses import asdict, replace

import dagster as dg
from pydantic import Field

from pipeline.core.errors import ConfigurationError
from pipeline.core.tasks import TargetOptions
from pipeline.models.systems.system import System
from resources.run_context import RunContext

OPTIONS_FILE = "options.json"
EDGES = ("quantile", "budget")
UNSET = "None: as at the last time, at first"


class SplitConfig(dg.Config):
    """Options of targets; one that is left alone stays as these splits were last made with it."""

    revenue_edges: str | None = Field(
        None,
        description="`quantile`: revenue classes of equal size in the training set; `budget`: "
        f"cut at multiples of the movie's own budget. {UNSET} `quantile`.",
    )
    budget_multiples: list[float] | None = Field(
        None, description=f"Those multiples, seven that rise. {UNSET} 0.25 to 8."
    )
    min_votes: int | None = Field(
        None, description=f"Scores of fewer votes are excluded. {UNSET} the published number."
    )


def load_options(run_context: RunContext, system: System) -> TargetOptions:
    """Return the options that a system's splits were made with; the published ones before any."""
    store = run_context.store
    path = store.path("splits", system.name, OPTIONS_FILE)
    if not path.exists():
        return TargetOptions()
    kept = store.read_json(path)
    return TargetOptions(**{**kept, "budget_multiples": tuple(kept["budget_multiples"])})


def choose_options(run_context: RunContext, system: System, config: SplitConfig) -> TargetOptions:
    """Return the options of a launch config, on top of the last ones.

    Raises:
        ConfigurationError: There are no such edges, or multiples do not rise.
    """
    given = config.model_dump(exclude_none=True)
    if "budget_multiples" in given:
        given["budget_multiples"] = tuple(given["budget_multiples"])
    options = replace(load_options(run_context, system), **given)
    if options.revenue_edges not in EDGES:
        raise ConfigurationError(
            f"revenue_edges is {options.revenue_edges!r}; it must be one of {', '.join(EDGES)}."
        )
    multiples = options.budget_multiples
    if len(multiples) != 7 or sorted({*multiples, 0.0}) != [0.0, *multiples]:
        raise ConfigurationError(
            f"budget_multiples must be seven numbers above 0 that rise, got {list(multiples)}."
        )
    return options


def write_options(run_context: RunContext, system: System, options: TargetOptions) -> None:
    """Write options beside the splits."""
    path = run_context.store.path("splits", system.name, OPTIONS_FILE)
    run_context.store.write(path, json.dumps(asdict(options)).encode())
