import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import FeatureError, LeakError
from pipeline.core.metadata import METADATA_COLUMNS
from pipeline.core.prices import REAL_USD_YEAR, to_real_usd
from pipeline.core.ragged import Ragged
from pipeline.core.records import MovieRecord, Person
from pipeline.models.systems.genre import GENRES
from pipeline.models.systems.poster import COMEDY_HORROR, FIRST_GENRE, GENRE_LABELS
from pipeline.splits.features import FeatureTable
from pipeline.splits.packing import pack

RECORDS = [
    MovieRecord(3, "C", release_date=date(2001, 2, 3), budget_usd=5e6, genres=("War", "Drama")),
    MovieRecord(1, "A", cast=(Person(7, "Ann", "Actor"),), vote_average=6.5, popularity=3.0),
    MovieRecord(2, "B"),
    MovieRecord(4, "D"),
]
REVENUE = {1: 2e6, 2: 999.0, 3: 1000.0}
TEXT = {1: np.ones(3, np.float32), 4: np.full(3, 9, np.float32)}
AUDIO = {3: np.full((2, 5), 0.5, np.float16)}
CLIPS = {1: np.ones((4, 2), np.float32), 3: np.zeros((0, 2), np.float32), 4: np.ones((1, 2), "f4")}


@pytest.fixture
def packed(tmp_path):
    def run(records=RECORDS, revenue=REVENUE, streams=None, **more) -> FeatureTable:
        streams = {"text": TEXT, "audio": AUDIO, "video": {}} if streams is None else streams
        more = {"sequences": {"clips": CLIPS}, **more}
        return pack(tmp_path / "movies", records, revenue, streams, **more)

    return run


def test_there_is_a_row_for_every_movie_by_id(packed):
    table = packed().table
    assert table["tmdb_id"].tolist() == [1, 2, 3, 4]
    assert table["revenue_usd"].tolist()[:3] == [2e6, 999.0, 1000.0]
    assert np.isnan(table["revenue_usd"][3])
    assert np.isnan(table["budget_usd"][0])
    assert table["genres"].tolist() == [(), (), ("War", "Drama"), ()]
    assert table["release_date"][2] == pd.Timestamp(2001, 2, 3)
    assert pd.isna(table["release_date"][0])


def test_real_dollars_stand_beside_those_of_the_time(packed):
    table = packed().table
    assert table["revenue_usd_real"][2] == to_real_usd(1000.0, 2001)
    assert table["budget_usd_real"][2] == to_real_usd(5e6, 2001)
    assert table.loc[0, ["revenue_usd_real", "budget_usd_real"]].isna().all()
    assert str(REAL_USD_YEAR) in packed().notes["real_usd"]


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_unusable_revenue_counts_as_unknown(packed, value):
    assert np.isnan(packed(revenue={1: value}).table["revenue_usd"]).all()


def test_records_come_back_without_what_is_known_only_after_release(packed):
    records = packed().records
    assert [record.tmdb_id for record in records] == [1, 2, 3, 4]
    assert records[0].cast == RECORDS[1].cast
    assert records[0].vote_average is None
    assert records[0].popularity is None


def test_missing_stream_is_masked_and_zero(packed):
    table = packed()
    assert table.streams["text"].tolist() == [[1] * 3, [0] * 3, [0] * 3, [9] * 3]
    assert table.masks["text"].tolist() == [True, False, False, True]
    assert table.streams["audio"].dtype == np.float16
    assert table.table["has_audio"].tolist() == [False, False, True, False]


def test_sequences_lie_one_behind_the_other(packed):
    clips = packed().streams["clips"]
    assert isinstance(clips, Ragged)
    assert isinstance(clips.values, np.memmap)
    assert clips.lengths.tolist() == [4, 0, 0, 1]
    assert packed().masks["clips"].tolist() == [True, False, True, True]
    np.testing.assert_array_equal(clips.row(0), CLIPS[1])


def test_stream_that_no_movie_has_is_left_out_but_reported(packed):
    table = packed()
    assert "video" not in table.streams
    assert not table.table["has_video"].any()


def test_metadata_is_a_stream_that_every_movie_has(packed):
    table = packed()
    assert table.streams["metadata"].shape == (4, len(METADATA_COLUMNS))
    assert table.masks["metadata"].all()
    assert table.columns["metadata"] == METADATA_COLUMNS


def test_streams_stay_on_disk(packed):
    table = packed(notes={"weights": "random"})
    assert all(isinstance(table.streams[name], np.memmap) for name in ("text", "audio"))
    assert table.notes["weights"] == "random"
    manifest = json.loads((table.folder / "manifest.json").read_text())
    reported = {"kind": "array", "shape": [4, 3], "dtype": "float32", "present": 2}
    assert manifest["streams"]["text"] == reported


def test_packing_again_replaces_the_folder_and_leaves_nothing_else(packed, tmp_path):
    packed()
    assert list(packed(streams={}, sequences={}).streams) == ["metadata"]
    assert [path.name for path in tmp_path.iterdir()] == ["movies"]


def test_a_failure_leaves_the_old_folder(packed, tmp_path):
    before = packed().data_hash
    with pytest.raises(FeatureError):
        packed(streams={"text": {1: np.ones(3), 3: np.ones(4)}})
    assert FeatureTable.load(tmp_path / "movies").data_hash == before
    assert [path.name for path in tmp_path.iterdir()] == ["movies"]


def test_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(FeatureError, match="build them first"):
        FeatureTable.load(tmp_path)


def test_hash_changes_with_content_and_not_with_order(packed):
    first = packed().data_hash
    turned = {"audio": AUDIO, "video": {}, "text": TEXT}
    assert first == packed(records=RECORDS[::-1], streams=turned).data_hash
    other = {**TEXT, 1: np.zeros(3, np.float32)}
    assert packed(streams={"text": other, "audio": AUDIO, "video": {}}).data_hash != first
    assert packed(revenue={**REVENUE, 1: 3e6}).data_hash != first
    assert packed(sequences={"clips": {**CLIPS, 1: CLIPS[1] * 2}}).data_hash != first


def test_revenue_smuggled_in_as_a_stream_is_refused(packed):
    with pytest.raises(LeakError, match="revenue"):
        packed(streams={"revenue_usd": {1: np.ones(1)}})
    with pytest.raises(LeakError, match="votes"):
        packed(sequences={"votes": CLIPS})


def test_streams_of_two_widths_are_refused(packed):
    with pytest.raises(FeatureError, match=r"\(3,\) for movie 3, got \(4,\)"):
        packed(streams={"text": {1: np.ones(3), 3: np.ones(4)}})
    with pytest.raises(FeatureError, match=r"\(2,\) for movie 4, got \(3,\)"):
        packed(sequences={"clips": {1: np.ones((1, 2)), 4: np.ones((1, 3))}})


def test_movie_that_stands_twice_is_refused(packed):
    with pytest.raises(FeatureError, match="several for \\[1\\]"):
        packed(records=[*RECORDS, RECORDS[1]])


def test_no_movie_at_all_is_refused(packed):
    with pytest.raises(FeatureError, match="crawl movies first"):
        packed(records=[])


def test_columns_that_say_an_answer_are_taken_out(packed):
    table = packed().without_columns(("genre_",))
    names = table.columns["metadata"]
    assert not [name for name in names if name.startswith("genre_")]
    assert table.streams["metadata"].shape[1] == len(names) < len(METADATA_COLUMNS)
    budget = names.index("log10_budget")
    np.testing.assert_array_equal(
        table.streams["metadata"][:, budget], packed().streams["metadata"][:, 0]
    )


@pytest.mark.parametrize("task", [GENRES, FIRST_GENRE, GENRE_LABELS, COMEDY_HORROR])
def test_no_genre_is_an_input_where_genres_are_asked_for(packed, task):
    names = packed().without_columns(task.leaking_column_prefixes).columns["metadata"]
    assert not [name for name in names if "genre" in name]


@pytest.mark.parametrize(
    "name", ["clips.offsets.npy", "clips.npy", "text.npy", "table.parquet", "manifest.json"]
)
@pytest.mark.parametrize("damage", ["zeroed", "cut", "data zeroed"])
def test_damaged_file_is_named_with_the_remedy(packed, tmp_path, name, damage):
    packed()
    path = tmp_path / "movies" / name
    whole = path.read_bytes()
    spoiled = {
        "zeroed": bytes(len(whole)),
        "cut": whole[: len(whole) // 2],
        "data zeroed": whole[:128] + bytes(len(whole) - 128),
    }[damage]
    path.write_bytes(spoiled)
    if damage == "data zeroed" and name in ("clips.npy", "text.npy"):
        assert len(FeatureTable.load(tmp_path / "movies")) == len(RECORDS)  # `shapes_and_ranges`
        return  # looks at the values
    with pytest.raises(FeatureError, match="damaged .*movie_features"):
        FeatureTable.load(tmp_path / "movies")
