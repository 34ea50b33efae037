"""Trailers12k's own layout, generated, through one command."""

import csv
import json
import tracemalloc

import numpy as np
import pytest
import zarr
from typer.testing import CliRunner

from assets.cli.app import app
from assets.models.trailers12k_run import BOOSTING_POOLED, METRICS, list_rows, load
from pipeline.core.errors import ConfigurationError, DumpError
from pipeline.crawl.datasets.zarr_groups import open_group
from pipeline.crawl.datasets.zarr_packing import pack_group
from pipeline.layouts.trailers12k_layout import GENRES, MTGC_COLUMNS

N = 60
WIDTH = 24


def write_group(folder, name, arrays):
    group = zarr.open_group(str(folder / f"{name}.zarr"), mode="w", zarr_format=2)
    group.attrs["num_features"] = next(iter(arrays.values())).shape[-1]
    for imdb_id, array in arrays.items():
        stored = group.create_array(imdb_id, shape=array.shape, dtype="f4", chunks=array.shape)
        stored[...] = array


@pytest.fixture(scope="module")
def download(tmp_path_factory):
    """The paper's files with fewer movies, fewer clips, narrower, signal in all groups."""
    folder = tmp_path_factory.mktemp("trailers12k")
    rng = np.random.default_rng(5)
    ids = [f"tt{1000000 + number}" for number in range(N)]
    labels = rng.random((N, len(GENRES))) < 0.3
    labels[np.arange(N), rng.integers(0, len(GENRES), N)] = True
    with (folder / "mtgc.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(MTGC_COLUMNS)
        for row, imdb_id in enumerate(ids):
            places = [(0, 0, 0, 0, 0, 0, 0, 1, 2, 2)[(row + 3 * k) % 10] for k in range(3)]
            table.writerow([imdb_id, *labels[row].astype(int), *places])
    for name, shortest, longest in (
        ("trailers_i_swin_fpc24", 4, 45),
        ("trailers_ik_swin_fps24_fpc24", 4, 45),
        ("posters_i_swin", 1, 1),
    ):
        directions = rng.normal(size=(len(GENRES), WIDTH))
        write_group(folder, name, {
            imdb_id: labels[row] @ directions
            + rng.normal(size=(rng.integers(shortest, longest + 1), WIDTH))
            for row, imdb_id in enumerate(ids) if row % 30 or name == "posters_i_swin"
        })  # fmt: skip
    return folder


@pytest.mark.slow
def test_one_command_trains_and_evaluates_on_the_papers_files(download, tmp_path):
    command = ["trailers12k", str(download), "--splits", "0,1", "--epochs", "2"]
    output_text = CliRunner().invoke(
        app, [*command, "--work", str(tmp_path)], catch_exceptions=False
    )
    assert output_text.exit_code == 0
    assert "75.71" in output_text.output
    result = json.loads((tmp_path / "trailers12k_results.json").read_text())
    assert result["rows"] == N
    variants = result["variants"]
    assert {
        "label prior", BOOSTING_POOLED, "late fusion", "early fusion", "all streams",
        "clips alone", "clip_frames alone", "poster alone",
    } == set(variants)  # fmt: skip
    for scores in variants.values():
        assert len(scores) == 2
        assert all(0 < one[metric] <= 100 for one in scores for metric in METRICS)
    mean = np.mean([one["micro_ap_score"] for one in variants[BOOSTING_POOLED]])
    deviation = np.std([one["micro_ap_score"] for one in variants[BOOSTING_POOLED]], ddof=1)
    row = next(row for row in list_rows(result) if row[0] == BOOSTING_POOLED)
    assert row[1] == f"{mean:.2f} ± {deviation:.2f}"
    assert (tmp_path / "split0" / "late fusion" / "model.pth").is_file()


def test_streams_are_packed_movie_by_movie_and_taken_again(download, tmp_path):
    table = load(download, tmp_path)
    assert set(table.streams) == {"clip_frames", "clips", "poster"}
    assert table.masks["clips"].sum() == N - 2  # two trailers have no features
    assert table.masks["poster"].all()
    clips = table.streams["clips"]
    group = open_group(download / "trailers_ik_swin_fps24_fpc24.zarr")
    np.testing.assert_array_equal(clips.row(1), group.read("tt1000001"))
    written = (tmp_path / "trailers_ik_swin_fps24_fpc24.f32").stat().st_mtime_ns
    assert load(download, tmp_path).data_hash == table.data_hash
    assert (tmp_path / "trailers_ik_swin_fps24_fpc24.f32").stat().st_mtime_ns == written


def test_packing_holds_one_movie_at_a_time(tmp_path):
    array = np.ones((96, 768), np.float32)  # 0.3 MB, as one of the paper's
    ids = [f"tt{2000000 + number}" for number in range(60)]
    write_group(tmp_path, "trailers_ik_swin_fps24_fpc24", dict.fromkeys(ids, array))
    group = open_group(tmp_path / "trailers_ik_swin_fps24_fpc24.zarr")
    pack_group(group, ids[:2], tmp_path / "warm")
    tracemalloc.start()
    ragged, _ = pack_group(group, ids, tmp_path / "packed")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(ragged.values, np.memmap)
    assert ragged.values.nbytes > 17e6
    assert peak < 4e6


def test_what_is_missing_is_named(download, tmp_path):
    with pytest.raises(ConfigurationError, match=r"mtgc\.csv"):
        load(tmp_path, tmp_path / "packed")
    (tmp_path / "mtgc.csv").write_text((download / "mtgc.csv").read_text())
    with pytest.raises(ConfigurationError, match="no features"):
        load(tmp_path, tmp_path / "packed")
    with pytest.raises(ConfigurationError, match="vgg"):
        load(download, tmp_path / "packed", "vgg")
    group = open_group(download / "posters_i_swin.zarr")
    with pytest.raises(DumpError, match="none of the 1"):
        pack_group(group, ["tt9999999"], tmp_path / "packed")
