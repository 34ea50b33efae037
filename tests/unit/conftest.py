"""How many examples a property is tried on: a few, the same every time, or many new ones.

Without the slow tests, a failure must come from the change at hand; with them, at night, chance may
find what is new. No example has a time limit: a busy machine is no fault.
"""

import pytest
from hypothesis import settings

settings.register_profile("few", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("many", max_examples=600, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("few" if "not slow" in (config.getoption("markexpr") or "") else "many")
