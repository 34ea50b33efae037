"""The run context as a resource of Dagster's, the settings that it is opened with, and the few of
them that a run may change.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Literal

import dagster as dg
from pydantic import Field, create_model

from assets.orchestration.launch_form import CheckedSchema
from assets.orchestration.store_wait import hold_store
from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import PRESETS
from resources.run_context import RunContext, open_run_context
from resources.settings import (
    ENVIRONMENT,
    ENVIRONMENT_ONLY,
    REQUESTS_PER_S,
    Settings,
    check_variables,
    choose_preset,
)

AUTOMATIC = "auto"
_DEVICES = r"^(auto|cpu|cuda(:\d+)?)(,\s*(cpu|cuda(:\d+)?))*$"


def run_form(settings: Settings) -> type[dg.Config]:
    """Return the launch form of the run context: what a run may change, as it is without.

    Places, addresses and secrets are not in it: they belong to the environment.

    Raises:
        ConfigurationError: A setting of the environment is wrong.
    """
    kind = settings.source_kind
    preset = choose_preset(settings.preset).name
    fields: dict[str, Any] = {
        "preset": (
            Literal[tuple(PRESETS)],
            Field(preset, description="Which backbones embed; another one recomputes what it has."),
        ),
        "devices": (
            str,
            Field(
                settings.devices or AUTOMATIC,
                pattern=_DEVICES,
                description="Devices that embed: `cpu`, `cuda`, or `cuda:0,cuda:1`; `auto`: the "
                "first GPU, else the CPU.",
            ),
        ),
        "trainers": (
            int,
            Field(
                int(settings.number("trainers", 1)) if settings.trainers else 0,
                ge=0,
                le=256,
                description="Maximum number of parallel trainings; 0: one per core, up to 8, "
                "where memory allows.",
            ),
        ),
    }
    if kind == "tmdb":
        rate = settings.number("requests_per_s", REQUESTS_PER_S)
        described = "TMDB's rate limit, in requests per second."
        fields["requests_per_s"] = (float, Field(rate, gt=0, le=1000, description=described))
    return create_model("RunForm", __base__=dg.Config, **fields)


def _changes(form: type[dg.Config], chosen: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that differ from the form as it is shown; only these replace others."""
    shown = {name: field.default for name, field in form.model_fields.items()}
    changed = {name: value for name, value in chosen.items() if value != shown[name]}
    unset = {"devices": AUTOMATIC, "trainers": 0}
    return {name: "" if value == unset.get(name) else str(value) for name, value in changed.items()}


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


def resolve(setting: str) -> str:
    """Return a setting's value, that of a secret from the environment.

    Raises:
        ConfigurationError: The environment no longer has it.
    """
    if not isinstance(setting, dg.EnvVar):
        return setting
    if value := setting.get_value():
        return value
    raise ConfigurationError(
        f"{setting.env_var_name} is no longer set. Set it, or restart Dagster without it."
    )


def run_resources(**overrides: str) -> dict[str, dg.ResourceDefinition]:
    """Return the resources of every job.

    Args:
        **overrides: Settings that replace those of the environment.

    Raises:
        ConfigurationError: A setting of the environment is wrong.
    """
    settings = {**settings_from_environment(), **overrides}
    form = run_form(Settings(**settings))

    def open_for_run(context: dg.InitResourceContext) -> Iterator[RunContext]:
        """Open the run context for a run and close it at the end."""
        given = {name: resolve(value) for name, value in settings.items()}
        chosen = Settings(**{**given, **_changes(form, context.resource_config)})
        with open_run_context(chosen) as run_context, ExitStack() as stack:
            if context.run is not None and context.log is not None:  # a sensor only looks
                stack.enter_context(hold_store(context, run_context))
                if run_context.source.is_studio:
                    context.log.warning(f"Working on the {run_context.source.label}.")
            yield run_context

    description = "Source, store and ledger of a run. Other settings stand in the environment."
    plain = dg.ResourceDefinition(open_for_run, form.to_config_schema(), description)
    checked = CheckedSchema(plain, "run_context", form)
    return {"run_context": dg.ResourceDefinition(open_for_run, checked, description)}
