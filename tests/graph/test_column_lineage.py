"""Column lineage as Dagster has it is what the code does: every column is changed in turn."""

import json
from dataclasses import replace

import dagster as dg
import numpy as np
import pytest

from assets.definitions import build_defs
from assets.orchestration.column_lineage import COLUMN_SOURCES, split_lineage
from pipeline.core.franchises import assign_franchises
from pipeline.core.split_names import BY_DATE, EIGHTY_TEN_TEN
from pipeline.core.tasks import TargetContext, TargetOptions
from pipeline.core.terms import TERMS_KEY
from pipeline.crawl.tmdb.responses import parse_details
from pipeline.models.systems.registry import SYSTEMS
from pipeline.splits.packing import pack
from pipeline.splits.task_splits import make_splits
from resources.studio.catalogue.generated import GeneratedCatalogue

CHANGED = {
    "id": 4711, "imdb_id": "tt0004711", "title": "Another", "release_date": "1931-05-06",
    "belongs_to_collection": {"id": 99, "name": "Another"}, "budget": 4_711_000,
    "revenue": 47_110_000, "genres": [{"id": 99, "name": "Documentary"}], "vote_average": 1.5,
    "vote_count": 12, "overview": "Another plot.", "credits": {}, "keywords": {}, "videos": {},
    "release_dates": {},
}  # fmt: skip
"""Another value of every column of `movie_records`."""

GRAPH = build_defs().resolve_asset_graph()


def schema_of(asset):
    schema = GRAPH.get(dg.AssetKey(asset)).metadata["dagster/column_schema"]
    return {column.name for column in schema.columns}


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    catalogue = GeneratedCatalogue(6, 7, tmp_path_factory.mktemp("trailers"))
    details = json.loads(json.dumps(catalogue.details(catalogue.movie_ids()[0])))
    return {**details, "belongs_to_collection": None, "imdb_id": "tt0000001"}


def packed(folder, answer, revenue_usd=5e6):
    """Return the only row of a table of features as text, by column."""
    record = parse_details(answer)
    table = pack(folder, [record], {record.tmdb_id: revenue_usd}, {}, {}).table
    return table.iloc[0].map(str).to_dict()


def test_columns_are_those_of_the_tables():
    for asset, sources in COLUMN_SOURCES.items():
        for column, origins in sources.items():
            for origin, name in origins:
                known = schema_of(origin)
                assert name in known, f"{asset}.{column}: {origin} has no column {name}"
    assert set(COLUMN_SOURCES["box_office"]) <= schema_of("box_office")
    assert set(COLUMN_SOURCES["movie_records"]) <= schema_of("movie_records")
    assert set(CHANGED) == schema_of("movie_records") - {TERMS_KEY}  # of the reading, no input


@pytest.mark.parametrize("column", CHANGED)
def test_features_follow_their_columns_of_the_record(tmp_path, answer, column):
    before = packed(tmp_path / "a", answer)
    after = packed(tmp_path / "b", {**answer, column: CHANGED[column]})
    changed = {name for name in before if before[name] != after[name]}
    assert changed - {"franchise"} == stated(column) - {"franchise"}


@pytest.mark.parametrize("column", ["title", "credits", "belongs_to_collection", "id"])
def test_franchise_follows_its_columns_of_the_record(answer, column):
    """Which franchise a movie is of depends on the others: here on one of its title and people."""
    sequel = parse_details({**answer, "id": 10**9, "title": f"{answer['title']} 2"})
    collection_id = 98 if column == "belongs_to_collection" else None
    sequel = replace(sequel, companies=(), collection_id=collection_id)
    both = [parse_details(one) for one in (answer, {**answer, column: CHANGED[column]})]
    before, after = (assign_franchises([one, sequel])[1].franchise for one in both)
    assert before != after
    assert "franchise" in stated(column)


def stated(column):
    """Return the columns of the features that are stated to be made of a column of the records."""
    return {
        name
        for name, origins in COLUMN_SOURCES["movie_features"].items()
        if ("movie_records", column) in origins
    }


def test_features_follow_the_label(tmp_path, answer):
    before, after = packed(tmp_path / "a", answer), packed(tmp_path / "b", answer, 6e6)
    changed = {name for name in before if before[name] != after[name]}
    stated = {
        name
        for name, origins in COLUMN_SOURCES["movie_features"].items()
        if ("box_office", "revenue_usd") in origins
    }
    assert changed == stated
    assert set(before) - {"has_metadata"} == set(COLUMN_SOURCES["movie_features"])


@pytest.mark.parametrize(
    "task", [t for s in SYSTEMS for t in s.tasks], ids=lambda task: task.name
)  # fmt: skip
def test_splits_read_the_columns_that_are_stated_and_no_others(tmp_path, task):
    catalogue = GeneratedCatalogue(60, 7, tmp_path)
    records = [parse_details(catalogue.details(i)) for i in catalogue.movie_ids()]
    revenues = {r.tmdb_id: r.revenue_usd for r in records if r.revenue_usd}
    table = pack(tmp_path / "packed", records, revenues, {}, {}).table
    made, _ = make_splits(table, task, (EIGHTY_TEN_TEN,), seed=1)
    lineage = split_lineage(task, made.columns)["dagster/column_lineage"].deps_by_column
    assert list(lineage) == list(made.columns)
    read = {dep.column_name for deps in lineage.values() for dep in deps}
    again, _ = make_splits(table[sorted(read)], task, (EIGHTY_TEN_TEN,), seed=1)
    assert again.equals(made)
    rule = task.rule
    context = TargetContext(task, table[list(rule.columns)], TargetOptions(revenue_edges="budget"))
    known = rule.exclude(context) == ""
    rule.compute(context, known, np.flatnonzero(known))
    for column in rule.columns:
        left = table[[name for name in rule.columns if name != column]]
        less = TargetContext(task, left, TargetOptions(revenue_edges="budget"))
        with pytest.raises(KeyError, match=column):
            rule.exclude(less)


def test_dagster_shows_the_lineage_of_a_run(open_site):
    site = open_site(60, stages=("crawl",), assets=("movie_features", "box_office_splits"))
    for asset, column, origin in (
        ("movie_features", "revenue_usd", ("box_office", "revenue_usd")),
        ("box_office_splits", BY_DATE, ("movie_features", "release_date")),
    ):
        metadata = site.events(asset)[0].metadata
        lineage = metadata["dagster/column_lineage"].value.deps_by_column
        found = {(d.asset_key.to_user_string(), d.column_name) for d in lineage[column]}
        assert origin in found
        columns = {c.name for c in metadata["dagster/column_schema"].schema.columns}
        assert set(lineage) <= columns
