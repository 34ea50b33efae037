"""The server answers as its OpenAPI description says, whatever schemathesis sends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from served import served
from shapes import WHOLE
from sites import opened_site

HOOKS = Path(__file__).parents[1] / "support" / "posters_for_schemathesis.py"


@pytest.mark.slow
def test_schemathesis_finds_nothing(shared_sites, tmp_path):
    shared_sites.copy(WHOLE, tmp_path / "site")
    with opened_site(tmp_path / "site", WHOLE.size, WHOLE.seed) as site, served(site) as url:
        run = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json",
                "--max-examples=25", "--seed=1", "--no-color", "--generation-database=none",
                "--request-timeout=60",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False,
            env={
                **os.environ, "SCHEMATHESIS_HOOKS": HOOKS.stem,
                "PYTHONPATH": str(HOOKS.parent),
            },
        )  # fmt: skip
    assert run.returncode == 0, run.stdout[-5_000:] + run.stderr
