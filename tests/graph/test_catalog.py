"""The catalog, night after night: what is asked for, what resumes, what is never lost."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
import requests
from pydantic import ValidationError

from assets.cli.job_runs import BuildError
from assets.crawl import catalog_crawl
from assets.crawl.catalog import CatalogConfig, movie_catalog
from pipeline.crawl.tmdb.watermark import read_watermark

CRAWL = ("crawl",)
DAY_S = 24 * 3600


def asked(site, kind="details"):
    return sum(site.stats()["kinds"][kind].values())


def crawl(site, *, days_ahead=0, **config):
    """One crawl of the catalog alone, with a clock that goes so many days ahead."""
    with site.run_context() as run_context:
        clock = run_context.clock
        run_context.clock = lambda: clock() + days_ahead * DAY_S
        site.reset_stats()
        return movie_catalog(
            dg.build_asset_context(instance=site.instance), CatalogConfig(**config), run_context
        )


def stamps(site):
    with site.run_context() as run_context:
        return run_context.ledger.movies()


def note(site, name):
    with site.run_context() as run_context:
        return run_context.ledger.note(name)


def stamped(site, before):
    return {tmdb_id for tmdb_id, stamp in stamps(site).items() if before.get(tmdb_id) != stamp}


def delete(site, tmdb_id):
    assert requests.post(f"{site.studio.url}/_delete", json={"tmdb_id": tmdb_id}, timeout=5).ok


def test_night_of_few_changes_asks_for_the_changes_alone(open_site):
    site = open_site(size=300)
    crawl(site)
    changed = site.catalogue.movie_ids()[20:32]
    for tmdb_id in changed:
        site.edit(tmdb_id, overview="Another plot.")
    before = stamps(site)
    crawl(site)
    assert stamped(site, before) == set(changed)
    assert asked(site) == 0
    assert asked(site, "tmdb") <= 2  # today's changes; what came out lately


def test_records_are_asked_for_once_a_change_and_once_more_the_next_day(open_site):
    site = open_site(size=3, stages=CRAWL)
    movie = site.catalogue.movie_ids()[2]
    site.edit(movie, overview="Another plot.")
    site.reset_stats()
    for _ in range(3):
        site.build(stages=CRAWL)
    assert site.stats()["paths"][f"/3/movie/{movie}"] == {"GET": 1}
    assert asked(site) == 1
    before = stamps(site)
    crawl(site, days_ahead=1)  # it may have changed once more after it was asked for
    assert stamped(site, before) == {movie}
    before = stamps(site)
    crawl(site, days_ahead=1)
    assert stamped(site, before) == set()


def test_first_crawl_picks_up_what_changed_that_day_with_all_the_rest(open_site):
    site = open_site(size=4)
    site.edit(site.catalogue.movie_ids()[0], overview="Another plot.")
    crawl(site)
    before = stamps(site)
    crawl(site)
    assert stamped(site, before) == set()


def test_crawl_that_was_away_for_a_hundred_days_goes_on_from_where_it_was(open_site):
    site = open_site(size=4)
    movie = site.catalogue.movie_ids()[1]
    crawl(site)
    site.edit(movie, overview="Another plot.")
    before = stamps(site)
    crawl(site, days_ahead=100)
    assert stamped(site, before) == {movie}
    assert site.stats()["paths"]["/3/movie/changes"]["GET"] == 9  # 100 days by the 14, and today


def test_mark_moves_only_when_all_has_succeeded(open_site):
    site = open_site(size=4)
    crawl(site)
    mark, before = note(site, "crawled_until"), stamps(site)
    site.edit(site.catalogue.movie_ids()[0], overview="Another plot.")
    for path in ("/3/movie/changes", "/3/discover"):
        site.order({"path": path, "status": 404})
        with pytest.raises(dg.Failure, match="TMDB_API_URL"):
            crawl(site, days_ahead=1)
        site.lift_faults()
        assert (note(site, "crawled_until"), stamps(site)) == (mark, before)
    crawl(site, days_ahead=1)
    assert len(stamped(site, before)) == 1


def test_clock_that_was_ahead_loses_no_change(open_site):
    site = open_site(size=4)
    movie = site.catalogue.movie_ids()[1]
    crawl(site)
    site.edit(movie, overview="Another plot.")
    crawl(site, days_ahead=400)  # a wrong clock: so far ahead that everything is asked for again
    before = stamps(site)
    crawl(site)
    assert stamped(site, before) == {movie}
    today = datetime.now(UTC).date()
    assert read_watermark(note(site, "crawled_until")).days == (today,)


def test_clock_that_was_always_ahead_has_everything_asked_for_again(open_site):
    site = open_site(size=4)
    crawl(site, days_ahead=50)
    before = stamps(site)
    crawl(site)
    assert stamped(site, before) == set(before)


def test_deleted_film_keeps_its_title_and_its_last_data_and_may_come_back(open_site):
    site = open_site(size=3, stages=CRAWL)
    movie = site.catalogue.movie_ids()[1]
    reported = site.rows("movie_records")[movie].metadata
    delete(site, movie)
    site.build(stages=CRAWL)
    row = site.rows("movie_records")[movie]
    assert (row.status, row.reason) == ("absent", "deleted_at_source")
    assert {k: row.metadata[k] for k in ("title", "release_date")} == {
        k: reported[k] for k in ("title", "release_date")
    }
    assert (site.folder / "store" / row.metadata["last_data"]).is_file()
    site.assert_dagster_shows_the_ledger()

    site.catalogue.restore(movie)
    with site.run_context() as run_context:  # on another day, or it stands in today's list already
        mark = read_watermark(run_context.ledger.note("crawled_until"))
        yesterday = tuple(day - timedelta(days=1) for day in mark.days)
        text = catalog_crawl.write_watermark(replace(mark, days=yesterday))
        run_context.ledger.set_note("crawled_until", text)
    site.build(stages=CRAWL)
    row = site.rows("movie_records")[movie]
    assert (row.status, row.metadata["title"]) == ("ok", reported["title"])
    site.assert_dagster_shows_the_ledger()


def test_deleted_film_that_is_listed_again_has_come_back(open_site):
    site = open_site(size=3, stages=CRAWL)
    movie = site.catalogue.movie_ids()[1]
    delete(site, movie)
    site.build(stages=CRAWL)
    site.catalogue.restore(movie)
    before = stamps(site)
    crawl(site, is_full=True)
    assert stamped(site, before) == {movie}


def test_film_that_never_was_here_and_is_deleted_has_no_last_data(open_site):
    site = open_site(size=4)
    crawl(site)
    movie = site.catalogue.movie_ids()[1]
    delete(site, movie)
    site.build(stages=CRAWL)
    assert site.rows("movie_records")[movie].metadata == {}


def some_votes(site):
    votes = {i: site.catalogue.details(i)["vote_count"] for i in site.catalogue.movie_ids()}
    wanted = sorted(votes.values())[len(votes) // 2]
    return wanted, {i for i, n in votes.items() if n >= wanted}


def test_films_with_too_few_votes_are_not_listed_and_never_asked_for_by_themselves(open_site):
    site = open_site(size=40)
    wanted, popular = some_votes(site)
    crawl(site, min_votes=wanted)
    assert set(stamps(site)) == popular
    for tmdb_id in site.catalogue.movie_ids():
        site.edit(tmdb_id, overview="Another plot.")
    before = stamps(site)
    crawl(site)
    assert asked(site) == 0
    assert stamped(site, before) == popular


def test_film_that_gathers_votes_late_is_found_within_four_weeks_and_a_new_one_at_once(open_site):
    site = open_site(size=40)
    wanted, popular = some_votes(site)
    new, old = sorted(set(site.catalogue.movie_ids()) - popular)[:2]
    crawl(site, min_votes=wanted)
    today = datetime.now(UTC).date()
    site.edit(new, vote_count=wanted, release_date=str(today - timedelta(days=20)))
    site.edit(old, vote_count=wanted)
    crawl(site)
    assert set(stamps(site)) == popular | {new}
    crawl(site, days_ahead=catalog_crawl.RELIST_DAYS - 1)
    assert set(stamps(site)) == popular | {new}
    crawl(site, days_ahead=catalog_crawl.RELIST_DAYS)
    assert set(stamps(site)) == popular | {new, old}


def test_films_of_a_studio_opened_larger_are_found_at_once(open_site):
    site = open_site(size=6)
    crawl(site)
    larger = open_site(size=9, name="larger")
    grown = replace(site, studio=larger.studio, catalogue=larger.catalogue)
    crawl(grown)
    assert set(stamps(grown)) == set(larger.catalogue.movie_ids())
    crawl(grown)
    assert asked(grown) == 0


def test_film_out_of_scope_is_looked_at_once(open_site):
    site = open_site(size=30)
    ids = site.catalogue.movie_ids()
    dates = {i: site.catalogue.details(i)["release_date"] for i in ids}
    first = sorted(dates.values())[15]
    crawl(site, released_from=first)
    known = {i for i in ids if dates[i] >= first}
    assert set(stamps(site)) == known
    old = sorted(set(ids) - known)[:3]
    for tmdb_id in old:
        site.edit(tmdb_id, overview="Another plot.")
    crawl(site)
    assert asked(site) == 3
    for ahead in (0, 1):
        crawl(site, days_ahead=ahead)
        assert asked(site) == 0
    assert set(stamps(site)) == known


def test_film_that_could_not_be_looked_at_is_looked_at_again(open_site):
    site = open_site(size=4)
    crawl(site)
    assert requests.post(f"{site.studio.url}/_add", json={"n": 1}, timeout=5).ok
    new = site.catalogue.movie_ids()[-1]
    site.order({"path": f"/3/movie/{new}$", "status": 500})
    crawl(site)
    assert new not in stamps(site)
    site.lift_faults()
    crawl(site)
    assert new in stamps(site)


@pytest.mark.parametrize("value", ["soon", "1990-13-01"])
def test_first_release_that_is_no_date_is_named(open_site, value):
    with pytest.raises(ValidationError, match=r"released_from\s.*1990-01-01"):
        crawl(open_site(size=3), released_from=value)


STOPPING = {
    "wrong key": ({"status": 401}, "TMDB_API_KEY"),
    "maintenance": ({"status": 503}, "maintenance"),
    "limited for long": (
        {"status": 429, "headers": {"Retry-After": "3600"}},
        "limits this key|to be left alone",
    ),
}


@pytest.mark.parametrize("name", STOPPING)
def test_what_concerns_the_whole_source_stops_the_crawl_and_costs_no_film_an_attempt(
    open_site, name
):
    fault, output = STOPPING[name]
    site = open_site(size=40, stages=CRAWL)
    changed = site.catalogue.movie_ids()
    for tmdb_id in changed:
        site.edit(tmdb_id, overview="Another plot.")
    before = site.rows("movie_records")
    site.reset_stats()
    site.order({"path": r"/3/movie/\d+", **fault})
    with pytest.raises(BuildError, match=output) as caught:
        site.build(stages=CRAWL)
    assert len(str(caught.value).splitlines()) == 1
    assert asked(site) < 5 * 16  # what was under way and a little more, of 3 * 40 in all
    after = site.rows("movie_records")
    assert {i: (r.status, r.attempts) for i, r in after.items()} == {
        i: (r.status, r.attempts) for i, r in before.items()
    }
    site.lift_faults()
    site.reset_stats()
    site.build(stages=CRAWL)
    assert asked(site) == len(changed)


def test_day_of_the_mark_is_the_day_in_utc(open_site):
    site = open_site(size=3)
    crawl(site)
    (day,) = read_watermark(note(site, "crawled_until")).days
    assert abs(day - date.today()) <= timedelta(days=1)
