"""The whole path on real movies: from a folder of them to scores beside the baselines.

The posters, plots, people and money are real; the trailers are stand-ins (see `converter`), and
image weights may be random where none can be had. So what is looked at here is that everything
arrives, never how good the scores are.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from converter import Report
from rich.console import Console

from assets.cli.build import Request, build
from assets.evaluation.reproduce_scores import evaluate
from assets.evaluation.stored_reports import reports_folder
from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.splits.features import features_folder
from assets.splits.system_splits import splits_path
from pipeline.core.outcomes import Reason, Status
from pipeline.core.split_names import BY_DATE
from pipeline.models.estimators.baselines import BOOSTING, MAJORITY, PRIOR
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.revenue import REVENUE, REVENUE_CLASS
from pipeline.models.systems.system import ALL_MODALITIES, PUBLISHED_MODALITIES
from pipeline.splits.features import FeatureTable
from resources.run_context import RunContext, open_run_context
from resources.settings import Settings
from resources.studio.catalogue.folder import FolderCatalogue
from resources.studio.servers.running import start_studio

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.real, pytest.mark.slow]


OFF = ("audio_embeddings",)
"""Steps for which the preset names no backbone."""


@dataclass
class Built:
    """What a build of everything left behind, and what went in."""

    run_context: RunContext
    instance: dg.DagsterInstance
    report: Report
    due: int

    def ids(self, asset: str, status: Status) -> set[int]:
        rows = self.run_context.ledger.rows(asset)
        return {tmdb_id for tmdb_id, row in rows.items() if row.status == status}

    def reasons(self, asset: str) -> dict[int, str]:
        rows = self.run_context.ledger.rows(asset)
        return {tmdb_id: row.reason for tmdb_id, row in rows.items() if row.reason}

    @property
    def features(self) -> FeatureTable:
        return FeatureTable.load(features_folder(self.run_context))


@pytest.fixture(scope="module")
def built(some_movies, tmp_path_factory):
    """Two hundred real movies, built once through every stage."""
    folder, report = some_movies
    site = tmp_path_factory.mktemp("site")
    (site / "home").mkdir()
    (site / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with start_studio(FolderCatalogue(folder)) as studio:
        fields = {name.lower(): value for name, value in studio.urls.items()}
        settings = Settings(**fields, store=str(site / "store"))
        with (
            open_run_context(settings) as run_context,
            dg.DagsterInstance.from_config(str(site / "home")) as instance,
        ):
            due = build(run_context, instance, Request())
            yield Built(run_context, instance, report, due)


def test_every_movie_was_due_and_none_is_left_over(built):
    assert built.due == len(built.report.revenue_usd) == 200
    for step in MOVIE_ASSETS:
        rows = built.run_context.ledger.rows(step.name)
        assert rows.keys() == (set() if step.name in OFF else built.report.revenue_usd.keys())
        assert built.ids(step.name, Status.WILL_RETRY) == set(), built.reasons(step.name)


def test_dagster_shows_the_ledger(built):
    for step in MOVIE_ASSETS:
        rows = built.run_context.ledger.rows(step.name)
        shown = built.instance.get_materialized_partitions(dg.AssetKey(step.name))
        assert {int(key) for key in shown} == {i for i, row in rows.items() if row.is_final}


def test_box_office_is_the_dumps_revenue(built):
    store = built.run_context.store
    found = {
        i: store.read_json(store.path("box_office", f"{i}.json")) for i in built.report.revenue_usd
    }
    assert {i: figures["revenue_usd"] for i, figures in found.items()} == built.report.revenue_usd
    assert {figures["source"] for figures in found.values()} == {"tmdb"}


def test_every_plot_is_embedded_and_no_two_alike(built):
    assert built.ids("text_embeddings", Status.OK) == built.report.revenue_usd.keys()
    text = built.features.streams["text"]
    assert len(np.unique(np.asarray(text), axis=0)) == len(text)


def test_plots_are_embedded_with_real_weights(built):
    rows = built.run_context.ledger.rows("text_embeddings")
    assert {row.metadata["backbone"] for row in rows.values()} == {"minilm"}
    assert "random" not in {row.metadata["weights"] for row in rows.values()}


def test_exactly_the_movies_with_a_poster_have_its_embedding(built):
    assert built.ids("posters", Status.OK) == built.report.with_poster
    assert built.ids("poster_embeddings", Status.OK) == built.report.with_poster
    without = built.report.revenue_usd.keys() - built.report.with_poster
    reasons = built.reasons("posters")
    assert reasons == dict.fromkeys(without, Reason.NOT_LISTED)


def test_exactly_the_movies_with_a_video_have_frames(built):
    for asset in ("trailers", "trailer_frames", "frame_embeddings"):
        assert built.ids(asset, Status.OK) == built.report.video_keys.keys(), built.reasons(asset)
    store = built.run_context.store
    for tmdb_id in built.report.video_keys:
        frames = store.read_arrays(store.path("frames", f"{tmdb_id}.npz"))["frames"]
        assert (frames.dtype, frames.shape) == (np.uint8, (30, 224, 224, 3))


def test_video_without_sound_has_no_audio_track(built):
    silent = {i for i, key in built.report.video_keys.items() if key.startswith("noaudio")}
    reasons = built.reasons("trailer_audio")
    assert {i for i, why in reasons.items() if why == Reason.NO_AUDIO_TRACK} == silent
    assert len(silent) == 4
    assert built.ids("trailer_audio", Status.OK) == built.report.video_keys.keys() - silent


def test_features_have_a_row_for_each_movie(built):
    table = built.features.table
    reported = dict(zip(table["tmdb_id"], table["revenue_usd"], strict=True))
    assert reported == built.report.revenue_usd
    have = {name: set(table["tmdb_id"][mask]) for name, mask in built.features.masks.items()}
    assert have["text"] == have["metadata"] == built.report.revenue_usd.keys()
    assert have["poster"] == built.report.with_poster
    assert have["video"] == have["frames"] == built.report.video_keys.keys()
    assert built.features.columns["metadata"]


def test_no_movie_and_no_franchise_is_in_two_parts_of_a_split(built):
    splits = pd.read_parquet(splits_path(built.run_context, REVENUE, REVENUE_CLASS))
    table = built.features.table
    assert list(splits["tmdb_id"]) == list(table["tmdb_id"])
    assert splits["tmdb_id"].is_unique
    names = REVENUE.split_names()
    assert list(splits.columns) == ["tmdb_id", *names]
    for name in names:
        placed = splits[name] != ""
        assert set(splits[name][placed]) == {"train", "val", "test"}
        parts = splits[name][placed].groupby(table["franchise"][placed].to_numpy()).nunique()
        assert (parts == 1).to_numpy().all()
    newest = table["release_date"].groupby(splits[BY_DATE].to_numpy()).agg(["min", "max"])
    assert newest["max"]["train"] < newest["min"]["val"] <= newest["max"]["val"]
    assert newest["max"]["val"] < newest["min"]["test"]


def test_scores_of_the_models_stand_beside_the_baselines(built):
    folder = reports_folder(built.run_context, REVENUE)
    summary = json.loads((folder / "evaluation_results.json").read_bytes())
    results = summary["tasks"]["revenue_class"]
    parts = pd.read_parquet(splits_path(built.run_context, REVENUE, REVENUE_CLASS)).set_index(
        "tmdb_id"
    )
    assert results["splits"].keys() == set(parts.columns)
    for name, split in results["splits"].items():
        assert set(split["tmdb_ids"]) == set(parts.index[parts[name] == "test"])
        by_kind = {
            kind: {v: r for v, r in split["results"].items() if r["kind"] == kind}
            for kind in ("model", "baseline")
        }
        if name in (BY_DATE, *(split.name for split in REVENUE.splits)):
            assert by_kind["model"].keys() >= {PUBLISHED_MODALITIES, ALL_MODALITIES}
        assert by_kind["baseline"].keys() >= {MAJORITY, PRIOR, BOOSTING}
        for model in by_kind["model"].values():
            met = {c["other"] for c in split["comparisons"] if c["model"] in by_kind["model"]}
            assert met >= by_kind["baseline"].keys()
            assert "test films" in model["verdict"]
        for result in split["results"].values():
            assert results["main_metric"] in result["scores"]
            assert len(result["y_said"]) == len(split["tmdb_ids"])


def test_report_says_where_the_data_and_the_weights_are_from(built):
    [page] = reports_folder(built.run_context, REVENUE).glob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "built-in studio, films of a folder" in text
    for label in {
        built.features.notes[asset] for asset in ("text_embeddings", "poster_embeddings")
    }:
        assert label in text


def test_every_system_has_models_baselines_and_a_place_on_the_leaderboard(built):
    board = pd.read_parquet(built.run_context.store.folder("reports") / "leaderboard.parquet")
    evaluated = {
        s.name for s in SYSTEMS if (reports_folder(built.run_context, s) / "report.html").exists()
    }
    assert {"box_office", "revenue", "poster"} <= evaluated
    assert set(board["system"]) == evaluated
    for _, rows in board.groupby(["system", "task"]):
        assert {"model", "baseline"} <= set(rows["kind"])


def test_a_saved_model_scores_the_same_in_a_copy_of_the_store(built, tmp_path):
    copy = tmp_path / "elsewhere"
    root = built.run_context.store.folder("models").parent
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("training", "trailers", ".staging"))
    folders = [
        copy / "models" / "box_office" / "log10_revenue" / "80-10-10" / "blend",
        copy / "models" / "revenue" / "revenue_class" / "70-20-10" / "all-streams",
        next((copy / "models" / "poster" / "profit" / "70-10-20").glob("*/facts.json")).parent,
    ]
    for folder in folders:
        assert (folder / "MODEL_CARD.md").read_text(encoding="utf-8").startswith("# ")
        output = subprocess.run(
            [sys.executable, "-m", "assets.cli", "evaluate", str(folder)],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=600,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert output.returncode == 0, output.stdout + output.stderr
        assert "to the last digit" in output.stdout.replace("\n", " ")


def test_another_score_than_the_kept_one_is_reported(built, tmp_path):
    copy = tmp_path / "store"
    root = built.run_context.store.folder("models").parent
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("training", "trailers", ".staging"))
    folder = copy / "models" / "revenue" / "revenue_class" / "70-20-10" / "seed-streams"
    kept = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    kept["accuracy_score"]["estimate"] += 0.5
    (folder / "scores.json").write_text(json.dumps(kept), encoding="utf-8")
    console = Console(record=True, width=200)
    assert evaluate(folder, console) == 1
    assert "accuracy_score" in console.export_text()
