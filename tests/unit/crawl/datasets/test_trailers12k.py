import io
import json
import os
import pickle
from pathlib import Path

import numcodecs
import numpy as np
import pandas as pd
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import AcceptedRow, RejectedRow, RejectionReason
from pipeline.crawl.datasets.trailers12k import read

REAL = Path(__file__).resolve().parents[4] / "../shared/data/trailers12k"
HEADER = (
    "mid,action,adventure,comedy,crime,drama,fantasy,horror,romance,sci-fi,thriller,"
    "split0,split1,split2\n"
)
TITANIC, SINTEL = "tt0120338", "tt1727587"
ENTRIES = {
    "7": {
        "imdb": {"id": "0120338", "genres": ["Drama", "Romance"], "year": 1997},
        "youtube": {"trailers": [{"id": "kVrqfYjkTdQ"}, {"id": "-abcdefghij"}]},
    },
    "9": {"imdb": {"id": "1727587", "genres": ["Fantasy"]}, "youtube": {"trailers": []}},
}
CODECS = {
    2: [numcodecs.Blosc(), numcodecs.Zlib(), numcodecs.GZip(), numcodecs.Zstd(), numcodecs.LZ4(),
        numcodecs.BZ2(), None],
    3: [zarr.codecs.BloscCodec(), zarr.codecs.GzipCodec(), zarr.codecs.ZstdCodec(), None,
        [zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()], zarr.codecs.Crc32cCodec()],
}  # fmt: skip


def features(rows=5, width=8, seed=0):
    return np.random.default_rng(seed).random((rows, width), dtype=np.float32)


def make_group(folder, arrays, *, name="trailers_i_swin_fpc24", zarr_format=2, width=8, **how):
    path = folder / f"{name}.zarr"
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    if width is not None:
        group.attrs["num_features"] = width
    how = {"config": {"write_empty_chunks": True}, **how}
    for imdb_id, array in arrays.items():
        group.create_array(imdb_id, data=array, **how)
    return path


def taken(rows):
    return [row for row in rows if isinstance(row, AcceptedRow)]


def refused(rows):
    return [row for row in rows if isinstance(row, RejectedRow)]


def arrays_of(one: AcceptedRow):
    return {place: np.load(io.BytesIO(data)) for place, data in one.files.items()}


def write_metadata(folder, entries=ENTRIES):
    (folder / "metadata.json").write_text(json.dumps({"trailers12k": entries}))


def write_mtgc(folder, *lines, name="mtgc.csv"):
    (folder / name).write_text(HEADER + "".join(f"{line}\n" for line in lines))


def test_everything_about_a_movie_comes_together(tmp_path):
    write_metadata(tmp_path)
    write_mtgc(tmp_path, f"{TITANIC},0,0,0,0,1,0,0,1,0,0,0,2,1")
    swin, shuffle = features(), features(3, 4, seed=1)
    make_group(tmp_path, {TITANIC: swin})
    make_group(tmp_path, {TITANIC: shuffle}, name="trailers_k_x", width=4, zarr_format=3)
    rows = list(read(tmp_path))
    assert refused(rows) == []
    titanic, sintel = rows
    assert titanic.imdb_id == TITANIC
    assert titanic.tmdb_id is None
    assert titanic.row == (
        f"metadata.json 7, mtgc.csv line 2, trailers_i_swin_fpc24.zarr/{TITANIC}, "
        f"trailers_k_x.zarr/{TITANIC}"
    )
    assert [video["key"] for video in titanic.fields["videos"]["results"]] == [
        "kVrqfYjkTdQ", "-abcdefghij",
    ]  # fmt: skip
    assert titanic.fields["videos"]["results"][0]["site"] == "YouTube"
    assert titanic.fields["videos"]["results"][0]["type"] == "Trailer"
    kept = titanic.fields["marquee_trailers12k"]
    assert kept["genres"] == ["drama", "romance"]
    assert kept["splits"] == {"split0": 0, "split1": 2, "split2": 1}
    assert kept["metadata"] == ENTRIES["7"]
    loaded = arrays_of(titanic)
    np.testing.assert_array_equal(loaded["trailers_i_swin_fpc24/{tmdb_id}.npy"], swin)
    np.testing.assert_array_equal(loaded["trailers_k_x/{tmdb_id}.npy"], shuffle)
    assert sintel.imdb_id == SINTEL
    assert "videos" not in sintel.fields
    assert not sintel.files


@pytest.mark.parametrize("part", ["metadata.json", "mtgc.csv", "trailers_i_swin_fpc24.zarr", "."])
def test_any_of_its_files_will_do_alone(tmp_path, part):
    if part in ("metadata.json", "."):
        write_metadata(tmp_path)
    if part in ("mtgc.csv", "."):
        write_mtgc(tmp_path, f"{TITANIC},0,0,0,0,1,0,0,1,0,0,0,2,1")
    if part.endswith(".zarr") or part == ".":
        make_group(tmp_path, {TITANIC: features()})
    assert TITANIC in {row.imdb_id for row in taken(read(tmp_path / part))}
    assert TITANIC in {row.imdb_id for row in taken(read(tmp_path))}


def test_authors_other_name_of_the_table_is_known(tmp_path):
    write_mtgc(tmp_path, f"{TITANIC},0,0,0,0,1,0,0,1,0,0,0,2,1", name="trailers12k_mtgc.csv")
    assert len(taken(read(tmp_path))) == 1


def test_folder_without_any_of_it_says_what_was_looked_for(tmp_path):
    with pytest.raises(DumpError, match=r"metadata\.json, mtgc\.csv and folders"):
        list(read(tmp_path))


@pytest.mark.parametrize("text", ["[]", "{}", '{"trailers12k": 5}', "{", "\xff", "[" * 100_000])
def test_file_that_is_no_metadata_is_an_error_for_the_operator(tmp_path, text):
    (tmp_path / "metadata.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DumpError, match="metadata"):
        list(read(tmp_path))


def test_entries_that_cannot_be_taken_are_refused_with_reasons(tmp_path):
    deep = {"imdb": {"id": "5"}, "x": json.loads("[" * 20 + "]" * 20)}
    write_metadata(
        tmp_path,
        {
            **ENTRIES,
            "again": {"imdb": {"id": 120338}},
            "none": {"imdb": {}},
            "odd": [],
            "deep": deep,
            "eaten": {
                "imdb": {"id": "12"},
                "youtube": {"trailers": [{"id": "#NAME?"}, {"id": "a" * 11}]},
            },
        },
    )
    rows = list(read(tmp_path))
    assert [(row.row, row.reason) for row in refused(rows)] == [
        ("metadata.json again", RejectionReason.DUPLICATE),
        ("metadata.json none", RejectionReason.NO_ID),
        ("metadata.json odd", RejectionReason.NO_ID),
        ("metadata.json deep", RejectionReason.MALFORMED),
        ("metadata.json eaten trailer 1", RejectionReason.MALFORMED),
    ]
    assert taken(rows)[-1].fields["videos"]["results"][0]["key"] == "a" * 11


def test_rows_of_the_table_that_cannot_be_taken_are_refused_with_reasons(tmp_path):
    zeros = "0," * 10
    write_mtgc(
        tmp_path,
        f"{TITANIC},{zeros}0,1,2",
        f"{TITANIC},{zeros}0,1,2",
        f"120338,{zeros}0,1,2",
        f"tt0000001,{zeros}0,1,3",
        f"tt0000002,{'2,' * 10}0,1,2",
        "tt0000003,0",
    )
    rows = list(read(tmp_path))
    assert [(row.row, row.reason.value) for row in refused(rows)] == [
        ("mtgc.csv line 3", "duplicate"),
        ("mtgc.csv line 4", "no_id"),
        ("mtgc.csv line 5", "malformed"),
        ("mtgc.csv line 6", "malformed"),
        ("mtgc.csv line 7", "malformed"),
    ]
    assert len(taken(rows)) == 1


@pytest.mark.parametrize(
    ("zarr_format", "number"), [(v, n) for v, codecs in CODECS.items() for n in range(len(codecs))]
)
@pytest.mark.parametrize("chunks", [(5, 8), (2, 3)])
def test_both_formats_read_with_every_usual_codec(tmp_path, zarr_format, number, chunks):
    array = features()
    make_group(
        tmp_path, {TITANIC: array, SINTEL: np.zeros((1, 8), np.float32)}, zarr_format=zarr_format,
        chunks=chunks, compressors=CODECS[zarr_format][number],
    )  # fmt: skip
    rows = list(read(tmp_path))
    assert refused(rows) == []
    np.testing.assert_array_equal(next(iter(arrays_of(rows[0]).values())), array)


def test_one_vector_per_movie_and_foreign_byte_order_are_read(tmp_path):
    vector = features()[0]
    make_group(tmp_path, {TITANIC: vector.astype(">f4")}, name="posters_i_swin", chunks=(8,))
    loaded = next(iter(arrays_of(next(read(tmp_path))).values()))
    assert loaded.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(loaded, vector)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    ("array", "width", "output"),
    [
        (features(), 9, "expected 9 from the attribute num_features"),
        (features().astype("f8"), 8, "expected float32"),
        (features().astype("i4"), 8, "expected float32"),
        (np.where(features() > 0.9, np.float32(np.nan), features()), 8, "no numbers"),
        (np.full((2, 8), np.inf, np.float32), 8, "no numbers"),
        (np.zeros((2, 2, 8), np.float32), 8, "one or two sides"),
    ],
)
def test_array_that_is_not_what_it_should_be_is_refused(
    tmp_path, zarr_format, array, width, output
):
    make_group(
        tmp_path, {TITANIC: array, SINTEL: features(2, width)}, zarr_format=zarr_format, width=width
    )
    rows = list(read(tmp_path))
    assert [(row.row, row.reason) for row in refused(rows)] == [
        (f"trailers_i_swin_fpc24.zarr/{TITANIC}", RejectionReason.MALFORMED)
    ]
    assert output in refused(rows)[0].detail
    assert [row.imdb_id for row in taken(rows)] == [SINTEL]


def chunk_of(group, imdb_id=TITANIC):
    return next(
        path
        for path in sorted((group / imdb_id).rglob("*"))
        if path.is_file() and path.name[0] in "0123456789"
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("fill", [0.0, 1.5])
def test_chunk_of_fill_values_need_not_be_stored(tmp_path, zarr_format, fill):
    array = features(12)
    array[4:8] = fill
    group = make_group(
        tmp_path, {TITANIC: array}, zarr_format=zarr_format, chunks=(4, 8), fill_value=fill,
        config={"write_empty_chunks": False},
    )  # fmt: skip
    n_stored = sum(path.is_file() for path in (group / TITANIC).rglob("*[0-9]"))
    assert n_stored == 2
    (row,) = read(tmp_path)
    np.testing.assert_array_equal(next(iter(arrays_of(row).values())), array)


def test_missing_chunk_without_a_fill_value_is_refused(tmp_path):
    group = make_group(tmp_path, {TITANIC: features(50)})
    edit(group / TITANIC / ".zarray", fill_value=None)
    chunk_of(group).unlink()
    (row,) = read(tmp_path)
    assert row.reason is RejectionReason.MALFORMED
    assert "missing" in row.detail


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("damage", ["empty", "cut off", "longer", "garbage"])
def test_damaged_chunk_is_refused_and_never_filled_with_zeros(tmp_path, zarr_format, damage):
    group = make_group(tmp_path, {TITANIC: features(50)}, zarr_format=zarr_format)
    chunk = chunk_of(group)
    data = chunk.read_bytes()
    worse = {"empty": b"", "cut off": data[:-9], "longer": data * 200, "garbage": b"\x00" * 99}
    chunk.write_bytes(worse[damage])
    (row,) = read(tmp_path)
    assert (row.reason, row.row) == (RejectionReason.MALFORMED, f"{group.name}/{TITANIC}")
    assert "chunk" in row.detail


@pytest.mark.parametrize("codec", ["zlib", "gzip", "bz2", "zstd", "blosc"])
def test_chunk_that_unpacks_to_gigabytes_is_refused(tmp_path, codec):
    how = numcodecs.registry.get_codec({"id": codec})
    group = make_group(tmp_path, {TITANIC: features(50)}, compressors=how)
    chunk_of(group).write_bytes(bytes(how.encode(np.zeros(8_000_000, np.uint8))))
    (row,) = read(tmp_path)
    assert "bytes, expected" in row.detail


def edit(path, **changes):
    meta = json.loads(path.read_text())
    path.write_text(json.dumps({**meta, **changes}))


class Marker:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mknod, (str(self.path),))


def test_pickles_in_an_array_are_refused_and_never_loaded(tmp_path):
    group = make_group(tmp_path, {TITANIC: features()})
    marker = tmp_path / "marker"
    chunk_of(group).write_bytes(pickle.dumps(Marker(marker)))
    meta = group / TITANIC / ".zarray"
    for changes in (
        {"dtype": "|O", "filters": [{"id": "pickle"}], "compressor": None},
        {"filters": [{"id": "pickle", "protocol": 5}], "compressor": None},
        {"compressor": {"id": "pickle"}},
        {"dtype": "|O"},
        {"filters": [{"id": "vlen-array", "dtype": "f4"}]},
    ):
        edit(meta, **changes)
        (row,) = read(tmp_path)
        assert row.reason is RejectionReason.UNSAFE, changes
    assert not marker.exists()


def test_pickle_codec_of_format_3_is_refused(tmp_path):
    group = make_group(tmp_path, {TITANIC: features()}, zarr_format=3)
    edit(group / TITANIC / "zarr.json", codecs=[{"name": "bytes"}, {"name": "numcodecs.pickle"}])
    (row,) = read(tmp_path)
    assert row.reason is RejectionReason.UNSAFE


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [10**9, 8]},
        {"chunks": [10**9, 8]},
        {"shape": [4097, 8], "chunks": [1, 1]},
        {"shape": [5, -8]},
        {"shape": [True, 8]},
        {"shape": "x"},
        {"chunks": [0, 8]},
        {"dtype": [["a", "<f4"]]},
        {"compressor": {"id": "lzma"}},
        {"compressor": 5},
        {"filters": [{"id": "delta", "dtype": "<f4"}]},
        {"filters": 7},
        {"dimension_separator": "../../"},
        {"zarr_format": 3},
        {"order": "Q"},
        {"fill_value": "boo"},
    ],
)
def test_metadata_that_lies_is_refused(tmp_path, changes):
    group = make_group(tmp_path, {TITANIC: features()})
    edit(group / TITANIC / ".zarray", **changes)
    (row,) = read(tmp_path)
    assert row.reason is RejectionReason.MALFORMED, row


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [10**9, 8]},
        {"codecs": []},
        {"codecs": [{"name": "sharding_indexed", "configuration": {}}]},
        {"codecs": [{"name": "bytes"}, {"name": "transpose"}, {"name": "zstd"}]},
        {"node_type": "group"},
        {"chunk_grid": {"name": "odd"}},
        {"chunk_key_encoding": {"name": "default", "configuration": {"separator": "x"}}},
        {"storage_transformers": [{"name": "x"}]},
        {"data_type": {"name": "float32"}},
    ],
)
def test_metadata_of_format_3_that_lies_is_refused(tmp_path, changes):
    group = make_group(tmp_path, {TITANIC: features()}, zarr_format=3)
    edit(group / TITANIC / "zarr.json", **changes)
    (row,) = read(tmp_path)
    assert row.reason is RejectionReason.MALFORMED, row


def test_links_that_lead_out_of_the_group_are_refused(tmp_path):
    elsewhere = make_group(tmp_path, {SINTEL: features()}, name="elsewhere")
    folder = tmp_path / "dump"
    folder.mkdir()
    group = make_group(folder, {TITANIC: features()})
    (group / SINTEL).symlink_to(elsewhere / SINTEL)
    chunk = chunk_of(group)
    chunk.unlink()
    chunk.symlink_to(chunk_of(elsewhere, SINTEL))
    (folder / "linked.zarr").symlink_to(elsewhere)
    rows = list(read(folder))
    assert taken(rows) == []
    assert {row.reason for row in rows} == {RejectionReason.UNSAFE}
    assert len(rows) == 3


def test_members_and_groups_of_other_names_are_refused(tmp_path):
    group = make_group(tmp_path, {TITANIC: features()})
    (group / "..tt0120338").mkdir()
    (group / "tt1").mkdir()
    (group / "tt0000007").write_text("a file")
    make_group(tmp_path, {TITANIC: features()}, name="{tmdb_id}")
    (tmp_path / "packed.zarr").write_bytes(b"PK")
    (tmp_path / "hollow.zarr").mkdir()
    make_group(tmp_path, {TITANIC: features()}, name="widthless", width=None)
    make_group(tmp_path, {TITANIC: features()}, name="texty", width="8")
    rows = list(read(tmp_path))
    assert {(row.row, row.reason.value) for row in refused(rows)} == {
        ("trailers_i_swin_fpc24.zarr/tt1", "no_id"),
        ("trailers_i_swin_fpc24.zarr/tt0000007", "no_id"),
        ("{tmdb_id}.zarr", "malformed"),
        ("packed.zarr", "malformed"),
        ("hollow.zarr", "malformed"),
        ("widthless.zarr", "malformed"),
        ("texty.zarr", "malformed"),
    }
    assert len(taken(rows)) == 1


def test_consolidated_metadata_cannot_say_otherwise_than_the_array(tmp_path):
    group = make_group(tmp_path, {TITANIC: features()})
    meta = json.loads((group / TITANIC / ".zarray").read_text())
    lie = {
        "metadata": {f"{TITANIC}/.zarray": {**meta, "shape": [1, 1]}},
        "zarr_consolidated_format": 1,
    }
    (group / ".zmetadata").write_text(json.dumps(lie))
    loaded = next(iter(arrays_of(next(read(tmp_path))).values()))
    np.testing.assert_array_equal(loaded, features())


@given(st.integers(0, 400), st.integers(0, 255), st.sampled_from(["meta", "chunk"]))
@settings(max_examples=60, deadline=None)
def test_one_changed_byte_gives_an_array_or_a_refusal(tmp_path_factory, place, value, where):
    folder = tmp_path_factory.mktemp("dump")
    group = make_group(folder, {TITANIC: features()})
    path = group / TITANIC / ".zarray" if where == "meta" else chunk_of(group)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data)
    (row,) = read(folder)
    assert isinstance(row, AcceptedRow | RejectedRow)


def test_official_table_is_read_whole():
    if not REAL.exists():
        pytest.skip(f"{REAL} is not there: the real table of Trailers12k is not in this checkout")
    rows = list(read(REAL))
    assert len(rows) == 12_000
    assert refused(rows) == []
    first = rows[0].fields["marquee_trailers12k"]
    assert (rows[0].imdb_id, first["genres"]) == ("tt0035423", ["comedy", "fantasy", "romance"])
    table = pd.read_csv(REAL / "mtgc.csv", index_col="mid").to_dict("index")
    for row in rows:
        kept = row.fields["marquee_trailers12k"]
        official = table[row.imdb_id]
        assert kept["splits"] == {
            name: official.pop(name) for name in ("split0", "split1", "split2")
        }
        assert kept["genres"] == [genre for genre, is_given in official.items() if is_given]
