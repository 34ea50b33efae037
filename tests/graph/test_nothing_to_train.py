"""Systems with nothing to train: no crash, a row on the leaderboard that says why."""

import io
import json

import dagster as dg
import pandas as pd
import pytest
from commands import marquee
from rich.console import Console

from assets.cli.score_table import print_scores
from assets.evaluation.stored_reports import read_summaries
from assets.models.experiments import read_left_out
from assets.orchestration.asset_specs import UNPARTITIONED_ASSETS
from assets.orchestration.tables import table_metadata
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.revenue import REVENUE

SHORT = {"max_epochs": 1, "variants": ["attention fusion", "gru over frames", "ensemble"]}
WIDE = {"COLUMNS": "80"}


@pytest.fixture(scope="module")
def few(shared_sites, tmp_path_factory):
    """Eight movies, too few for any split: everything is built once."""
    from shared_sites import Shape
    from sites import opened_site

    shape = Shape(8, stages=("crawl",), assets=tuple(UNPARTITIONED_ASSETS))
    folder = tmp_path_factory.mktemp("few") / "site"
    shared_sites.copy(shape, folder)
    with opened_site(folder, shape.size, shape.seed) as site:
        yield site


def test_every_system_without_a_model_is_a_row_with_its_reason(few):
    board = pd.read_parquet(few.store / "reports" / "leaderboard.parquet")
    missing = board[board["kind"] == "missing"]
    with few.run_context() as run_context:
        trained = {
            (summary["system"], task)
            for summary in read_summaries(run_context)
            for task in summary["tasks"]
        }
    everything = {(system.name, task.name) for system in SYSTEMS for task in system.tasks}
    assert set(zip(missing["system"], missing["task"], strict=True)) == everything - trained
    assert len(missing) >= 4
    assert missing["reason"].str.len().min() > 10
    page = (few.store / "reports" / "leaderboard.html").read_text(encoding="utf-8")
    for row in missing.itertuples():
        assert f"{row.system}: {row.task.replace('_', ' ')}" in page
    for system in SYSTEMS:
        assert few.events(f"{system.name}_evaluation")


def test_terminal_says_why_at_80_columns(few):
    output = marquee("leaderboard", cwd=few.folder, environment={**few.environment, **WIDE}).stdout
    assert "not trained" in output
    assert max(map(len, output.splitlines())) <= 80
    rows = json.loads(
        marquee("leaderboard", "--json", cwd=few.folder, environment=few.environment).stdout
    )
    assert all(row["reason"] for row in rows if row["kind"] == "missing")


def test_table_of_scores_fits_80_columns(few):
    console = Console(width=80, record=True, file=io.StringIO())
    with few.run_context() as run_context:
        print_scores(run_context, console)
    lines = console.export_text().splitlines()
    table = lines[: lines.index("Files:")]
    assert max(map(len, table)) <= 80
    assert sum("not trained" in line for line in table) >= 4


def test_second_build_finds_nothing_to_do(few):
    from assets.orchestration.staleness import stale_assets

    with few.run_context() as run_context:
        assert stale_assets(run_context) == []


def test_readers_of_frames_make_no_row_without_a_frame(open_site):
    site = open_site(60, stages=("crawl",), assets=("movie_features", "revenue_splits"))
    site.materialize(
        "revenue_baselines", "revenue_model", "revenue_evaluation", "leaderboard",
        revenue_model=SHORT,
    )  # fmt: skip
    with site.run_context() as run_context:
        left_out = read_left_out(run_context, REVENUE)
        [summary] = read_summaries(run_context)
    assert {one["variant"] for one in left_out} == {"gru over frames", "ensemble"}
    assert summary["left_out"] == left_out
    board = pd.read_parquet(site.store / "reports" / "leaderboard.parquet")
    models = set(board[board["kind"] == "model"]["variant"])
    assert models == {"attention fusion"}
    page = (site.store / "reports" / "leaderboard.html").read_text(encoding="utf-8")
    assert "gru over frames on 70-20-10; no training film has a sequence" in page
    [event, *_] = site.events("revenue_model")
    assert {"trainings", "not_trained"} <= set(event.metadata)


def test_table_without_records_is_no_metadata():
    """Dagster refuses one: `MetadataValue.table([])` ended a build of 37 minutes."""
    with pytest.raises(Exception, match="schema must be provided"):
        dg.MetadataValue.table([])
    assert table_metadata("trainings", []) == {}
    [(name, table)] = table_metadata("trainings", [{"split": "by-date", "movies": 7}]).items()
    assert name == "trainings"
    assert [column.name for column in table.schema.columns] == ["split", "movies"]
