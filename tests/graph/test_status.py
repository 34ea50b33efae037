"""The account of all films: it adds up whatever happened, and says so where it does not."""

import json
import subprocess
import sys

import pytest
import requests
from accounts import account, assert_adds_up, say
from commands import bare_environment, marquee

from assets.cli.status import INTERRUPTED, take_account
from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.outcomes import PENDING
from pipeline.core.staleness import Row

CRAWL_AND_MEDIA = ("crawl", "media")


def test_every_film_is_accounted_for_before_during_and_after_faults(open_site):
    site = open_site(size=6)
    assert_adds_up(site)
    first, second, third, *_ = site.catalogue.movie_ids()
    site.order(
        {"path": f"/3/movie/{third}$", "status": 500},
        {"path": "/t/p/", "status": 404},
        {"path": "/trailers/", "status": 503},
    )
    site.build(stages=CRAWL_AND_MEDIA)
    assert_adds_up(site)
    records = account(site, "movie_records")
    assert records.counts == {"ok": 5, "unavailable": 0, "rejected": 0, "will retry": 1, PENDING: 0}
    (line,) = records.lines
    assert (line.reason, line.movies, line.example) == ("server_error", 1, third)
    assert "500" in line.detail
    assert account(site, "posters").counts[PENDING] == 1
    assert account(site, "trailer_frames").counts[PENDING] == 6

    requests.post(f"{site.studio.url}/_delete", json={"tmdb_id": second}, timeout=5)
    site.lift_faults()
    with site.run_context() as run_context:
        names = [step.name for step in MOVIE_ASSETS]
        run_context.ledger.forget(names, [first, second], ["ok", "refused"])
    site.build(stages=CRAWL_AND_MEDIA)
    assert_adds_up(site)
    lines = {line.reason: line for line in account(site, "movie_records").lines}
    assert lines["deleted_at_source"].example == second
    assert account(site, "movie_records").counts["unavailable"] == 1
    assert {line.reason for line in account(site, "posters").lines} >= {"upstream_absent"}


def test_asset_that_nobody_asks_for_is_named_and_not_counted(open_site):
    site = open_site(size=3, stages=CRAWL_AND_MEDIA)
    with site.run_context() as run_context:
        assert "audio_embeddings" not in {one.asset for one in take_account(run_context)}
    assert "Disabled by the preset and the settings: audio_embeddings." in say(site)[1]
    site.more = {"backbones": "ast"}
    assert account(site, "audio_embeddings").counts[PENDING] == 3
    assert "Not asked for" not in say(site)[1]


def test_film_that_was_begun_and_not_finished_counts_as_not_tried(open_site):
    site = open_site(size=2)
    first, second = site.catalogue.movie_ids()
    with site.run_context() as run_context:
        run_context.ledger.know_movies({first: "", second: ""})
        run_context.ledger.intend("posters", first, {"files": []})
        run_context.ledger.write("revenue_features", {0: Row(status="ok")}, now_s=0.0)
    posters = account(site, "posters")
    assert posters.adds_up
    assert posters.counts[PENDING] == 2
    (line,) = posters.lines
    assert (line.status, line.reason, line.example) == (PENDING, INTERRUPTED, first)


@pytest.fixture
def odd_site(open_site):
    """Two films known, one more with a row, and one whose status is none."""
    site = open_site(size=2)
    first, second = site.catalogue.movie_ids()
    with site.run_context() as run_context:
        run_context.ledger.know_movies({first: "", second: ""})
        rows = {first: Row(status="lost"), 4711: Row(status="ok")}
        run_context.ledger.write("posters", rows, now_s=0.0)
    return site, first


@pytest.mark.parametrize("options", [{}, {"reasons": True}])
def test_what_does_not_add_up_is_named_and_is_a_failure(odd_site, options):
    site, first = odd_site
    code, output = say(site, **options)
    assert code == 1
    assert "posters does not add up: 2 movies are known, 1 are counted" in output
    assert "rows of movies that are not known: 4711" in output
    assert f"movies with a status that does not exist: {first}" in output


def test_account_as_json_holds_sums_and_reasons(odd_site):
    site, first = odd_site
    code, output = say(site, as_json=True)
    values = json.loads(output)
    assert code == 1
    assert values["movies_known"] == 2
    assert not values["adds_up"]
    assert values["assets"]["posters"]["movies_not_known"] == [4711]
    assert values["assets"]["posters"]["movies_of_no_status"] == [first]
    assert values["assets"]["trailers"]["adds_up"]
    assert values["disabled"] == ["audio_embeddings"]
    assert set(values["assets"]) == {step.name for step in MOVIE_ASSETS} - {"audio_embeddings"}


def test_command_prints_every_reason_below_its_asset_with_a_film_to_look_at(open_site):
    site = open_site(size=3, stages=("crawl",))
    site.order({"path": "/t/p/", "status": 404})
    site.build(stages=("media",))
    result = marquee("status", "--reasons", environment=site.environment, cwd=site.folder)
    refused = [i for i, row in site.rows("posters").items() if row.reason == "gone"]
    lines = result.stdout.splitlines()
    below = lines[lines.index("posters: 3 known ✓") :]
    gone = next(n for n, line in enumerate(below) if " gone, " in line)
    assert below[gone].split() == [str(len(refused)), "gone,", "e.g.", "movie", str(min(refused))]
    assert "404" in below[gone + 1]
    assert "✓ 3 known movies = ok + unavailable + rejected + will retry + pending" in result.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_pipe_that_lacks_a_sign_has_a_question_mark(encoding):
    code = "from assets.cli.app import *; replace_unprintable_signs(); print('a\u2713b \xb7')"
    environment = {**bare_environment(), "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == "a\u2713b \xb7".encode(encoding, "replace")
