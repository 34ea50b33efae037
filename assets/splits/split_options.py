"""The options of a system's targets, stored beside its splits."""

import json
from dataclasses import asdict, replace
from typing import Any, Literal

import dagster as dg
from pydantic import Field, field_validator

from pipeline.core.tasks import BUDGET_MULTIPLES, MIN_VOTES, TargetOptions
from pipeline.models.systems.system import System
from resources.run_context import RunContext

OPTIONS_FILE = "options.json"
LAST = "as at the last time"
LAST_NUMBER = -1
_UNSET = "at first"


class SplitConfig(dg.Config):
    """The launch form of a system's splits; as shown, they stay as they were last made."""

    revenue_edges: Literal["as at the last time", "quantile", "budget"] = Field(
        LAST,
        description="`quantile`: revenue classes of equal size in the training set; `budget`: cut "
        f"at multiples of the movie's own budget. `{LAST}`: {_UNSET}, `quantile`.",
    )
    budget_multiples: list[float] = Field(
        [], description=f"Those multiples, seven that rise. Empty: {LAST}; {_UNSET}, 0.25 to 8."
    )
    min_votes: int = Field(
        LAST_NUMBER,
        ge=LAST_NUMBER,
        description=f"Scores of fewer votes are excluded. {LAST_NUMBER}: {LAST}; {_UNSET}, "
        f"{MIN_VOTES}.",
    )

    @field_validator("budget_multiples")
    @classmethod
    def _check_rising(cls, multiples: list[float]) -> list[float]:
        if multiples and (
            len(multiples) != len(BUDGET_MULTIPLES)
            or sorted({*multiples, 0.0}) != [0.0, *multiples]
        ):
            raise ValueError("must be seven numbers above 0 that rise")
        return multiples

    def chosen(self) -> dict[str, Any]:
        """Return the options that were chosen."""
        shown = {name: field.default for name, field in type(self).model_fields.items()}
        return {name: value for name, value in self.model_dump().items() if value != shown[name]}


def load_options(run_context: RunContext, system: System) -> TargetOptions:
    """Return the options that a system's splits were made with; the published ones before any."""
    store = run_context.store
    path = store.path("splits", system.name, OPTIONS_FILE)
    if not path.exists():
        return TargetOptions()
    kept = store.read_json(path)
    return TargetOptions(**{**kept, "budget_multiples": tuple(kept["budget_multiples"])})


def choose_options(run_context: RunContext, system: System, config: SplitConfig) -> TargetOptions:
    """Return the options of a launch form, on top of the last ones."""
    given = config.chosen()
    if "budget_multiples" in given:
        given["budget_multiples"] = tuple(given["budget_multiples"])
    return replace(load_options(run_context, system), **given)


def write_options(run_context: RunContext, system: System, options: TargetOptions) -> None:
    """Write options beside the splits."""
    path = run_context.store.path("splits", system.name, OPTIONS_FILE)
    run_context.store.write(path, json.dumps(asdict(options)).encode())
