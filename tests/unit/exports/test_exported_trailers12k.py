"""What is written in Trailers12k's layout is what the seed's own code, and our reader, read."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import zarr

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import AcceptedRow
from pipeline.crawl.datasets.trailers12k import read
from pipeline.exports.export_folder import open_export
from pipeline.exports.manifest import find_problems
from pipeline.exports.trailers12k_writer import (
    GroupWriter,
    encode_metadata,
    encode_mtgc,
    make_metadata_entry,
    official_mtgc_row,
)

MID = "tt0347149"
IMPORTED = {
    "marquee_trailers12k": {
        "db_id": "17",
        "metadata": {"imdb": {"id": "0347149", "genres": ["Fantasy"], "more": 1}},
        "genres": ["fantasy", "sci-fi"],
        "splits": {"split0": 0, "split1": 2, "split2": 1},
    }
}


@pytest.fixture
def folder(tmp_path):
    return open_export(tmp_path, "trailers12k", "a test")


def features(rows=96, width=768):
    return np.random.default_rng(0).standard_normal((rows, width)).astype(np.float32)


def test_seeds_own_loading_code_gives_the_array(folder, monkeypatch):
    array, zeros = features(), np.zeros((3, 768), np.float32)
    writer = GroupWriter(folder, "trailers_ik_swin_fps24_fpc24")
    writer.write(MID, array)
    writer.write("tt0000001", zeros)
    folder.finish({})
    monkeypatch.chdir(folder.root)

    z = zarr.open("trailers_ik_swin_fps24_fpc24.zarr", mode="r")
    num_features = z.attrs["num_features"]
    arr = z["tt0347149"]

    assert num_features == 768
    assert (arr.shape, arr.dtype) == ((96, 768), np.dtype("float32"))
    np.testing.assert_array_equal(arr[:], array)
    np.testing.assert_array_equal(z["tt0000001"][:], zeros)
    assert (folder.root / "trailers_ik_swin_fps24_fpc24.zarr/.zgroup").is_file()
    assert find_problems(folder.root) == []


def test_what_was_exported_is_imported_equal(folder):
    array, vector = features(5, 8), features(1, 4)[0]
    GroupWriter(folder, "trailers_i_swin_fpc24").write(MID, array)
    GroupWriter(folder, "posters_i_swin").write(MID, vector)
    key, entry = make_metadata_entry(8392, MID, IMPORTED, [], [])
    folder.write("metadata.json", encode_metadata({key: entry}))
    folder.write("mtgc.csv", encode_mtgc([official_mtgc_row(MID, IMPORTED)]))
    folder.finish({})
    (one,) = read(folder.root)
    assert isinstance(one, AcceptedRow)
    assert one.imdb_id == MID
    assert one.fields["marquee_trailers12k"] == IMPORTED["marquee_trailers12k"]
    loaded = {place: np.load(io.BytesIO(data)) for place, data in one.files.items()}
    np.testing.assert_array_equal(loaded["trailers_i_swin_fpc24/{tmdb_id}.npy"], array)
    np.testing.assert_array_equal(loaded["posters_i_swin/{tmdb_id}.npy"], vector)


def test_seeds_own_code_reads_the_table(folder, monkeypatch):
    folder.write("mtgc.csv", encode_mtgc([official_mtgc_row(MID, IMPORTED)]))
    monkeypatch.chdir(folder.root)
    df = pd.read_csv("mtgc.csv")
    df = df[df["split2"] == 1]
    df = df.iloc[:, 0:11]
    assert df.to_dict("records")[0] == {
        "mid": MID, "action": 0, "adventure": 0, "comedy": 0, "crime": 0, "drama": 0, "fantasy": 1,
        "horror": 0, "romance": 0, "sci-fi": 1, "thriller": 0,
    }  # fmt: skip


def test_movie_without_official_splits_has_no_row():
    assert official_mtgc_row(MID, {}) is None
    assert official_mtgc_row(MID, {"marquee_trailers12k": {"genres": []}}) is None


def test_movie_of_our_own_is_described_as_the_published_ones_are(folder):
    key, entry = make_metadata_entry(597, "tt0120338", {}, ("Drama",), ("kVrqfYjkTdQ", "a" * 11))
    folder.write("metadata.json", encode_metadata({key: entry}))
    assert json.loads((folder.root / "metadata.json").read_text()) == {
        "trailers12k": {
            "tmdb-597": {
                "imdb": {"id": "0120338", "genres": ["Drama"]},
                "youtube": {"trailers": [{"id": "kVrqfYjkTdQ"}, {"id": "a" * 11}]},
            }
        }
    }
    (one,) = read(folder.root)
    assert [v["key"] for v in one.fields["videos"]["results"]] == ["kVrqfYjkTdQ", "a" * 11]


@pytest.mark.parametrize(
    "array",
    [
        features(2, 9),
        features(2, 8).astype("f8"),
        np.zeros((0, 8), "f4"),
        np.zeros((1, 1, 8), "f4"),
    ],
)
def test_array_that_does_not_fit_its_group_is_refused(folder, array):
    writer = GroupWriter(folder, "posters_i_swin")
    writer.write(MID, features(2, 8))
    with pytest.raises(DumpError, match="features"):
        writer.write("tt0000001", array)
