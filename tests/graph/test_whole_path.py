"""From the first request to the leaderboard, for every system; and models that are evaluated
again.

By day trainings are short and few, on a site that is built once; at night the command builds
everything as it does for a user.
"""

import json
import subprocess
import sys

import pandas as pd
import pytest
from commands import bare_environment, marquee
from sensor_ticks import skipped

from assets.orchestration.asset_specs import UNPARTITIONED_ASSETS
from assets.orchestration.prediction_job import PREDICTIONS
from assets.orchestration.staleness import stale_assets
from pipeline.models.systems.registry import SYSTEMS

MODELS = {
    "box_office": "log10_revenue/80-10-10/transformer",
    "revenue": "revenue_class/70-20-10/seed-streams",
    "genre": "genres/70-10-20/late-fusion",
    "poster": "profit/70-10-20/resnet18-pad",
    "score": "score/80-10-10/frame-embeddings-attention",
}
"""A model of each system."""


def assert_is_whole(site):
    """Nothing is due or stale, and every system has what the leaderboard lists."""
    site.assert_dagster_shows_the_ledger()
    with site.run_context() as run_context:
        assert stale_assets(run_context) == []
    for name in UNPARTITIONED_ASSETS:
        assert len(site.events(name)) == 1, name
    board = pd.read_parquet(site.store / "reports" / "leaderboard.parquet")
    assert set(board["system"]) == {system.name for system in SYSTEMS}
    for _, rows in board.groupby(["system", "task"]):
        is_missing = set(rows["kind"]) == {"missing"}
        assert is_missing or {"model", "baseline"} <= set(rows["kind"])
        assert bool(rows["reason"].iloc[0]) == is_missing
    for system in SYSTEMS:
        page = (site.store / "reports" / system.name / "report.html").read_text(encoding="utf-8")
        assert "built-in studio" in page
        assert "weights: random" in page or system.name == "box_office"


def test_every_system_has_models_baselines_and_a_place_on_the_leaderboard(site):
    assert_is_whole(site)


def test_leaderboard_fits_80_columns_and_can_be_narrowed(site):
    narrow = {**site.environment, "COLUMNS": "80"}
    output = marquee("leaderboard", cwd=site.folder, environment=narrow).stdout
    assert max(map(len, output.splitlines())) <= 80
    for system in SYSTEMS:
        assert f"{system.name}, " in output
    chosen = marquee(
        "leaderboard", "--system", "genre", "--variant", "late", "--json",
        cwd=site.folder, environment=narrow,
    )  # fmt: skip
    (row,) = json.loads(chosen.stdout)
    assert (row["system"], row["variant"]) == ("genre", "late fusion")
    unknown = marquee(
        "leaderboard", "--task", "fame", cwd=site.folder, environment=narrow, check=False
    )
    assert unknown.returncode == 2
    assert "there are " in unknown.stderr


@pytest.mark.parametrize("system", MODELS)
def test_saved_model_scores_the_same_in_a_copy_of_the_store(site, system, tmp_path):
    """The site is a copy itself, in another folder than the one that it was trained in."""
    folder = site.store / "models" / system / MODELS[system]
    assert (folder / "MODEL_CARD.md").read_text(encoding="utf-8").startswith("# ")
    output = marquee("evaluate", str(folder), cwd=tmp_path)
    assert "to the last digit" in output.stdout.replace("\n", " ")


def test_another_score_than_the_kept_one_is_reported(site, tmp_path):
    folder = site.store / "models" / "revenue" / "revenue_class" / "70-20-10" / "seed-streams"
    path = folder / "scores.json"
    text = path.read_text(encoding="utf-8")
    kept = json.loads(text)
    kept["accuracy_score"]["estimate"] += 0.5
    path.write_text(json.dumps(kept), encoding="utf-8")
    output = marquee("evaluate", str(folder), cwd=tmp_path, check=False)
    path.write_text(text, encoding="utf-8")
    assert output.returncode == 1
    assert "accuracy_score" in output.stdout


@pytest.mark.slow
def test_one_command_builds_everything_as_for_a_user(open_site):
    """All variants on all splits, as long as they take: by day the shape `WHOLE` stands for it."""
    site = open_site(24)
    site.more = {"trainers": ""}
    build = subprocess.run(
        [sys.executable, "-m", "assets.cli", "build"],
        env={**bare_environment(), **site.environment}, cwd=site.folder,
        capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert build.returncode == 0, build.stderr
    assert_is_whole(site)
    assert site.materialized(PREDICTIONS)
    assert site.build() == 0
    assert "up to date" in skipped(site)
    for system in SYSTEMS:
        trained = sorted((site.store / "models" / system.name).rglob("facts.json"))
        output = marquee("evaluate", str(trained[0].parent), cwd=site.folder)
        assert "to the last digit" in output.stdout.replace("\n", " ")
