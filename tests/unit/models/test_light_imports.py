"""Predicting loads nothing that only training needs."""

import subprocess
import sys


def test_predictor_is_imported_without_lightning():
    code = "import sys, assets.predict.predictor; print(*sorted({'lightning'} & set(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == ""
