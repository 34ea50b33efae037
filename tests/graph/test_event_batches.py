"""A batch of events stands in Dagster as if Dagster had written it; fails should Dagster change."""

import json
import sqlite3
import time
from functools import cache
from pathlib import Path

import dagster as dg
import pytest
from dagster._serdes import deserialize_value
from present import present
from servers import postgres

from assets.orchestration.event_batches import log_events
from assets.orchestration.event_pruning import DAY_S, Pruned, prune
from assets.orchestration.events import DEFER_EVENTS, finish_exactly
from assets.orchestration.partitions import MOVIES, SINGLE_RUN, range_tags, register

KEYS = ("1", "2", "3", "4")
DIFFERS = {
    "timestamp", "create_timestamp", "event_timestamp", "last_materialization_timestamp",
    "run_id", "last_run_id", "id", "event_id",
}  # fmt: skip
"""Columns in which two runs of the same code differ."""

REPEATED = dict.fromkeys(("step_handle", "node_handle", "logging_tags", "message"))
"""Parts of an event that are left out: its entry has the run, the job, the step and the message."""


def make_events(asset_key):
    made = [
        dg.AssetMaterialization(
            asset_key,
            partition=key,
            metadata={"title": f"movie {key}", "n": int(key), "file": dg.MetadataValue.path("/x")},
            tags={"dagster/data_version": f"h{key}", "marquee/status": "ok"},
        )
        for key in KEYS[:3]
    ]
    seen = dg.AssetObservation(asset_key, partition=KEYS[3], metadata={"reason": "network"})
    return [made[0], seen, *made[1:]]


def log_off_the_run_page(context, events):
    log_events(context, events, is_on_run_page=False)


def one_by_one(context, events):
    for event in events:
        context.log_event(event)


@pytest.fixture(scope="module")
def home_of(tmp_path_factory):
    """Return a function that runs an asset whose events a function logs, in a home of its own."""

    @cache
    def run(log):
        @dg.asset(partitions_def=MOVIES, backfill_policy=SINGLE_RUN)
        def posters(context: dg.AssetExecutionContext):
            log(context, make_events(context.asset_key))
            yield from finish_exactly(context)

        home = tmp_path_factory.mktemp(log.__name__)
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        with dg.DagsterInstance.from_config(str(home)) as instance:
            register(instance, map(int, KEYS), "test")
            job = dg.Definitions(assets=[posters], executor=dg.in_process_executor)
            result = job.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=instance, tags={**range_tags([KEYS[0], KEYS[-1]]), **DEFER_EVENTS}
            )
            assert result.success
            shown = instance.get_materialized_partitions(dg.AssetKey("posters"))
            (record,) = instance.get_asset_records([dg.AssetKey("posters")])
        return home / "history" / "runs", result.run_id, shown, record.asset_entry

    return run


def rows(path: Path, table: str, run_id: str):
    """Read a table without what differs from run to run, events as Dagster reads them."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
    kept = [row for row in found if "ASSET_" in str(row.get("dagster_event_type", "ASSET_"))]
    assert not kept or "timestamp" not in kept[0] or all(row["timestamp"] for row in kept)
    return [
        {
            name: _plain(value, run_id) if name in ("event", "last_materialization") else value
            for name, value in row.items()
            if name not in DIFFERS
        }
        for row in kept
    ]


def _plain(text, run_id):
    entry = present(deserialize_value(text))
    entry = present(getattr(entry, "event_log_entry", entry))
    assert entry.timestamp > 0
    event = present(entry.dagster_event)._replace(**REPEATED)
    return str(entry._replace(timestamp=0.0, dagster_event=event)).replace(run_id, "RUN")


@pytest.mark.parametrize("table", ["event_logs", "asset_event_tags", "asset_keys"])
def test_batch_is_stored_as_dagster_stores_single_events(home_of, table):
    (ours, our_run, *_), (theirs, their_run, *_) = home_of(log_events), home_of(one_by_one)
    wanted = rows(theirs / "index.db", table, their_run)
    assert rows(ours / "index.db", table, our_run) == wanted
    assert wanted


def test_dagster_shows_the_movies_that_were_made_and_the_latest_of_them(home_of):
    _, _, shown, entry = home_of(log_events)
    assert shown == {"1", "2", "3"}
    latest = entry.last_materialization.asset_materialization
    assert (latest.partition, latest.tags["dagster/data_version"]) == ("3", "h3")


def test_the_run_s_own_page_has_every_event(home_of):
    folder, run_id, *_ = home_of(log_events)
    found = rows(folder / f"{run_id}.db", "event_logs", run_id)
    assert [row["partition"] for row in found if row["partition"]] == ["1", "4", "2", "3"]


def test_what_is_not_on_the_run_s_page_stands_with_the_asset_as_ever(home_of):
    folder, run_id, shown, entry = home_of(log_off_the_run_page)
    assert not [
        row for row in rows(folder / f"{run_id}.db", "event_logs", run_id) if row["partition"]
    ]
    (_, _, wanted, _), known = home_of(log_events), entry.last_materialization
    assert (shown, known.asset_materialization.partition) == (wanted, "3")


def test_an_event_needs_three_quarters_of_what_dagster_writes(home_of):
    def size(log):
        with sqlite3.connect(home_of(log)[0] / "index.db") as connection:
            query = "SELECT sum(length(event)) FROM event_logs WHERE partition IS NOT NULL"
            return connection.execute(query).fetchone()[0]

    assert size(log_events) < 0.75 * size(one_by_one)


@pytest.mark.slow
def test_postgres_keeps_a_batch_once_and_pruning_leaves_the_latest(tmp_path):
    @dg.asset(partitions_def=MOVIES, backfill_policy=SINGLE_RUN)
    def posters(context: dg.AssetExecutionContext):
        log_events(context, make_events(context.asset_key))
        yield from finish_exactly(context)

    job = dg.Definitions(assets=[posters], executor=dg.in_process_executor)
    home = tmp_path / "home"
    home.mkdir()
    with postgres(tmp_path / "server") as url:
        storage = {"postgres": {"postgres_url": url.replace("postgresql", "postgresql+psycopg2")}}
        (home / "dagster.yaml").write_text(json.dumps({"storage": storage}))
        with dg.DagsterInstance.from_config(str(home)) as instance:
            register(instance, map(int, KEYS), "test")
            results = [
                job.resolve_implicit_global_asset_job_def().execute_in_process(
                    instance=instance, tags={**range_tags([KEYS[0], KEYS[-1]]), **DEFER_EVENTS}
                )
                for _ in range(2)
            ]
            assert all(result.success for result in results)
            pruned = prune(instance, days=1, now_s=time.time() + 2 * DAY_S)
            assert pruned == Pruned(events=3, run_logs=2)
            assert prune(instance, days=1, now_s=time.time() + 2 * DAY_S) == Pruned(0, 0)
            assert instance.get_materialized_partitions(dg.AssetKey("posters")) == {"1", "2", "3"}
            latest = instance.fetch_materializations(dg.AssetKey("posters"), limit=10).records
            tags = [present(present(event.asset_materialization).tags) for event in latest]
            assert [tag["dagster/data_version"] for tag in tags] == ["h3", "h2", "h1"]
            assert {event.run_id for event in latest} == {results[-1].run_id}
