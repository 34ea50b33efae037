"""A Dagster home that allows several runs at once: the sensor cuts what is stale among them."""

import dagster as dg
import pytest
from sensor_ticks import requested, requested_ranges, skipped
from sites import DAGSTER_YAML, MOVIE_STAGES

from assets.orchestration import run_slots
from assets.orchestration.partitions import ONLY
from resources.storage.lock import holding, owning


@pytest.fixture
def site(open_site, monkeypatch):
    monkeypatch.setattr(run_slots, "MIN_RANGE_MOVIES", 2)
    site = open_site(size=6, stages=("crawl",))
    (site.folder / "home" / "dagster.yaml").write_text(
        f"{DAGSTER_YAML}\nconcurrency: {{runs: {{max_concurrent_runs: 3}}}}\n"
    )
    with dg.DagsterInstance.from_config(str(site.folder / "home")) as instance:
        site.instance = instance
        yield site


def add_run(site, tags):
    run = dg.DagsterRun(job_name="movies", tags=tags, status=dg.DagsterRunStatus.STARTING)
    return site.instance.add_run(run)


def test_movies_are_cut_into_as_many_ranges_as_there_are_free_slots(site):
    ids = [str(i) for i in site.catalogue.movie_ids()]
    tags = requested_ranges(site)
    assert [one[ONLY].split(",") for one in tags] == [ids[:2], ids[2:4], ids[4:]]
    for one in tags[:2]:
        add_run(site, one)
    (last,) = requested_ranges(site)
    assert last[ONLY] == ",".join(ids[4:]), "what two runs were requested for is theirs"
    add_run(site, last)
    assert "in progress" in skipped(site)


def test_movies_that_a_build_is_working_on_are_not_requested(site):
    first, *rest = site.catalogue.movie_ids()
    with site.run_context() as run_context, owning(run_context.ledger) as owner:
        owner.claims.take("posters", {first}, owner.id)
        wanted = [key for one in requested_ranges(site) for key in one[ONLY].split(",")]
        assert wanted == [str(i) for i in rest]
        owner.claims.take("posters", rest, owner.id)
        assert "is working on" in skipped(site)


def test_models_are_requested_when_nobody_makes_any(open_site):
    site = open_site(size=3, stages=MOVIE_STAGES)
    with (
        site.run_context() as run_context,
        holding("the models", run_context.store, run_context.ledger, name="a build"),
    ):
        assert "a build" in skipped(site)
    assert requested(site).job_name == "retrain"
