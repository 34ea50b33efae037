"""The figures of the launch forms are those that hold.

`uv run python tests/unit/models/test_hyperparameters.py` writes them after a system has changed.
"""

import json

import pytest

from assets.models.hyperparameters import FIGURES_FILE, config_of, list_figures, read_figures
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.revenue import REVENUE


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_figures_of_the_form_are_those_of_the_estimators(system):
    assert read_figures()[system.name] == list_figures(system), f"write it: {__doc__}"


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_form_left_as_shown_changes_nothing(system):
    form = config_of(system)
    assert all(field.default is not None for field in form.model_fields.values())
    as_shown = form(**{name: field.default for name, field in form.model_fields.items()})
    assert as_shown.overridden() == form().overridden() == {}
    assert as_shown.chosen_variants() == form().chosen_variants() == []


def test_what_differs_from_the_form_is_for_every_variant():
    form = config_of(REVENUE)(max_epochs=3, variants=["blend, cut into classes"])
    assert form.overridden() == {"max_epochs": 3}
    assert form.chosen_variants() == ["blend, cut into classes"]


if __name__ == "__main__":
    figures = {system.name: list_figures(system) for system in SYSTEMS}
    FIGURES_FILE.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
