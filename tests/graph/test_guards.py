"""What guards a model: checks that run before training, and figures that Dagster plots."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from present import present

from assets.cli.build import overrides
from assets.definitions import build_defs
from assets.models.experiment_data import open_experiment_data
from assets.splits.features import load_features
from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.registry import SYSTEMS

SHORT = {"max_epochs": 1, "variants": ["all streams"]}
REVENUE_ASSETS = ("revenue_splits", "revenue_baselines", "revenue_model", "revenue_evaluation")


@pytest.fixture
def site(open_site):
    return open_site(60, stages=("crawl",), assets=("movie_features", "box_office_splits"))


def last_run(site):
    return site.instance.get_run_records(limit=1)[0].dagster_run.run_id


def numbers(site, asset) -> dict[str, float]:
    """Return the metadata of an asset's last materialization that Dagster can plot."""
    return {
        name: present(value.value)
        for name, value in site.events(asset)[0].metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue)
    }


def checks_of(site, asset, name):
    """Return the evaluations of a check, the last one first."""
    key = dg.AssetCheckKey(dg.AssetKey(asset), name)
    history = site.instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
    return [record.evaluation for record in history]


def test_splits_are_proved_before_anything_is_trained(site):
    site.materialize(
        "movie_features", *REVENUE_ASSETS, revenue_model=SHORT,
    )  # fmt: skip
    steps = {}
    for position, record in enumerate(site.instance.all_logs(last_run(site))):
        if record.dagster_event and record.dagster_event.is_step_event:
            kind = record.dagster_event.event_type_value
            steps[(record.dagster_event.step_key, kind)] = position
    passed = "STEP_SUCCESS"
    for trained in ("revenue_baselines", "revenue_model"):
        began = steps[(trained, "STEP_START")]
        assert steps[("revenue_splits_disjoint", passed)] < began
        assert steps[("movie_features_no_leaked_column", passed)] < began
    split = steps[("revenue_splits", "STEP_START")]
    assert steps[("movie_features_no_leaked_column", passed)] < split
    assert_figures_can_be_plotted(site)
    assert_scores_are_compared_with_the_last_ones(site)


def assert_figures_can_be_plotted(site):
    trained = numbers(site, "revenue_model")
    assert trained["models"] == len(json.loads(next(site.store.rglob("trials.json")).read_text()))
    assert trained["movies"] == 60
    assert trained["train_s"] > 0
    assert 0 <= trained["val_score"] <= 1
    assert 0 <= trained["naive_val_score"] <= 1
    scored = numbers(site, "revenue_evaluation")
    assert 0 <= scored["score_low"] <= scored["score"] <= scored["score_high"] <= 1
    assert 0 <= scored["best_baseline_score"] <= 1
    assert scored["test_movies"] > 0
    site.materialize("leaderboard")
    assert numbers(site, "leaderboard")["revenue_score"] == scored["score"]


def assert_scores_are_compared_with_the_last_ones(site):
    (first,) = checks_of(site, "revenue_evaluation", "not_worse")
    assert first.passed
    assert "no evaluation before" in first.description
    site.materialize("revenue_evaluation")
    again = checks_of(site, "revenue_evaluation", "not_worse")[0]
    assert again.passed
    assert again.severity is dg.AssetCheckSeverity.WARN
    assert "not significantly worse" in again.description


def test_training_from_a_terminal_ends_with_its_score(site):
    """The score is that of the validation set, before the model was fitted to it as well."""
    config = {"ops": {"box_office_model": {"config": {"variants": ["gaussian process"]}}}}
    arguments = ["--select", "box_office_model", "--config-json", json.dumps(config)]
    dagster = Path(sys.executable).with_name("dagster")
    done = subprocess.run(
        [dagster, "asset", "materialize", "-m", "assets.definitions", *arguments],
        env={**os.environ, **site.environment}, cwd=site.folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    last = done.stderr.splitlines()[-1]
    score, naive = re.findall(r"\d+\.\d{3}", last)
    assert last == (
        f"box_office_model: validation RMSE {score}; naive baseline (mean) {naive}; lower is "
        "better. gaussian process, 80-10-10, 6 movies. box_office_evaluation scores the test set."
    )
    with site.run_context() as run_context:
        data = open_experiment_data(run_context, BOX_OFFICE)
        (folder,) = [p.parent for p in site.store.rglob("facts.json") if "80-10-10" in p.parts]
        facts = json.loads((folder / "facts.json").read_text())
        sets = data.split_tables["log10_revenue"]["80-10-10"].to_numpy()
        actual = np.log10(data.table.table["revenue_usd"].to_numpy())
        val = np.flatnonzero(sets == "val")
    mean = actual[sets == "train"].mean()
    assert float(score) == pytest.approx(facts["history"][0]["val_rmse"], abs=6e-4)
    assert float(naive) == pytest.approx(np.sqrt(np.mean((mean - actual[val]) ** 2)), abs=6e-4)
    assert numbers(site, "box_office_model")["val_score"] == pytest.approx(float(score), abs=6e-4)


def test_movie_in_two_sets_stops_the_training(site):
    site.materialize("revenue_splits")
    path = site.store / "splits" / "revenue" / "revenue_class.parquet"
    splits = pd.read_parquet(path)
    with site.run_context() as run_context:
        table = load_features(run_context).table
    franchise = table["franchise"].value_counts().index[0]
    rows = table.index[table["franchise"] == franchise][:2]
    assert len(rows) == 2, "two movies of one franchise"
    splits.loc[rows, "70-20-10"] = ["train", "test"]
    splits.to_parquet(path, index=False)
    with site.run_context() as run_context:
        job = build_defs(**overrides(run_context)).resolve_job_def("retrain")
        disjoint = dg.AssetCheckKey(dg.AssetKey("revenue_splits"), "disjoint")
        chosen = job.get_subset(
            asset_selection={dg.AssetKey("revenue_model")}, asset_check_selection={disjoint}
        )
        result = chosen.execute_in_process(instance=site.instance, raise_on_error=False)
    assert not result.success
    assert not checks_of(site, "revenue_splits", "disjoint")[0].passed
    assert not site.events("revenue_model")


def test_what_blocks_is_what_finds_leaks():
    graph = build_defs().resolve_asset_graph()
    blocking = {
        f"{key.asset_key.to_user_string()}: {key.name}"
        for key in graph.asset_check_keys
        if graph.get(key).blocking
    }
    assert blocking == {
        "movie_features: no_leaked_column",
        *(f"{system.name}_splits: disjoint" for system in SYSTEMS),
    }


def test_crawl_has_a_freshness_policy_and_figures(open_site):
    site = open_site(size=6, stages=("crawl",))
    node = build_defs().resolve_asset_graph().get(dg.AssetKey("movie_catalog"))
    assert isinstance(node.freshness_policy, dg.FreshnessPolicy)
    figures = numbers(site, "movie_catalog")
    assert figures["movies_known"] == figures["movies_new"] == 6
    assert figures["movies_per_s"] > 0
    assert {"share_with_poster", "share_with_trailer"} <= set(figures)
