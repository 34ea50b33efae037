"""On real movies the probe finds every column that showed completeness, and nothing by default."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.core.metadata import METADATA_COLUMNS, describe_movies
from pipeline.core.records import before_release
from pipeline.core.release_columns import RELEASE_COLUMNS
from pipeline.core.track_records import TALENT_COLUMNS, collect_track_records, describe_talent
from pipeline.crawl.datasets.dump_rows import AcceptedRow
from pipeline.crawl.datasets.tmdb5000 import read
from pipeline.crawl.tmdb.responses import parse_details
from pipeline.models.training.batches import StreamArrays
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import fit_reader
from pipeline.splits.completeness import COMPLETENESS, measure_completeness, probe_columns

pytestmark = pytest.mark.real

FEWEST_USD = 1_000.0


@dataclass(frozen=True)
class Movies:
    records: list
    votes: np.ndarray
    usd: np.ndarray
    homepages: np.ndarray


@pytest.fixture(scope="module", name="movies")
def real_movies(data):
    rows = [row.fields for row in read(data / "tmdb5000") if isinstance(row, AcceptedRow)]
    known = [(parse_details(row), row.get("homepage", "")) for row in rows]
    known = [
        (r, page) for r, page in known if min(r.budget_usd or 0, r.revenue_usd or 0) >= FEWEST_USD
    ]
    records = [record for record, _ in known]
    return Movies(
        [before_release(record) for record in records],
        np.array([record.vote_count for record in records], dtype=float),
        np.array([record.revenue_usd for record in records], dtype=float),
        np.array([bool(page) for _, page in known], dtype=float),
    )


def test_nothing_is_found_in_the_default_inputs(movies):
    metadata = describe_movies(movies.records)
    found = probe_columns(metadata, METADATA_COLUMNS, movies.records, movies.votes)
    assert [one for one in found if one.is_alarm] == []
    everyone = np.arange(len(movies.records))
    table = StreamArrays({"metadata": metadata}, {"metadata": everyone >= 0}, "")
    features = FeatureSet(table, movies.records, movies.usd)
    reader = fit_reader(features, np.log10(movies.usd), everyone)
    names = [*METADATA_COLUMNS, *RELEASE_COLUMNS, *TALENT_COLUMNS]
    numbers = reader.raw_numbers(features, everyone)
    assert not [
        one for one in probe_columns(numbers, names, movies.records, movies.votes) if one.is_alarm
    ]


@pytest.mark.parametrize("name", [name for name in COMPLETENESS if name != "has_director"], ids=str)
def test_each_column_is_found_when_it_is_put_back(movies, name):
    sizes = measure_completeness(movies.records)[:, COMPLETENESS.index(name)]
    was = sizes if name.startswith("has_") else np.where(sizes > 0, sizes, np.nan)
    if name in ("cast", "crew"):
        was = np.minimum(was, 15)
    [found] = probe_columns(was[:, None], [name], movies.records, movies.votes)
    assert found.is_alarm, found


def test_homepages_are_found(movies):
    [found] = probe_columns(
        movies.homepages[:, None], ["has_homepage"], movies.records, movies.votes
    )
    assert found.is_alarm


def test_gaps_of_roles_are_found_before_the_reader_fills_them(movies):
    """No writer is listed in one film of eighty, and those were little seen."""
    tracks = collect_track_records(movies.records, movies.usd, np.arange(len(movies.records)))
    talent = describe_talent(movies.records, tracks)
    found = probe_columns(talent, TALENT_COLUMNS, movies.records, movies.votes)
    alarms = {one.group for one in found if one.is_alarm}
    assert {"writer", "producer", "composer", "photographer", "editor"} <= alarms
