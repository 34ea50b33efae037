"""Old history of Dagster's is deleted, and nobody who asks what is current notices."""

import sqlite3
import time

import dagster as dg
import pytest
from accounts import say
from present import present
from rich.console import Console
from shared_sites import Shape
from sites import opened_site

from assets.cli.build import overrides
from assets.cli.prune import prune as prune_by_command
from assets.definitions import build_defs
from assets.orchestration.event_files import INDEX, event_file
from assets.orchestration.event_pruning import DAY_S, Pruned, prune

STAGES = ("crawl",)
SHAPE = Shape(6, stages=STAGES)
CHANGED = "movie_records", "box_office"


def log_bytes(site):
    runs = site.instance.get_runs()
    return max(present(event_file(site.instance, run.run_id)).stat().st_size for run in runs)


@pytest.fixture(scope="module")
def pruned(shared_sites, tmp_path_factory):
    """Return a site whose first movie has changed once, pruned as if 100 days later; and of what
    it was: events by asset, latest events, status.
    """
    folder = tmp_path_factory.mktemp("pruned") / "site"
    shared_sites.copy(SHAPE, folder)
    with opened_site(folder, SHAPE.size, SHAPE.seed) as site:
        site.edit(site.catalogue.movie_ids()[0], imdb_id="tt0000001", revenue=1_234_567)
        site.build(stages=STAGES)
        before = {name: len(site.events(name)) for name in CHANGED}
        shown, latest = say(site, films=True), latest_events(site)
        young = prune(site.instance, days=90, now_s=time.time())
        old = prune(site.instance, days=90, now_s=time.time() + 100 * DAY_S)
        yield site, before, shown, latest, young, old


def latest_events(site):
    return {
        (name, key): site.instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(name), asset_partitions=[key]), limit=1
        ).records[0].asset_materialization
        for name in CHANGED
        for key in site.instance.get_dynamic_partitions("movies")
    }  # fmt: skip


def test_what_is_young_stays(pruned):
    assert pruned[4] == Pruned(events=0, run_logs=0)


def test_of_every_movie_the_latest_event_alone_is_left(pruned):
    site, before, _, latest, _, old = pruned
    assert sum(before.values()) > len(latest)
    assert old.events == sum(before.values()) - len(latest)
    assert latest_events(site) == latest
    assert {name: len(site.events(name)) for name in CHANGED} == dict.fromkeys(CHANGED, SHAPE.size)


def test_runs_stay_listed_and_their_pages_are_empty(pruned):
    site, *_, old = pruned
    runs = site.instance.get_runs()
    assert len(runs) >= 4
    assert old.run_logs == len(runs)
    assert log_bytes(site) < 20_000
    assert all(not site.instance.all_logs(run.run_id) for run in runs)


def test_status_is_what_it_was_and_dagster_shows_the_ledger(pruned):
    site, _, shown, *_ = pruned
    assert say(site, films=True) == shown
    site.assert_dagster_shows_the_ledger()


def test_nothing_is_recomputed(pruned):
    site, *_ = pruned
    site.reset_stats()
    assert site.stale(*STAGES) == set()
    assert site.build(stages=STAGES) == 0
    assert site.asked("details") == 0


def test_the_command_says_what_it_has_deleted_and_can_be_run_again(pruned, monkeypatch):
    site, *_ = pruned
    monkeypatch.chdir(site.folder)  # no .env of this checkout
    monkeypatch.setenv("DAGSTER_HOME", str(site.instance.root_directory))
    console = Console(record=True, width=300)
    assert prune_by_command(site.settings, console, days=30.0) == 0
    assert "Deleted 0 events of movies and the logs of 0 runs" in console.export_text()
    kept_all = site.settings.model_copy(update={"history_days": "0"})
    assert prune_by_command(kept_all, console, days=None) == 0
    assert "all history is kept" in console.export_text()


def test_the_job_prunes_by_the_setting(pruned):
    site, *_ = pruned
    with site.run_context() as run_context:
        job = build_defs(**overrides(run_context)).resolve_job_def("prune")
    assert job.execute_in_process(instance=site.instance).success


def test_a_new_home_has_pages_that_its_events_fill(pruned):
    with sqlite3.connect(present(event_file(pruned[0].instance, INDEX))) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (32_768,)
