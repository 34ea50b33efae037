"""Predictions from elsewhere: a notebook, and a checkout of the code at another place."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from commands import bare_environment

from assets.predict import MovieInputs, Predictor

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "predictions.ipynb"

ANSWER = """
import json, sys
from assets.predict import MovieInputs, Predictor
with Predictor.open() as predictor:
    ids = [record.tmdb_id for record in predictor.table.records[:3]]
    answers = [predictor.predict(MovieInputs(tmdb_id=one)).as_json() for one in ids]
import assets
print(json.dumps({"code": assets.__path__[0], "answers": answers}))
"""


def answer_from(code: Path, site):
    """Answer in a process of its own, by the code of a folder."""
    done = subprocess.run(
        [sys.executable, "-c", ANSWER], cwd=code, capture_output=True, text=True, timeout=300,
        env={**bare_environment(), **site.environment, "PYTHONPATH": str(code)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_five_systems_give_the_same_digits_from_another_checkout(site, tmp_path):
    other = tmp_path / "other place"
    for name in ("assets", "pipeline", "resources"):
        shutil.copytree(ROOT / name, other / name, ignore=shutil.ignore_patterns("__pycache__"))
    there = answer_from(other, site)
    assert there["code"] == str(other / "assets")
    with site.run_context() as run_context:
        predictor = Predictor(run_context)
        ids = [record.tmdb_id for record in predictor.table.records[:3]]
        here = [predictor.predict(MovieInputs(tmdb_id=one)).as_json() for one in ids]
    assert there["answers"] == json.loads(json.dumps(here))
    assert len({one["system"] for one in there["answers"][0]["predictions"]}) == 5


def test_cells_of_the_notebook_run_from_top_to_bottom(site, monkeypatch, capsys):
    for name, value in site.environment.items():
        monkeypatch.setenv(name, value)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in code:
        exec("".join(cell["source"]), names)
    printed = capsys.readouterr().out
    assert "US dollars" in printed
    assert "budget_usd: got -1; allowed: a number from 1" in printed
