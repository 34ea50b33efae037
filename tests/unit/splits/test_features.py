import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import FeatureError, LeakError
from pipeline.prices import REAL_USD_YEAR, to_real_usd
from pipeline.records import MovieRecord
from pipeline.splits.features import FeatureTable, assemble
from pipeline.splits.metadata import METADATA_COLUMNS

RECORDS = [
    MovieRecord(3, "C", release_date=date(2001, 2, 3), budget_usd=5e6),
    MovieRecord(1, "A"),
    MovieRecord(2, "B"),
    MovieRecord(4, "D"),
]
REVENUE = {1: 2e6, 2: 999.0, 3: 1000.0}
TEXT = {1: np.ones(3, np.float32), 4: np.full(3, 9, np.float32)}
AUDIO = {3: np.full((2, 5), 0.5, np.float16)}


def packed(**more) -> FeatureTable:
    return assemble(RECORDS, REVENUE, {"text": TEXT, "audio": AUDIO, "video": {}}, **more)


def test_rows_are_the_movies_with_revenue_by_id():
    table = packed().table
    assert table["tmdb_id"].tolist() == [1, 3]
    assert table["revenue_usd"].tolist() == [2e6, 1000.0]
    assert np.isnan(table["budget_usd"][0])
    assert table["release_date"][1] == pd.Timestamp(2001, 2, 3)
    assert pd.isna(table["release_date"][0])


def test_real_dollars_stand_beside_those_of_the_time():
    table = packed().table
    assert table["revenue_usd_real"][1] == to_real_usd(1000.0, 2001)
    assert table["budget_usd_real"][1] == to_real_usd(5e6, 2001)
    assert table["revenue_usd"][1] == 1000.0


def test_movie_without_a_day_of_release_has_no_real_dollars():
    assert packed().table.loc[0, ["revenue_usd_real", "budget_usd_real"]].isna().all()


def test_year_of_the_real_dollars_is_noted():
    assert str(REAL_USD_YEAR) in packed().notes["real_usd"]


def test_real_dollars_are_no_input():
    table = packed()
    assert not [name for name in table.columns["metadata"] if "real" in name]
    assert table.streams.keys() == {"audio", "metadata", "text"}


def test_movies_without_enough_revenue_are_dropped_and_counted():
    assert packed().dropped == {"revenue_below_1000_usd": 1, "no_revenue": 1}


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_unusable_revenue_counts_as_none(value):
    dropped = assemble(RECORDS[:2], {1: value, 3: 1e6}, {}).dropped
    assert dropped == {"no_revenue": 1}


def test_missing_stream_is_masked_and_zero():
    table = packed()
    assert table.streams["text"].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert table.masks["text"].tolist() == [True, False]
    assert table.streams["audio"].dtype == np.float16
    assert table.table["has_audio"].tolist() == [False, True]


def test_stream_that_no_movie_has_is_left_out_but_told():
    table = packed()
    assert "video" not in table.streams
    assert not table.table["has_video"].any()


def test_metadata_is_a_stream_that_every_movie_has():
    table = packed()
    assert table.streams["metadata"].shape == (2, len(METADATA_COLUMNS))
    assert table.masks["metadata"].all()
    assert table.columns["metadata"] == METADATA_COLUMNS


def test_saved_table_is_read_back_from_disk(tmp_path):
    table = packed(notes={"weights": "random"})
    table.save(tmp_path / "revenue")
    again = FeatureTable.load(tmp_path / "revenue")
    pd.testing.assert_frame_equal(again.table, table.table)
    for name, values in table.streams.items():
        assert isinstance(again.streams[name], np.memmap)
        np.testing.assert_array_equal(again.streams[name], values)
        np.testing.assert_array_equal(again.masks[name], table.masks[name])
    assert again.columns == table.columns
    assert (again.dropped, again.notes) == (table.dropped, table.notes)
    assert again.data_hash == table.data_hash
    manifest = json.loads((tmp_path / "revenue" / "manifest.json").read_text())
    assert manifest["streams"]["text"] == {"shape": [2, 3], "dtype": "float32", "present": 1}


def test_saving_again_replaces_the_folder_and_leaves_nothing_else(tmp_path):
    packed().save(tmp_path / "revenue")
    assemble(RECORDS, REVENUE, {}).save(tmp_path / "revenue")
    assert list(FeatureTable.load(tmp_path / "revenue").streams) == ["metadata"]
    assert [path.name for path in tmp_path.iterdir()] == ["revenue"]


def test_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(FeatureError, match="build them first"):
        FeatureTable.load(tmp_path)


def test_hash_changes_with_content_and_not_with_order():
    first = packed()
    assert assemble(RECORDS[::-1], REVENUE, {"text": TEXT, "audio": AUDIO, "video": {}}).data_hash
    assert (
        first.data_hash
        == assemble(RECORDS[::-1], REVENUE, {"audio": AUDIO, "video": {}, "text": TEXT}).data_hash
    )
    other = {**TEXT, 1: np.zeros(3, np.float32)}
    assert assemble(RECORDS, REVENUE, {"text": other}).data_hash != first.data_hash
    assert assemble(RECORDS, {**REVENUE, 1: 3e6}, {"text": TEXT}).data_hash != first.data_hash


def test_revenue_smuggled_in_as_a_stream_is_refused():
    with pytest.raises(LeakError, match="revenue"):
        assemble(RECORDS, REVENUE, {"revenue_usd": {1: np.ones(1)}})


def test_streams_of_two_widths_are_refused():
    mixed = {1: np.ones(3), 3: np.ones(4)}
    with pytest.raises(FeatureError, match=r"\(3,\) for movie 3, came \(4,\)"):
        assemble(RECORDS, REVENUE, {"text": mixed})


def test_movie_that_stands_twice_is_refused():
    with pytest.raises(FeatureError, match="several for \\[1\\]"):
        assemble([*RECORDS, RECORDS[1]], REVENUE, {})


def test_no_revenue_at_all_is_refused():
    with pytest.raises(FeatureError, match="crawl box office first"):
        assemble(RECORDS, {}, {})
