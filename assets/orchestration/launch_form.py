"""What every launch form has in common: bounds that hold before a run exists, and what is shown.

Dagster's forms check types and enums; bounds it leaves to pydantic, inside the step. A schema of
here checks them where Dagster plans a run, so that a value out of bounds starts nothing. Dagster
resolves a schema there only where it is a "configured" one, and takes none for an asset: that is
set here alone, and `tests/graph/test_launch_form.py` fails should Dagster change.
"""

import inspect
from typing import Any

import dagster as dg
from dagster._config import EvaluateValueResult
from dagster._core.definitions.configurable import ConfigurableDefinition
from dagster._core.definitions.definition_config_schema import ConfiguredDefinitionConfigSchema
from pydantic import ValidationError

from pipeline.core.errors import ConfigurationError


class CheckedSchema(ConfiguredDefinitionConfigSchema):
    """The schema of a launch form, whose bounds are checked when a run is planned."""

    def __init__(self, parent: ConfigurableDefinition, name: str, form: type[dg.Config]):
        super().__init__(parent, parent.config_schema, lambda config: config)
        self._name, self._form = name, form

    def resolve_config(self, processed_config: Any) -> EvaluateValueResult:
        """Check the values of a form.

        Raises:
            ConfigurationError: A value is out of bounds; the message names all that are.
        """
        try:
            self._form(**(processed_config.get("config") or {}))
        except ValidationError as error:
            raise ConfigurationError(_describe(self._name, error)) from None
        return EvaluateValueResult.for_value(processed_config)


def _describe(name: str, error: ValidationError) -> str:
    faults = [
        f"{name}, {'.'.join(map(str, fault['loc']))}: "
        f"{fault['msg'].removeprefix('Value error, ')}; got {fault['input']!r}"
        for fault in error.errors(include_url=False)
    ]
    return "\n".join([*faults, "Correct it in the launch form."])


def check_at_launch(asset: dg.AssetsDefinition, form: type[dg.Config]) -> dg.AssetsDefinition:
    """Have the bounds of an asset's launch form checked before its run exists."""
    op = asset.op
    op._config_schema = CheckedSchema(op, op.name, form)
    return asset


def show_plainly(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Take a docstring's indentation out of a description; Markdown would show it as code."""
    return spec.replace_attributes(description=inspect.cleandoc(spec.description or ""))
