"""Runs that a user launches by hand: chosen movies are recomputed, nothing else."""

import dagster as dg
import pytest

from assets.cli.build import overrides
from assets.definitions import build_defs
from assets.orchestration.failed_partitions import failed_partitions
from assets.orchestration.partitions import range_tags


@pytest.fixture
def site(open_site):
    return open_site(size=4, stages=("crawl", "media"))


def launch(site, *names, tags=None, **run):
    """Materialize as the UI's button does, with the checks of the assets."""
    with site.run_context() as run_context:
        job = build_defs(**overrides(run_context)).resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=site.instance,
            asset_selection=[dg.AssetKey(name) for name in names],
            tags=tags,
            raise_on_error=False,
            **run,
        )


def force(value, name="posters"):
    return {"ops": {name: {"config": {"force": value}}}}


def messages(result):
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    return " ".join(error.message for error in errors)


def status_check(site, name="posters"):
    key = dg.AssetCheckKey(dg.AssetKey(name), "statuses")
    (record,) = site.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    return record.status.value


def test_chosen_movie_is_recomputed_and_shown_anew(site):
    movie = site.catalogue.movie_ids()[0]
    before = len(site.events("posters"))
    site.reset_stats()
    assert launch(site, "posters", partition_key=str(movie)).success
    assert site.asked("image") == 1
    assert len(site.events("posters")) == before + 1
    site.assert_dagster_shows_the_ledger()


def test_chosen_movies_embeddings_are_computed_anew(open_site):
    site = open_site(size=3, stages=("crawl", "media", "frames", "embeddings"))
    movie = next(i for i, row in site.rows("text_embeddings").items() if row.status == "ok")
    backbone = next(iter(site.rows("text_embeddings")[movie].metadata["backbones"]))
    path = site.store / "embeddings" / "text" / backbone / f"{movie}.npy"
    before = path.stat().st_mtime_ns
    assert launch(site, "text_embeddings", partition_key=str(movie)).success
    assert path.stat().st_mtime_ns > before
    site.assert_dagster_shows_the_ledger()


def test_only_what_is_stale_where_the_form_says_so(site):
    movie = site.catalogue.movie_ids()[0]
    before = len(site.events("posters"))
    launch(site, "posters", partition_key=str(movie), run_config=force(False))
    assert len(site.events("posters")) == before
    (record,) = site.instance.fetch_observations(dg.AssetKey("posters"), limit=1).records
    metadata = record.asset_observation.metadata
    assert metadata["up to date"].value == 1
    assert "force" in metadata["why"].value


def test_check_of_a_run_with_nothing_to_do_stays(site):
    movie = site.catalogue.movie_ids()[0]
    for value in (True, False):
        launch(site, "posters", partition_key=str(movie), run_config=force(value))
        assert status_check(site) == "SUCCEEDED"


def test_job_recomputes_only_what_is_stale(site):
    assert site.build(stages=("crawl", "media")) == 0


def test_range_the_wrong_way_round_names_both_ends_and_the_order(site):
    keys = [str(i) for i in site.instance.get_dynamic_partitions("movies")]
    result = launch(site, "posters", tags=range_tags(keys[::-1]))
    assert not result.success
    assert f"{keys[-1]}...{keys[0]} holds no movie" in messages(result)
    assert "in the order in which they were added" in messages(result)


def test_movie_asset_without_a_movie_names_the_remedy(site):
    """Of the others Dagster itself says that the run has no partition."""
    result = launch(site, "movie_records")
    assert not result.success
    assert "uv run marquee build" in messages(result)


def test_movies_of_a_failed_run_are_not_shown_as_failed(site):
    """Nothing was wrong with them: the ledger cannot be read."""
    movies = site.instance.get_dynamic_partitions("movies")
    site.order({"path": "/3/configuration", "status": 401})
    (site.store / "movies").rename(site.store / "elsewhere")
    (site.store / "movies").write_text("in the way")
    result = launch(site, "movie_records", "posters", tags=range_tags(movies))
    assert not result.success
    assert failed_partitions(site.instance, "posters") == set()
    assert failed_partitions(site.instance, "movie_records") == set()


def unsynced(site, name, movie):
    """Return why Dagster calls a movie unsynced, as its page asks."""
    from dagster._core.definitions.data_version import CachingStaleStatusResolver
    from dagster._core.loader import LoadingContextForTest

    with site.run_context() as run_context:
        graph = build_defs(**overrides(run_context)).resolve_asset_graph()
    resolver = CachingStaleStatusResolver(
        site.instance, graph, LoadingContextForTest(site.instance)
    )
    causes = resolver.get_stale_causes(dg.AssetKey(name), str(movie))
    return [cause.reason for cause in causes]


def test_movie_is_unsynced_only_where_something_of_its_own_changed(site):
    first, second = site.catalogue.movie_ids()[:2]
    site.edit(first, overview="Another plot.")
    site.build(stages=("crawl", "media"))
    for movie in (first, second):
        assert unsynced(site, "movie_records", movie) == []
        assert unsynced(site, "posters", movie) == []


def test_catalog_that_stayed_the_same_keeps_its_data_version(site):
    site.build(stages=("crawl",))
    versions = {event.tags["dagster/data_version"] for event in site.events("movie_catalog")}
    assert len(site.events("movie_catalog")) == 2
    assert len(versions) == 1
