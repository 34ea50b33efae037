"""Predictions as of a day: replayed to the bit, and untouched by anything that happened later."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from present import present

from assets.predict import MovieInputs, Predictor
from assets.predict.movie_rows import MovieRows
from assets.predict.predictor import Predictions
from assets.predict.served_models import served_tasks
from pipeline.core.records import Company, Person, Video, to_json
from pipeline.predict.comparable import MovieComparison
from pipeline.splits.features import RECORDS_FILE


@pytest.fixture(scope="module")
def run_context(site):
    with site.run_context() as run_context:
        yield run_context


@pytest.fixture(scope="module")
def table(run_context):
    return Predictor(run_context).table


@pytest.fixture(scope="module")
def ask(run_context, table, tmp_path_factory):
    """Asks about a film as of a day, in a world of other records and revenues."""
    tasks = served_tasks(run_context, table)

    def ask(tmdb_id, day, records=table.records, revenue_usd=None):
        frame = table.table if revenue_usd is None else table.table.assign(revenue_usd=revenue_usd)
        folder = tmp_path_factory.mktemp("records")
        lines = (json.dumps(to_json(record)) + "\n" for record in records)
        (folder / RECORDS_FILE).write_text("".join(lines), encoding="utf-8")
        known = replace(table, table=frame, folder=folder)
        rows = MovieRows(run_context, known, refuse, lambda _: None)
        row, remarks = rows.make(MovieInputs(tmdb_id=tmdb_id), day)
        near = MovieComparison(known).find(row, day)
        made = [task.predict(row) for task in tasks]
        return Predictions(row.record, row.has, remarks, tuple(made), near).as_json()

    return ask


def refuse():
    raise AssertionError("no source is asked")


@pytest.fixture(scope="module")
def world(table):
    """The film that is asked about, a day before its release, and a film that came out later."""
    records = sorted(table.records, key=lambda record: present(record.release_date))
    own, later = records[-3], records[-1]
    return own, present(own.release_date) - timedelta(days=30), later


def shared(own):
    """What makes the later film one of the same people, company and franchise, by name."""
    return {
        "a sequel by title": {"title": f"{own.title} 2", "cast": own.cast, "crew": own.crew},
        "a sequel by collection": {"collection_id": 55, "collection_name": "Both"},
        "a sequel by franchise": {"franchise": own.franchise or "x"},
        "the director's next film": {"crew": own.crew, "budget_usd": 5e8},
        "the actors' next film": {"cast": own.cast, "budget_usd": 5e8},
        "the company's next film": {"companies": own.companies or (Company(7, "Works"),)},
        "a remake": {
            "overview": own.overview, "genres": own.genres, "runtime_min": own.runtime_min,
            "countries": own.countries, "original_language": own.original_language,
            "certification_us": own.certification_us, "budget_usd": own.budget_usd,
        },
        "the later film's budget": {"budget_usd": 5e8},
        "the later film's votes": {"vote_count": 50_000, "vote_average": 9.0},
    }  # fmt: skip


def own_facts(own, day):
    """What TMDB adds to a film after its release, by name."""
    extras = tuple(Person(600 + n, "", "Actor", 50 + n) for n in range(60))
    stunts = tuple(Person(700 + n, "", "Stunts") for n in range(40))
    after = Video("l", "YouTube", "Trailer", published_at=f"{day + timedelta(days=9)}T00:00:00Z")
    return {
        "votes": {"vote_count": 20_000, "vote_average": 8.1},
        "popularity": {"popularity": 99.0},
        "revenue in the record": {"revenue_usd": 9e9},
        "a tagline": {"tagline": "It sails."},
        "keywords": {"keywords": ("blockbuster", "ship")},
        "spoken languages": {"spoken_languages": ("English", "Tlingit")},
        "credits of the crew": {"crew": (*own.crew, *stunts)},
        "cast beyond the first billed": {"cast": (*own.cast, *extras)},
        "a video after the day": {"videos": (*own.videos, after)},
    }


def test_twenty_of_twenty_later_facts_change_no_prediction(ask, table, world):
    own, day, later = world
    expected = ask(own.tmdb_id, day)
    planted = {
        **{name: (own, changes) for name, changes in own_facts(own, day).items()},
        **{name: (later, changes) for name, changes in shared(own).items()},
    }
    for name, (which, changes) in planted.items():
        records = [replace(r, **changes) if r is which else r for r in table.records]
        assert ask(own.tmdb_id, day, records) == expected, name
    ids = table.table["tmdb_id"].to_numpy()
    revenues = table.table["revenue_usd"].to_numpy(dtype=float)
    for which in (own, later):
        changed = np.where(ids == which.tmdb_id, 9e9, revenues)
        assert ask(own.tmdb_id, day, revenue_usd=changed) == ask(own.tmdb_id, day), which.title
    assert len(planted) + 2 == 20


def test_earlier_facts_do_change_a_prediction(ask, table, world):
    own, day, _ = world
    before = ask(own.tmdb_id, day)
    earlier = min(table.records, key=lambda record: present(record.release_date))
    prequel = replace(earlier, title=f"{own.title} 2", cast=own.cast, crew=own.crew)
    records = [prequel if r is earlier else r for r in table.records]
    assert ask(own.tmdb_id, day, records) != before
    records = [replace(r, budget_usd=5e8) if r is own else r for r in table.records]
    assert ask(own.tmdb_id, day, records) != before


def test_replay_in_another_predictor_is_equal_to_the_bit(run_context, ask, world):
    own, day, _ = world
    expected = Predictor(run_context).predict(MovieInputs(tmdb_id=own.tmdb_id), as_of=day).as_json()
    again = Predictor(run_context).predict(MovieInputs(tmdb_id=own.tmdb_id), as_of=day).as_json()
    assert repr(again) == repr(expected)
    assert repr(ask(own.tmdb_id, day)["predictions"]) == repr(expected["predictions"])
