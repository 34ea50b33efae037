"""What a hostile machine does: damage, a lost file, a lost home of Dagster's, a full disk."""

import json

import dagster as dg
import pytest
from sites import MOVIE_STAGES, make_home

from assets.cli.job_runs import BuildError
from pipeline.core.outcomes import Status
from pipeline.core.terms import TERMS_KEY

MEDIA = ("crawl", "media")
PLACES = {
    "posters": "posters/{}.jpg",
    "trailers": "trailers/{}.mp4",
    "movie_records": "movies/{}.json",
}


def test_damaged_files_are_recomputed_when_a_follower_meets_them(open_site):
    """Another movie's for each asset; the next build meets them, and the one after has all."""
    site = open_site(size=3, stages=MEDIA)
    ids = site.catalogue.movie_ids()
    whole = {}
    for asset, place in PLACES.items():
        ok = {i for i, row in site.rows(asset).items() if row.status == Status.OK}
        movie = next(i for i in ids if i in ok and i not in {m for m, _ in whole.values()})
        path = site.store / place.format(movie)
        whole[path] = (movie, path.read_bytes())
        path.write_bytes(whole[path][1][: len(whole[path][1]) // 3])

    site.build()
    for movie, _ in whole.values():
        assert "damaged_upstream" in {
            site.rows(name)[movie].reason
            for name in ("poster_embeddings", "text_embeddings", "trailer_frames")
        }, movie
    site.build()

    for path, (movie, content) in whole.items():
        assert without_terms(path.read_bytes()) == without_terms(content)
        for name in ("poster_embeddings", "text_embeddings", "frame_embeddings"):
            assert site.rows(name)[movie].status in (Status.OK, Status.UNAVAILABLE)
    site.assert_dagster_shows_the_ledger()


def without_terms(content: bytes) -> object:
    """Return a file without when its record was read, which another reading changes."""
    if not content.startswith(b"{"):
        return content
    record = json.loads(content)
    assert record.pop(TERMS_KEY, None) or "genres" not in record
    return record


def test_lost_embedding_is_named_with_the_remedy_by_what_packs_them(open_site):
    site = open_site(size=3, stages=MOVIE_STAGES)
    movie = next(i for i, row in site.rows("text_embeddings").items() if row.status == Status.OK)
    (site.folder / "store/embeddings/text/minilm" / f"{movie}.npy").unlink()
    with pytest.raises(BuildError, match=f"{movie}.npy is missing or damaged.*retry --again"):
        site.build(stages=("splits",))


def test_films_of_two_backbones_are_never_packed_together(open_site):
    site = open_site(size=3, stages=MOVIE_STAGES)
    with site.run_context() as run_context:
        rows = run_context.ledger.rows("text_embeddings")
        movie, row = next((i, row) for i, row in rows.items() if row.status == Status.OK)
        row.metadata["backbones"]["minilm"]["weights_hash"] = "another"
        run_context.ledger.write("text_embeddings", {movie: row}, now_s=0.0)
    with pytest.raises(BuildError, match="text_embeddings are of .* marquee retry --again"):
        site.build(stages=("splits",))


def test_film_that_fails_after_it_was_done_says_so_on_its_page(open_site):
    site = open_site(size=3, stages=MEDIA)
    movie = next(i for i, row in site.rows("posters").items() if row.status == Status.OK)
    site.edit(movie, poster_path="/new.jpg")
    site.order({"path": "/t/p/", "status": 503})
    site.build(stages=MEDIA)
    assert site.rows("posters")[movie].status == Status.WILL_RETRY
    (record,) = site.instance.fetch_observations(dg.AssetKey("posters"), limit=5).records
    observation = record.asset_observation
    assert observation.partition == str(movie)
    assert observation.metadata["status"].value == "will retry"
    assert observation.metadata["reason"].value == "server_error"


def test_full_disk_stops_the_build_with_one_message_and_costs_no_film_an_attempt(open_site):
    site = open_site(size=3, stages=("crawl",))
    posters = site.folder / "store" / "posters"
    posters.write_text("a file where a folder should be: what a disk refuses, it refuses for all")
    with pytest.raises(BuildError, match="cannot be written.*no finished work is lost"):
        site.build(stages=("media",))
    assert {row.status for row in site.rows("posters").values()} <= {"", Status.UNAVAILABLE}
    posters.unlink()
    site.build(stages=("media",))
    assert {row.status for row in site.rows("posters").values()} <= {Status.OK, Status.UNAVAILABLE}


def test_home_that_was_lost_shows_the_ledger_again_and_nothing_is_recomputed(open_site, tmp_path):
    site = open_site(size=3, stages=("crawl",))
    site.reset_stats()
    make_home(tmp_path / "new")
    with dg.DagsterInstance.from_config(str(tmp_path / "new" / "home")) as fresh:
        site.instance = fresh
        assert site.build(stages=("crawl",)) == 3
        site.assert_dagster_shows_the_ledger()
    assert site.asked("details", "imdbpro") == 0


def test_unknown_film_is_named(open_site):
    site = open_site(size=3, stages=("crawl",))
    with pytest.raises(Exception, match="12345 is not among the 3 movies"):
        site.build(stages=("crawl",), movies=(12345,))
