"""Dagster's failed partitions are the movies that wait for a retry; fails should Dagster change."""

import dagster as dg
import pytest

from assets.orchestration.failed_partitions import failed_partitions, show_failed
from assets.orchestration.partitions import MOVIES, register


@dg.asset(partitions_def=MOVIES)
def posters(): ...


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        register(instance, range(1, 1001), "test")
        yield instance


def materialize(instance, *tmdb_ids):
    for tmdb_id in tmdb_ids:
        event = dg.AssetMaterialization("posters", partition=str(tmdb_id))
        instance.report_runless_asset_event(event)


def test_failed_movies_are_shown_until_they_are_materialized(instance):
    materialize(instance, 1, 2)
    show_failed(instance, "posters", {2: "network", 3: "network"}, "run")
    assert failed_partitions(instance, "posters") == {2, 3}
    materialize(instance, 2)
    assert failed_partitions(instance, "posters") == {3}


def test_movie_that_is_no_longer_retried_is_not_shown_as_failed(instance):
    materialize(instance, 1)
    show_failed(instance, "posters", {1: "network", 2: "network"}, "run")
    show_failed(instance, "posters", {2: "network"}, "run")
    assert failed_partitions(instance, "posters") == {2}
    assert instance.get_materialized_partitions(dg.AssetKey("posters")) == {"1"}


def test_movie_that_fails_twice_is_marked_once(instance):
    materialize(instance, 1)
    for run in ("first", "second"):
        show_failed(instance, "posters", {1: "network"}, run)
    assert len(instance.get_runs()) == 1


def test_more_movies_than_one_statement_takes_are_marked(instance):
    materialize(instance, 1)
    show_failed(instance, "posters", dict.fromkeys(range(1, 1001), "network"), "run")
    assert len(failed_partitions(instance, "posters")) == 1000


def test_failed_set_is_the_ledgers_until_the_faults_are_lifted(open_site):
    site = open_site(size=6, stages=("crawl",))
    first, second = site.catalogue.movie_ids()[:2]
    site.order(
        {"path": f"/t/p/.*{first}", "status": 503}, {"path": f"/t/p/.*{second}", "status": 500}
    )
    site.build(stages=("media",))
    assert failed_partitions(site.instance, "posters") == {first, second}
    site.assert_dagster_shows_the_ledger()
    site.lift_faults()
    site.build(stages=("media",))
    site.assert_dagster_shows_the_ledger()
    assert not failed_partitions(site.instance, "posters")
