"""Dagster shows each movie of a range by itself; fails loudly should Dagster change."""

import dagster as dg
import pytest

from assets.orchestration.events import DEFER_EVENTS, finish_exactly
from assets.orchestration.movie_events import publish_events
from assets.orchestration.partitions import (
    MOVIES,
    SINGLE_RUN,
    claim_home,
    range_tags,
    register,
)
from pipeline.core.errors import ConfigurationError
from pipeline.core.staleness import Row

OK = Row(status="ok", content_hash="h", code_version="1")
LATER = Row(status="retry", reason="network")


@dg.asset(partitions_def=MOVIES, backfill_policy=SINGLE_RUN)
def first(context: dg.AssetExecutionContext):
    rows = {int(key): LATER if key == "2" else OK for key in context.partition_keys}
    publish_events(context, rows, {"source": "test"}, {})
    yield from finish_exactly(context)


@dg.asset(partitions_def=MOVIES, backfill_policy=SINGLE_RUN, deps=[first])
def second(context: dg.AssetExecutionContext):
    publish_events(context, {int(key): OK for key in context.partition_keys if key != "2"}, {}, {})
    yield from finish_exactly(context)


@dg.asset(backfill_policy=SINGLE_RUN, deps=[second])
def whole():
    return dg.MaterializeResult(metadata={"n": 1})


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        register(instance, [1, 2, 3, 4], "test")
        yield instance


def run(instance, tags=None):
    tags = {**range_tags(["1", "4"]), **(tags or {})}
    job = dg.Definitions(
        assets=[first, second, whole], executor=dg.in_process_executor
    ).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, tags=tags)


@pytest.mark.parametrize("tags", [{}, DEFER_EVENTS], ids=["bare run", "tagged job"])
def test_movie_that_failed_for_now_is_not_shown_and_followers_run(instance, tags):
    assert run(instance, tags).success
    for asset in ("first", "second"):
        assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {"1", "3", "4"}


def test_unpartitioned_asset_of_the_same_bare_run_is_shown(instance):
    run(instance)
    assert instance.get_latest_materialization_event(dg.AssetKey("whole")) is not None


def test_event_carries_status_data_version_and_code_version(instance):
    run(instance)
    (record,) = instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey("first"), asset_partitions=["3"]), limit=5
    ).records
    event = record.asset_materialization
    assert event.metadata["status"].value == "ok"
    assert event.metadata["source"].value == "test"
    assert event.tags["dagster/data_version"] == "h"
    assert event.tags["dagster/code_version"] == "1"
    assert event.tags["marquee/status"] == "ok"


def test_movies_are_registered_once_and_in_order(instance):
    assert register(instance, [4, 5, 6], "test") == 2
    assert list(instance.get_dynamic_partitions("movies")) == ["1", "2", "3", "4", "5", "6"]


def test_more_movies_than_one_statement_takes_are_registered(instance):
    assert register(instance, range(1, 2001), "test") == 1996


def test_home_of_one_source_refuses_another(instance):
    with pytest.raises(ConfigurationError, match="never mix.*DAGSTER_HOME"):
        claim_home(instance, "tmdb")
