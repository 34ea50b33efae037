"""Predicting and serving load nothing that only training, reports or other networks need."""

import subprocess
import sys

import pytest

HEAVY = {"lightning", "matplotlib", "torchvision", "transformers"}
"""A second or more each, with what they load."""


@pytest.mark.parametrize("module", ["assets.predict.predictor", "assets.serve.app"])
def test_predictor_is_imported_without_what_only_others_need(module):
    code = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == ""
