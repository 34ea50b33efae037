"""Features of other records, and of other days, are read as if nothing else were known."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from priced_movies import INPUTS, LOG10, MOVIES, Table

from pipeline.core.inputs_as_of import inputs_as_of
from pipeline.core.metadata import METADATA_COLUMNS, describe_movies
from pipeline.core.record_cuts import KEPT_SHARES, draw_cuts
from pipeline.core.records import Person
from pipeline.models.training.cut_features import (
    features_as_of,
    features_before_release,
    features_cut_at_random,
    features_mixed,
)
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import fit_reader

ROWS = np.arange(MOVIES)


@pytest.fixture(scope="module", name="features")
def full_features():
    cast = tuple(Person(200 + k, "", "Actor", k) for k in range(12))
    crew = (Person(301, "", "Screenplay"), Person(302, "", "Editor"))
    records = tuple(
        replace(r, cast=cast[k % 4 :], crew=r.crew + crew, tagline="T", runtime_min=90.0 + k)
        for k, r in enumerate(INPUTS.records)
    )
    metadata = describe_movies(records)
    table = Table(
        {"metadata": metadata}, {"metadata": np.ones(MOVIES, bool)},
        columns={"metadata": METADATA_COLUMNS},
    )  # fmt: skip
    return FeatureSet(table, records, INPUTS.revenue_usd)


def test_as_before_release_there_are_directors_five_actors_and_no_tagline(features):
    cut = features_before_release(features)
    for record, whole in zip(cut.records, features.records, strict=True):
        assert {person.job for person in record.crew} == {"Director"}
        assert record.cast == whole.cast[:5]
        assert (record.tagline, record.runtime_min) == ("", whole.runtime_min)
        assert (record.overview, record.budget_usd) == (whole.overview, whole.budget_usd)
    same = np.asarray(cut.table.streams["metadata"])
    np.testing.assert_array_equal(same, features.table.streams["metadata"])


def test_cuts_take_each_field_as_often_as_documented(features):
    many = [replace(features.records[0], tmdb_id=k) for k in range(2000)]
    cuts = draw_cuts(many, seed=1)
    kept = {
        "director": [any(p.job == "Director" for p in r.crew) for r in cuts],
        "writer": [any(p.job == "Screenplay" for p in r.crew) for r in cuts],
        "budget": [r.budget_usd is not None for r in cuts],
        "runtime": [r.runtime_min is not None for r in cuts],
    }
    for name, flags in kept.items():
        assert np.mean(flags) == pytest.approx(KEPT_SHARES[name], abs=0.04), name
    counts = np.bincount([len(r.cast) for r in cuts], minlength=6)
    assert len(counts) == 6
    assert counts.min() > 2000 / 6 - 80
    assert draw_cuts(many[::-1], seed=1) == cuts[::-1], "by id, not by place"
    assert draw_cuts(many, seed=2) != cuts


def test_metadata_of_cut_records_are_theirs(features):
    cut = features_cut_at_random(features, seed=3)
    column = METADATA_COLUMNS.index("runtime_min")
    runtimes = np.asarray(cut.table.streams["metadata"])[:, column]
    is_gone = np.array([record.runtime_min is None for record in cut.records])
    assert 0 < is_gone.sum() < MOVIES
    np.testing.assert_array_equal(np.isnan(runtimes), is_gone)


def test_every_other_movie_is_cut_where_each_counts_once(features):
    mixed = features_mixed(features, seed=3)
    is_whole = [a == b for a, b in zip(mixed.records, features.records, strict=True)]
    assert 0.3 < np.mean(is_whole) < 0.7


def test_no_model_of_a_blend_sees_a_gap(features):
    reader = fit_reader(features, LOG10, ROWS)
    for seed in range(3):
        numbers = reader.raw_numbers(features_cut_at_random(features, seed), ROWS)
        assert np.isfinite(numbers).all()
    bare = replace(features, records=[
        replace(r, crew=(), cast=(), companies=(), budget_usd=None) for r in features.records
    ])  # fmt: skip
    assert np.isfinite(reader.raw_numbers(bare, ROWS)).all()


def test_the_reader_reads_what_inputs_as_of_returns(features):
    """Training, evaluation and prediction are of the same inputs, to the last bit."""
    day = date(2005, 3, 1)
    reader = fit_reader(features, LOG10, ROWS)
    for days in (None, day):
        inputs = inputs_as_of(features.records, days, known=features.records, tracks=reader.tracks)
        read = features if days is None else features_as_of(features, days)
        wanted = np.hstack([inputs.metadata, inputs.release, inputs.talent]).astype(np.float64)
        numbers = reader.raw_numbers(read, ROWS)
        known = ~np.isnan(wanted)
        np.testing.assert_array_equal(numbers[known], wanted[known])


def test_days_before_release_only_take_away(features):
    reader = fit_reader(features, LOG10, ROWS)
    place = -len(reader.mean) + numbers_of("director_history_movies", features)
    counts = [
        reader.raw_numbers(features_before_release(features, days), ROWS)[:, place].sum()
        for days in (0, 180, 2000)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    early = features_before_release(features, 180)
    assert early.days is not None
    assert early.days[0] == features.records[0].release_date - timedelta(180)


def numbers_of(name, features):
    from pipeline.core.release_columns import RELEASE_COLUMNS
    from pipeline.core.track_records import TALENT_COLUMNS

    return [*METADATA_COLUMNS, *RELEASE_COLUMNS, *TALENT_COLUMNS].index(name)
