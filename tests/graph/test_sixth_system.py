"""A new system is one file and one row: it gets splits, baselines, models, scores and a rank."""

import json

import pandas as pd
from processes import Process

STAGES = ("splits", "baselines", "model", "evaluation")
CONFIG = {"ops": {"votes_model": {"config": {"max_epochs": 1, "dropout": 0.1}}}}


def test_sixth_system_is_one_file_and_one_row(open_site):
    site = open_site(size=60, stages=("crawl",))
    config = site.folder / "run.json"
    config.write_text(json.dumps(CONFIG))
    selection = ["movie_features", *(f"votes_{stage}" for stage in STAGES), "leaderboard"]
    process = Process(
        site, "asset", "materialize", "--select", ",".join(selection),
        "-m", "sixth_definitions", "--config", str(config),
        program="dagster._cli",
    )  # fmt: skip
    assert process.wait() == 0, process.output
    store = site.folder / "store"
    splits = pd.read_parquet(store / "splits" / "votes" / "many_votes.parquet")
    assert set(splits["80-10-10"]) == {"train", "val", "test"}
    assert (store / "baselines" / "votes" / "many_votes" / "80-10-10.npz").is_file()
    model = store / "models" / "votes" / "many_votes" / "80-10-10" / "metadata"
    facts = json.loads((model / "facts.json").read_text())
    assert (model / "votes.pth").is_file()
    assert (facts["inputs"], facts["config"]["dropout"]) == (["metadata"], 0.1)
    assert (store / "reports" / "votes" / "evaluation_results.json").is_file()
    ranked = pd.read_parquet(store / "reports" / "leaderboard.parquet")
    assert {"metadata", "majority class"} <= set(ranked.query("system == 'votes'")["variant"])
