"""The rows of the registry: complete, and light to load."""

import subprocess
import sys

import pytest

from pipeline.models.systems.registry import SYSTEMS

HEAVY = ("torch", "pandas", "sklearn", "lightning")


def test_loading_the_registry_imports_nothing_heavy():
    code = f"import sys, pipeline.models.systems.registry as _; print([m for m in {HEAVY} if m in sys.modules])"  # noqa: E501
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_row_is_complete(system):
    estimators = system.estimators()
    assert next(iter(estimators)) == system.main_variant
    assert set(system.variants("small")) <= set(estimators) == set(system.variants("published"))
    for estimator in estimators.values():
        assert estimator.reads
    if system.pretrained_estimators:
        assert set(system.pretrained_estimators()) <= set(estimators)
    for task in system.tasks:
        assert task.rule is not None
        assert task.noise_ceiling is not None
