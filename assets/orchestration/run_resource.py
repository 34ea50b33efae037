"""The run context as a resource of Dagster's, and the settings that it is opened with."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg

from resources.run_context import RunContext, open_run_context
from resources.settings import ENVIRONMENT, ENVIRONMENT_ONLY, Settings, check_variables
from resources.storage.lock import exclusive


class RunContextResource(dg.ConfigurableResource, Settings):
    """Source, store and ledger of a run; its launch-config fields are the settings."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[RunContext]:
        """Open the run context for a run and close it at the end."""
        settings = Settings(**{field: getattr(self, field) for field in Settings.model_fields})
        with open_run_context(settings) as run_context, ExitStack() as stack:
            if context.run is not None and context.log is not None:  # a sensor only looks
                stack.enter_context(exclusive(run_context.store, notify=context.log.warning))
                if run_context.source.is_studio:
                    context.log.warning(f"Working on the {run_context.source.label}.")
            yield run_context


def settings_from_environment() -> dict[str, str]:
    """Return the settings that are set; secrets stay names until a run needs their values.

    Raises:
        ConfigurationError: A variable is a misspelt setting.
    """
    check_variables(os.environ)
    return {
        field: dg.EnvVar(name) if field in ENVIRONMENT_ONLY else os.environ[name]
        for field, name in ENVIRONMENT.items()
        if os.environ.get(name)
    }


def run_resources(**overrides: str) -> dict[str, RunContextResource]:
    """Return the resources of every job.

    Args:
        **overrides: Settings that replace those of the environment.
    """
    return {"run_context": RunContextResource(**{**settings_from_environment(), **overrides})}
