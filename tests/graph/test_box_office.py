"""Figures from IMDbPro through the whole graph: refreshed while they move, never lost to a page."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assets.cli.build import Request, build
from assets.cli.job_runs import BuildError
from resources.run_context import open_run_context

SUMMARIES = r"/imdbpro/title/tt\d+/boxoffice$"
TABLES = "/boxoffice/_ajax$"
STRANGE = "<html><body><main id='new'>Box office, the new look</main></body></html>"


def summary(gross):
    return (
        "<div id='box_office_summary'><div class='gross_world_summary'>Gross (World)"
        f"<div class='a-column a-span5 a-text-right a-span-last'>{gross}</div></div></div>"
    )


@pytest.fixture
def site(open_site):
    site = open_site(size=6)
    site.crawl = lambda: site.build(stages=("crawl",))
    return site


@pytest.fixture
def movie(site):
    """A movie that comes to cinemas today."""
    movie = site.catalogue.movie_ids()[2]
    site.edit(movie, release_date=str(datetime.now(UTC).date()))
    return movie


def page_of(site, movie):
    return f"{site.catalogue.summary(movie)['imdb_id']}/boxoffice$"


def row_of(site, movie):
    return site.rows("box_office")[movie]


def figures_of(site, movie):
    return json.loads((site.folder / "store" / "box_office" / f"{movie}.json").read_bytes())


def events_of(site, movie):
    return [event for event in site.events("box_office") if event.partition == str(movie)]


def make_due_again(site, movie):
    """Let the time of the row's next look have come."""
    with site.run_context() as run_context:
        row = run_context.ledger.rows("box_office", [movie])[movie]
        run_context.ledger.write("box_office", {movie: replace(row, next_attempt_s=1.0)}, now_s=1.0)


def test_figures_of_a_movie_in_cinemas_are_due_again_and_shown_where_they_changed(site, movie):
    site.order({"path": page_of(site, movie), "body": summary("$1,000,000")})
    site.crawl()
    in_a_week = datetime.now(UTC) + timedelta(days=7)
    assert datetime.fromtimestamp(row_of(site, movie).next_attempt_s, UTC) <= in_a_week
    settled = [row for i, row in site.rows("box_office").items() if row.next_attempt_s == 0]
    assert settled

    make_due_again(site, movie)
    site.reset_stats()
    site.crawl()
    asked = site.stats()["paths"]
    assert [path for path in asked if "boxoffice" in path] == [
        f"/imdbpro/title/{site.catalogue.summary(movie)['imdb_id']}/boxoffice"
    ]
    assert len(events_of(site, movie)) == 1
    assert row_of(site, movie).next_attempt_s > 1.0

    site.lift_faults()
    site.order({"path": page_of(site, movie), "body": summary("$2,000,000")})
    make_due_again(site, movie)
    site.crawl()
    assert len(events_of(site, movie)) == 2
    assert figures_of(site, movie)["revenue_usd"] == 2e6


def test_refresh_in_vain_leaves_the_figure_that_was_had(site, movie):
    site.crawl()
    before = row_of(site, movie)
    make_due_again(site, movie)
    site.order({"path": page_of(site, movie), "body": STRANGE})
    site.crawl()
    after = row_of(site, movie)
    assert (after.status, after.content_hash) == ("ok", before.content_hash)
    assert "asked again in vain" in after.detail
    assert after.next_attempt_s > 1.0
    assert len(events_of(site, movie)) == 1


def test_one_strange_page_is_one_movies_row_with_a_reason_and_is_tried_again_later(site, movie):
    site.order({"path": page_of(site, movie), "body": STRANGE})
    site.crawl()
    rows = site.rows("box_office")
    assert (rows[movie].status, rows[movie].reason) == ("refused", "malformed")
    assert "layout" in rows[movie].detail
    assert rows[movie].next_attempt_s > 0
    assert {row.status for i, row in rows.items() if i != movie} == {"ok"}


STANDING = {
    STRANGE: r"layout has drifted",
    "": r"5 bot_check",
    "<title>Robot Check</title>": "robot",
    "<title>IMDbPro - Sign in</title>": "IMDBPRO_COOKIE",
    "<title>Before you continue</title>": "consent",
}
"""Pages that say nothing of a movie, and what the build then says."""


def test_pages_that_stand_before_all_movies_stop_the_step_and_no_movie_pays(site):
    for body, words in STANDING.items():
        site.order({"path": SUMMARIES, "body": body})
        with pytest.raises(BuildError, match=words):
            site.crawl()
        assert {row.status for row in site.rows("box_office").values()} <= {""}, body
        site.lift_faults()

    site.crawl()
    rows = site.rows("box_office")
    assert len(rows) == 6
    assert {row.attempts for row in rows.values()} == {1}


def test_movie_without_a_page_has_tmdbs_revenue_and_says_so(site, movie):
    site.order({"path": page_of(site, movie), "status": 404})
    site.edit(movie, revenue=7_000_000)
    site.crawl()
    assert figures_of(site, movie)["source"] == "tmdb"
    assert "has no page" in row_of(site, movie).metadata["imdbpro"]


def test_strange_tables_cost_no_label_and_are_not_asked_for_permanently(open_site):
    site = open_site(size=20)
    site.order({"path": TABLES, "body": STRANGE})
    site.build(stages=("crawl",))
    rows = site.rows("box_office")
    assert {row.reason for row in rows.values()} <= {"", "foreign_currency", "no_box_office"}
    assert sum("table_of_days" in row.metadata for row in rows.values()) >= 5
    asked = sum(n["GET"] for path, n in site.stats()["paths"].items() if path.endswith("_ajax"))
    assert 5 <= asked <= 12


def test_days_are_kept_beside_the_figures(site):
    site.crawl()
    found = [figures_of(site, movie) for movie in site.rows("box_office")]
    assert any(figures.get("days", {}).get("rows") for figures in found)
    for figures in found:
        if "days" in figures:
            assert len(figures["days"]["rows"][0]) == len(figures["days"]["columns"])


@contextmanager
def with_rates(site, monkeypatch, text):
    path = site.folder / "rates.csv"
    path.write_text(text)
    monkeypatch.setenv("MARQUEE_EXCHANGE_RATES", str(path))
    settings = site.settings.model_copy(update={"exchange_rates": str(path)})
    with open_run_context(settings) as run_context:
        yield lambda: build(run_context, site.instance, Request(stages=("crawl",)))


def test_foreign_figure_is_kept_without_a_label_until_rates_make_it_one(site, movie, monkeypatch):
    site.edit(movie, revenue=0, release_date="1961-12-15")
    site.order({"path": page_of(site, movie), "body": summary("£430,000")})
    site.crawl()
    assert (row_of(site, movie).status, row_of(site, movie).reason) == (
        "refused", "foreign_currency"
    )  # fmt: skip
    kept = figures_of(site, movie)
    assert kept["revenue_usd"] is None
    assert kept["imdbpro"]["gross_worldwide"] == {"amount": 430_000.0, "currency": "GBP"}

    with with_rates(site, monkeypatch, "year,currency,usd_per_unit\n1961,GBP,2.8\n") as crawl:
        crawl()
    row = row_of(site, movie)
    assert row.status == "ok"
    assert row.metadata["revenue_converted"]["usd_per_unit"] == 2.8
    assert figures_of(site, movie)["revenue_usd"] == 1_204_000.0

    with with_rates(site, monkeypatch, "year,currency,usd_per_unit\n1961,GBP,2.9\n") as crawl:
        crawl()
    assert figures_of(site, movie)["revenue_usd"] == 1_247_000.0


def test_malformed_rates_stop_the_step_and_name_the_line(site, monkeypatch):
    text = "year,currency,usd_per_unit\n1961,GBP,two\n"
    with (
        with_rates(site, monkeypatch, text) as crawl,
        pytest.raises(BuildError, match=r"rates\.csv line 2"),
    ):
        crawl()
