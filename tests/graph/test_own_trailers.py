"""A folder of the user's own trailers, and a trailer host that wants a rest, in whole builds."""

import json
import time

import pytest

from assets.cli.build import Request, build
from assets.cli.retry import queue_for_retry
from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.staleness import open_work_plan
from pipeline.core.outcomes import Reason, Status
from pipeline.core.staleness import Action
from resources.run_context import open_run_context
from resources.settings import ENVIRONMENT
from resources.trailers.cooldown import NOTE
from resources.trailers.trailer_sources import open_cooldown

TRAILERS = next(step for step in MOVIE_ASSETS if step.name == "trailers")
MEDIA = Request(stages=("crawl", "media"))
ASKED_S = 4000
VIDEO = {"key": "CHekzSiZjrY", "site": "YouTube", "type": "Trailer", "official": True}


@pytest.fixture
def build_media(monkeypatch):
    """Build a site's media; settings come from the environment, as the runs read them."""

    def build_once(site, **settings):
        for field, value in settings.items():
            monkeypatch.setenv(ENVIRONMENT[field], value)
        with open_run_context(site.settings.model_copy(update=settings)) as run_context:
            return build(run_context, site.instance, MEDIA)

    return build_once


def due_trailers(site, **settings):
    """Return the movies whose trailer would be worked at now."""
    with open_run_context(site.settings.model_copy(update=settings)) as run_context:
        work_plan = open_work_plan(run_context, site.instance, TRAILERS, site.catalogue.movie_ids())
        return set(work_plan.movies_to(Action.WORK))


def trailers_asked_for(site):
    return {path for path in site.stats()["paths"] if path.startswith("/trailers/")}


def end_rest(site):
    """Let the time pass until the host may be asked again."""
    with site.run_context() as run_context:
        pause = json.loads(run_context.ledger.note(NOTE))
        run_context.ledger.set_note(NOTE, json.dumps({**pause, "until_s": time.time() - 1}))


def test_own_trailers_spare_the_host_and_their_changes_make_one_movie_due(
    open_site, build_media, tmp_path
):
    site, own = open_site(size=3, stages=("crawl",)), tmp_path / "own"
    own.mkdir()
    first, second, third = site.catalogue.movie_ids()
    site.edit(third, videos={"results": [VIDEO]})
    video = site.catalogue.trailer(f"mv_{first}").read_bytes()
    (own / f"{first}.mp4").write_bytes(video)
    (own / f"{third}.mp4").symlink_to("/etc/hostname")

    build_media(site, trailers=str(own))
    rows = site.rows("trailers")
    assert (rows[first].metadata["taken"], rows[first].metadata["is_own"]) == (f"{first}.mp4", True)
    assert rows[second].metadata["is_own"] is False
    assert rows[third].reason == "forbidden"
    assert rows[third].metadata["tried"].keys() == {f"{third}.mp4", VIDEO["key"]}
    assert f"/trailers/mv_{first}.mp4" not in trailers_asked_for(site)
    site.assert_dagster_shows_the_ledger()

    assert due_trailers(site, trailers=str(own)) == set()
    (own / "unrelated.mp4").write_bytes(b"x")
    assert due_trailers(site, trailers=str(own)) == set()
    (own / f"{VIDEO['key']}.webm").write_bytes(video)
    assert due_trailers(site, trailers=str(own)) == {third}
    imdb_id = site.rows("movie_records")[second].metadata["imdb_id"]
    (own / f"{imdb_id}.mkv").write_bytes(b"damaged")
    assert due_trailers(site, trailers=str(own)) == {second, third}
    assert due_trailers(site, trailers=str(own), trailer_lines="720") == {first, second, third}

    site.reset_stats()
    assert build_media(site, trailers=str(own)) == 2
    rows = site.rows("trailers")
    assert rows[third].metadata["taken"] == f"{VIDEO['key']}.webm"
    assert rows[second].metadata["is_own"] is False
    assert rows[second].metadata["tried"][f"{imdb_id}.mkv"].startswith("malformed: your own")
    assert trailers_asked_for(site) == {f"/trailers/mv_{second}.mp4"}
    assert (own / f"{first}.mp4").read_bytes() == video
    assert due_trailers(site, trailers=str(own)) == set()


def test_host_that_wants_a_rest_stops_no_build_and_costs_no_film_that_was_not_tried(
    open_site, caplog, build_media
):
    site = open_site(size=6, stages=("crawl",))
    site.order({"path": "/trailers/", "status": 429, "headers": {"Retry-After": str(ASKED_S)}})

    build_media(site)
    tried = site.rows("trailers")
    limited = {i for i, row in tried.items() if row.status == Status.WILL_RETRY}
    assert 1 <= len(limited) <= 4  # as many as threads
    assert {tried[i].reason for i in limited} == {"rate_limited"}
    assert "no trailer is requested until" in tried[min(limited)].detail
    listed = {i for i, row in site.rows("movie_records").items() if row.metadata["trailer_keys"]}
    assert listed - limited
    assert not (listed - limited) & set(tried)
    assert all(row.is_final for row in site.rows("posters").values())
    site.assert_dagster_shows_the_ledger()

    site.lift_faults()
    site.reset_stats()
    caplog.clear()
    assert build_media(site) == 0
    assert not trailers_asked_for(site)
    assert "no trailer is requested until" in caplog.text

    end_rest(site)
    assert build_media(site) == len(listed)
    rows = site.rows("trailers")
    assert {rows[i].status for i in listed} == {Status.OK}
    assert {rows[i].attempts for i in listed - limited} == {1}
    site.assert_dagster_shows_the_ledger()


def test_rest_is_ended_by_retry_of_trailers_alone(open_site):
    site = open_site(size=1)
    with site.run_context() as run_context:
        pauses = open_cooldown(run_context.settings, run_context.ledger, run_context.clock)
        pauses.begin(Reason.BOT_CHECK)
        for asset, is_over in (("posters", False), ("trailers", True)):
            queue_for_retry(
                run_context, movies=None, asset=asset, with_rejected=False, with_done=False
            )
            assert (pauses.current() is None) is is_over
