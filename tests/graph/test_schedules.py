"""The nightly schedule and the sensor, evaluated as the daemon does it."""

from datetime import UTC, datetime

import dagster as dg
from sensor_ticks import requested, skipped
from sites import MOVIE_STAGES

from assets.cli.build import overrides
from assets.definitions import build_defs
from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.jobs import stale_ranges
from assets.orchestration.partitions import range_tags
from assets.orchestration.schedules import nightly_crawl
from assets.orchestration.sensors import PAUSE_AFTER_FAILURE_S


def run(site, job, tags=None):
    with site.run_context() as run_context:
        defs = build_defs(**overrides(run_context))
        return defs.resolve_job_def(job).execute_in_process(
            instance=site.instance, tags=tags, raise_on_error=False
        )


def test_schedule_asks_for_a_crawl_at_two_in_the_morning():
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, 20, 2, tzinfo=UTC)
    )
    data = nightly_crawl.evaluate_tick(context)
    assert nightly_crawl.cron_schedule == "0 2 * * *"
    assert nightly_crawl.job_name == "crawl"
    assert len(data.run_requests) == 1


def test_sensor_picks_up_all_that_the_first_crawl_found(open_site):
    site = open_site(size=3)
    assert run(site, "crawl").success
    request = requested(site)
    keys = [str(i) for i in site.catalogue.movie_ids()]
    assert request.job_name == "movies"
    assert request.tags.items() >= range_tags(keys).items()


def test_sensor_picks_up_what_a_crawl_found_then_rests(open_site):
    site = open_site(size=3, stages=MOVIE_STAGES)
    movie = site.catalogue.movie_ids()[1]
    site.edit(movie, overview="Another plot.")
    assert run(site, "crawl").success

    request = requested(site)
    assert request.job_name == "movies"
    assert request.tags.items() >= range_tags([str(movie)]).items()

    assert run(site, "movies", request.tags).success
    site.assert_dagster_shows_the_ledger()
    request = requested(site)
    assert request.job_name == "retrain"


def test_sensor_has_nothing_to_do_before_the_first_crawl(open_site):
    assert skipped(open_site(size=3))


def test_sensor_waits_after_a_failed_run_of_the_same_job_alone(open_site):
    site = open_site(size=3, stages=("crawl",))
    (site.store / "features").write_text("in the way")
    assert not run(site, "retrain").success
    (site.store / "features").unlink()
    request = requested(site)
    assert request.job_name == "movies"
    (site.store / "posters").write_text("in the way")
    assert not run(site, "movies", request.tags).success
    assert "last run of movies failed" in skipped(site)
    assert PAUSE_AFTER_FAILURE_S >= 300


def test_partitions_that_the_ledger_never_knew_are_no_work(open_site, caplog):
    """Dagster's home may hold more movies than a ledger that was replaced: they are not deleted."""
    site = open_site(size=3, stages=("crawl",))
    site.instance.add_dynamic_partitions("movies", ["990001", "990002"])
    with site.run_context() as run_context:
        ranges = stale_ranges(run_context, site.instance)
    assert {int(key) for keys in ranges for key in keys} == set(site.catalogue.movie_ids())
    assert "2 partitions of Dagster's home are no movies of the ledger" in caplog.text
    site.build(stages=("crawl", "media"))
    with site.run_context() as run_context:
        assert not {990001, 990002} & run_context.ledger.rows("movie_records").keys()


def test_due_films_are_cut_into_ranges_and_not_the_keys_between(open_site):
    """Three of the movies have another poster."""
    site = open_site(size=4, stages=("crawl", "media"))
    ids = site.catalogue.movie_ids()
    changed = [ids[0], ids[2], ids[3]]
    for movie in changed:
        site.edit(movie, poster_path=f"/new-{movie}.jpg")
    site.build(stages=("crawl",))
    posters = [step for step in MOVIE_ASSETS if step.name == "posters"]
    for limit, size in ((None, 2), (3, 1)):
        with site.run_context() as run_context:
            ranges = stale_ranges(
                run_context, site.instance, specs=posters, range_movies=size, limit=limit
            )
        assert [int(key) for keys in ranges for key in keys] == changed
        assert max(map(len, ranges)) == size
