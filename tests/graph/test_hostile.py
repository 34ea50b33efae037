"""What a hostile machine does to a store: two builds at once, kills, damage, a full disk."""

import os
import subprocess
import sys
import time

import dagster as dg
import pytest

from assets.cli.build import BuildError
from assets.orchestration.sensors import stale_movies
from pipeline.core.outcomes import Status

BUILD = [sys.executable, "-m", "assets.cli.main", "build", "--stages", "crawl,media"]


def start(site):
    return subprocess.Popen(
        BUILD, env={**os.environ, **site.environment}, cwd=site.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_second_build_waits_for_the_first_and_nothing_is_lost(open_site):
    site = open_site(size=8)
    site.order({"path": "/trailers/", "delay_s": 0.3})
    first = start(site)
    time.sleep(1)
    second = start(site)
    said = [process.communicate(timeout=120)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert sum("waiting until it has finished" in text for text in said) == 1
    site.assert_dagster_shows_the_ledger()
    assert {row.status for row in site.rows("trailers").values()} <= {Status.OK, Status.UNAVAILABLE}


def wait_for_a_trailer(site):
    for _ in range(600):
        if sum(site.stats()["kinds"]["trailer"].values()):
            return
        time.sleep(0.1)
    raise AssertionError("no trailer was asked for in a minute")


def tick(site):
    with site.run_context() as run_context:
        context = dg.build_sensor_context(
            instance=site.instance, resources={"run_context": run_context}
        )
        return list(stale_movies(context))


def test_sensor_goes_on_after_a_killed_run(open_site):
    site = open_site(size=8)
    site.order({"path": "/trailers/", "delay_s": 1.0})
    process = start(site)
    wait_for_a_trailer(site)
    (answer,) = tick(site)
    assert "under way" in answer.skip_message
    process.kill()
    process.communicate()
    site.lift_faults()
    (request,) = tick(site)
    assert request.job_name == "movies"
    statuses = {run.status for run in site.instance.get_runs()}
    assert dg.DagsterRunStatus.STARTED not in statuses


@pytest.mark.parametrize(
    ("asset", "place"),
    [
        ("posters", "posters/{}.jpg"),
        ("trailers", "trailers/{}.mp4"),
        ("movie_records", "movies/{}.json"),
    ],
)
def test_damaged_file_is_made_anew_when_a_follower_meets_it(open_site, asset, place):
    site = open_site(size=3)
    site.build(stages=("crawl", "media"))
    movie = next(i for i, row in site.rows(asset).items() if row.status == Status.OK)
    path = site.folder / "store" / place.format(movie)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])

    site.build()
    assert "damaged_upstream" in {
        site.rows(name)[movie].reason
        for name in ("poster_embeddings", "text_embeddings", "trailer_frames")
    }
    site.build()

    assert path.read_bytes() == whole
    for name in ("poster_embeddings", "text_embeddings", "frame_embeddings"):
        assert site.rows(name)[movie].status in (Status.OK, Status.UNAVAILABLE)
    site.assert_dagster_shows_the_ledger()


def test_lost_embedding_is_named_with_the_remedy_by_what_packs_them(open_site):
    site = open_site(size=3)
    site.build()
    movie = next(i for i, row in site.rows("text_embeddings").items() if row.status == Status.OK)
    (site.folder / "store/embeddings/text/minilm" / f"{movie}.npy").unlink()
    with pytest.raises(BuildError, match=f"{movie}.npy is missing or damaged.*retry --again"):
        site.build(stages=("splits",))


def test_films_of_two_backbones_are_never_packed_together(open_site):
    site = open_site(size=3)
    site.build()
    with site.run_context() as run_context:
        rows = run_context.ledger.rows("text_embeddings")
        movie, row = next((i, row) for i, row in rows.items() if row.status == Status.OK)
        row.metadata["backbones"]["minilm"]["weights_hash"] = "another"
        run_context.ledger.write("text_embeddings", {movie: row}, now_s=0.0)
    with pytest.raises(BuildError, match="text_embeddings are of .* marquee retry --again"):
        site.build(stages=("splits",))


def test_film_that_fails_after_it_was_done_says_so_on_its_page(open_site):
    site = open_site(size=3)
    site.build(stages=("crawl", "media"))
    movie = next(i for i, row in site.rows("posters").items() if row.status == Status.OK)
    site.edit(movie, poster_path="/new.jpg")
    site.order({"path": "/t/p/", "status": 503})
    site.build(stages=("crawl", "media"))
    assert site.rows("posters")[movie].status == Status.WILL_RETRY
    (record,) = site.instance.fetch_observations(dg.AssetKey("posters"), limit=5).records
    observation = record.asset_observation
    assert observation.partition == str(movie)
    assert observation.metadata["status"].value == "will retry"
    assert observation.metadata["reason"].value == "server_error"


def test_full_disk_stops_the_build_with_one_message_and_costs_no_film_an_attempt(open_site):
    site = open_site(size=4)
    site.build(stages=("crawl",))
    posters = site.folder / "store" / "posters"
    posters.write_text("a file where a folder should be: what a disk refuses, it refuses for all")
    with pytest.raises(BuildError, match="cannot be written.*no finished work is lost"):
        site.build(stages=("media",))
    assert {row.status for row in site.rows("posters").values()} <= {"", Status.UNAVAILABLE}
    posters.unlink()
    site.build(stages=("media",))
    assert {row.status for row in site.rows("posters").values()} <= {Status.OK, Status.UNAVAILABLE}


def test_unknown_film_is_named(open_site):
    site = open_site(size=3)
    with pytest.raises(Exception, match="12345 is not among the 3 movies"):
        site.build(stages=("crawl",), movies=(12345,))
