"""Films that are not out yet have a prediction in Dagster, made by the promoted models."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from shapes import WHOLE
from sites import MOVIE_STAGES, opened_site

from assets.cli.build import overrides
from assets.cli.job_runs import run_job
from assets.definitions import build_defs
from assets.orchestration.partitions import range_tags
from assets.orchestration.prediction_job import PREDICTIONS, are_predictions_stale
from assets.predict import MovieInputs, Predictor
from assets.predict.movie_predictions import RECENT, choose_movies
from pipeline.models.systems.registry import SYSTEMS


@pytest.fixture(scope="module")
def site(shared_sites, tmp_path_factory):
    """The studio announces one more film than the store knows."""
    folder = tmp_path_factory.mktemp("predictions") / "site"
    shared_sites.copy(WHOLE, folder)
    with opened_site(folder, WHOLE.size + 1, WHOLE.seed) as site:
        yield site


def predict(site):
    with site.run_context() as run_context:
        keys = site.instance.get_dynamic_partitions("movies")
        defs = build_defs(**overrides(run_context))
        run_job(defs, site.instance, "predictions", tags=range_tags(keys))


def read(site, tmdb_id):
    path = site.store / "predictions" / f"{tmdb_id}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_new_announced_film_has_its_prediction_after_one_run(site):
    new = site.catalogue.movie_ids()[-1]
    coming = datetime.now(UTC).date() + timedelta(days=150)
    site.edit(new, release_date=coming.isoformat(), revenue=0)
    site.build(stages=("crawl",))
    site.build(stages=MOVIE_STAGES[1:], movies=(new,))
    site.materialize("movie_features")
    with site.run_context() as run_context:
        assert are_predictions_stale(run_context)
    predict(site)
    with site.run_context() as run_context:
        assert not are_predictions_stale(run_context)
        predictor = Predictor(run_context)
        wanted = choose_movies(predictor.table, datetime.now(UTC))
        expected = predictor.predict(MovieInputs(tmdb_id=new)).as_json()
    assert new in wanted
    assert site.materialized(PREDICTIONS) == wanted < set(site.catalogue.movie_ids())
    stored = read(site, new)
    assert stored == json.loads(json.dumps(expected))
    assert {one["system"] for one in stored["predictions"]} == {one.name for one in SYSTEMS}
    event = next(one for one in site.events(PREDICTIONS) if one.partition == str(new))
    assert event.metadata["version_box_office"].value == 1
    assert event.metadata["predicted_revenue_usd"].value > 0
    assert event.metadata["page"].value.endswith("/page")


def test_second_run_changes_nothing_and_a_killed_one_is_finished(site):
    before = len(site.events(PREDICTIONS))
    predict(site)
    assert len(site.events(PREDICTIONS)) == before
    new = site.catalogue.movie_ids()[-1]
    with site.run_context() as run_context:
        row = run_context.ledger.rows(PREDICTIONS, [new])[new]
        assert row.is_published
        # as if a run had written other predictions, and had been killed before their event
        run_context.ledger.write(
            PREDICTIONS, {new: replace(row, content_hash="other", is_published=False)}, now_s=0.0
        )
    predict(site)
    assert len(site.events(PREDICTIONS)) == before + 1


def test_films_with_known_revenue_are_left_alone_once_they_are_old(site):
    with site.run_context() as run_context:
        table = Predictor(run_context).table
    today = datetime.now(UTC)
    wanted = choose_movies(table, today)
    frame = table.table.set_index("tmdb_id")
    for tmdb_id, row in frame.iterrows():
        is_recent = row["release_date"] >= (today - RECENT).replace(tzinfo=None)
        assert (tmdb_id in wanted) == (is_recent or row["revenue_usd"] != row["revenue_usd"])
