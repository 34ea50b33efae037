"""Movies some of whose trailers cannot be had: what is shown, what the next run asks for."""

import pytest
from commands import marquee
from sites import MOVIE_STAGES

from assets.orchestration.partitions import SOURCE_PARTITIONS
from pipeline.core.errors import ConfigurationError
from pipeline.core.outcomes import Status

LATER, GONE, CUT, BESIDE = slice(0, 1), slice(1, 2), slice(2, 3), slice(3, 5)
"""Of the movies with one trailer."""


def test_neighbours_of_failed_trailers_finish_and_the_next_run_asks_for_what_is_due(open_site):
    site = open_site(size=12)
    with_one = [i for i in site.catalogue.movie_ids() if count_trailers(site, i) == 1]
    later, gone, cut, beside = (with_one[part] for part in (LATER, GONE, CUT, BESIDE))
    movies = (*later, *gone, *cut, *beside)
    site.order(
        *({"path": f"/trailers/mv_.*{i}", "status": 503} for i in later),
        *({"path": f"/trailers/mv_.*{i}", "status": 404} for i in gone),
        *({"path": f"/trailers/mv_.*{i}", "cut_body_at": 0.6} for i in cut),
    )

    site.build(movies=movies)

    site.assert_dagster_shows_the_ledger()
    rows = site.rows("trailers")
    assert {rows[i].reason for i in later} == {"server_error"}
    assert {rows[i].reason for i in gone} == {"gone"}
    assert {rows[i].reason for i in cut} == {"cut_off"}
    assert site.materialized("trailers") == {*gone, *beside}
    embedded = site.rows("frame_embeddings")
    assert [embedded[i].status for i in beside] == [Status.OK] * 2
    assert site.materialized("frame_embeddings") == {*gone, *beside}

    site.lift_faults()
    site.reset_stats()
    assert site.build(movies=movies) == 2

    stats = site.stats()
    asked = {path for path in stats["paths"] if path.startswith("/trailers/")}
    assert asked == {f"/trailers/mv_{i}.mp4" for i in (*later, *cut)}
    assert sum(stats["kinds"]["details"].values()) == 0
    assert sum(stats["kinds"]["image"].values()) == 0
    assert sum(stats["kinds"]["imdbpro"].values()) == 0
    site.assert_dagster_shows_the_ledger()
    assert site.materialized("frame_embeddings") == set(movies)


def count_trailers(site, movie):
    """Count the trailers and teasers of a movie, if it has a trailer."""
    kinds = [key[:2] for key in site.keys(movie)]
    return sum(kind in ("mv", "ts") for kind in kinds) if "mv" in kinds else 0


@pytest.mark.parametrize("path", ["/3/", "/3/movie/changes"])
def test_wrong_key_is_refused(open_site, path):
    """A key that does not work at all is refused before there is a run."""
    site = open_site(size=3, stages=("crawl",))
    before = len(site.instance.get_runs())
    site.order({"path": path, "status": 401})
    with pytest.raises(Exception, match="TMDB_API_KEY"):
        site.build(stages=("crawl",))
    assert len(site.instance.get_runs()) - before == (path != "/3/")


def test_host_that_cannot_be_reached_is_named_before_there_is_a_run(tmp_path):
    given = {
        "TMDB_API_KEY": "x" * 32,
        "TMDB_API_URL": "http://127.0.0.1:9/3",
        "MARQUEE_STORE": str(tmp_path / "store"),
    }
    output = marquee("build", cwd=tmp_path, environment=given, check=False)
    assert output.returncode == 1
    assert "TMDB cannot be reached at http://127.0.0.1:9/3" in output.stderr
    assert "No run was started" in output.stderr


def test_home_of_another_source_is_refused_before_there_is_a_run(open_site):
    site = open_site(size=3)
    site.instance.add_dynamic_partitions(SOURCE_PARTITIONS, ["tmdb"])
    with pytest.raises(ConfigurationError, match="never mix"):
        site.build(stages=("crawl",))
    assert not site.instance.get_runs()


def test_source_that_is_down_stops_the_run_with_one_message_and_burns_no_attempts(open_site):
    site = open_site(size=3, stages=("crawl",))
    site.edit(site.catalogue.movie_ids()[0], overview="Another plot.")
    site.order({"path": "/3/movie/changes", "status": 401})
    with pytest.raises(Exception, match="TMDB_API_KEY"):
        site.build(stages=("crawl",))
    assert {row.status for row in site.rows("movie_records").values()} == {"ok"}


def test_nothing_new_means_nothing_asked_and_nothing_done(open_site):
    site = open_site(size=3, stages=MOVIE_STAGES)
    site.reset_stats()
    assert site.build() == 0
    kinds = site.stats()["kinds"]
    assert {kind for kind, methods in kinds.items() if sum(methods.values())} == {"tmdb"}
