"""The benchmarks of networks measure what they say, on little; how fast is not asked here."""

import pytest
import torch
from present import present

from benchmarks import (
    clips,
    end_to_end,
    gpu,
    images,
    long_run,
    poster_embedding,
    text,
    video_files,
)
from benchmarks.compute import NO_BF16
from resources.compute.device import CPU_INFO, cpu_has_bf16

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_findable_benchmarks")]

HAS_BF16 = cpu_has_bf16(CPU_INFO)


def has_figures(row):
    return row.ours > 0 and row.peer_value > 0 and (row.bound is None or row.bound > 0)


def test_frames_are_compared_and_bfloat16_is_never_guessed(monkeypatch):
    monkeypatch.setattr(images, "memory_row", lambda: None)
    monkeypatch.setattr(images, "FRAMES", 1)
    monkeypatch.setattr(images, "ALONE", 1)
    threads = torch.get_num_threads()
    bf16, f32, *_ = images.measure(runs=1, names=("shufflenet",))
    assert torch.get_num_threads() == threads
    assert (bf16.target, f32.target) == (3.0, None)
    assert has_figures(f32)
    assert has_figures(bf16) if HAS_BF16 else (bf16.ours, bf16.why) == (None, NO_BF16)


def test_share_of_the_matrix_rate_is_of_counted_arithmetic():
    found = {"matrix": 100e9, "float32": 5.0, "bfloat16": 5.0}
    row = images._share_row(found, 8e9, has_bf16=True)
    assert (row.ours, row.ratio, row.target, row.is_ok) == (40.0, 0.4, 0.6, False)
    assert images._share_row(found, 8e9, has_bf16=False).target is None


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_its_rows_are_not_measured_and_say_why():
    rows = gpu.gpu_rows()
    assert [row.peer_value for row in rows] == [12_000.0, 8_000.0]
    assert all(row.is_ok is None and "no GPU" in row.why for row in rows)


def test_memory_of_a_few_films_is_compared_with_that_of_more():
    row = long_run.memory_row(movies=200, settled=100)
    assert row.limit == 16.0
    assert present(row.peer_value) > 100
    assert row.is_ok


def test_clips_are_compared():
    (row,) = clips.measure(runs=1, clips={"shufflenet3d": 2})
    assert has_figures(row)
    assert row.target is None


def test_plots_are_compared_with_padded_ones(monkeypatch):
    from transformers import BertConfig

    small = BertConfig(num_hidden_layers=1)
    monkeypatch.setattr("transformers.BertConfig", lambda: small)
    bf16, f32 = text.measure(runs=1, texts=6, padded_texts=2)
    assert has_figures(f32)
    assert (bf16.target, f32.target) == (15.0, 5.0)
    assert "random weights" in f32.name


def test_without_berts_words_plots_are_not_measured(monkeypatch):
    monkeypatch.setattr("resources.compute.weight_files.PACKAGES", {})
    assert all(row.is_ok is None and "uv sync" in row.why for row in text.measure())


def test_plots_are_drawn_to_the_same_lengths_where_there_are_no_real_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_REAL", tmp_path / "none")
    plots, kind = text.read_plots(400)
    assert kind == "generated plots"
    assert 45 < sum(len(plot.split()) for plot in plots) / 400 < 62


def test_a_short_trailer_is_measured_from_file_to_embeddings(tmp_path, monkeypatch):
    monkeypatch.setattr(video_files.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(end_to_end, "SIZES", (video_files.Size("90p", 160, 90, 100_000),))
    monkeypatch.setattr(end_to_end, "KEPT", 2)
    rows = end_to_end.measure(runs=1, duration_s=3)
    assert [row.target for row in rows] == [1 / 5, None, 1 / 7, 1 / 14, None, None]
    assert all(has_figures(row) for row in rows)


def test_posters_are_measured_from_file_to_embeddings():
    rows = poster_embedding.poster_rows(runs=1, posters=2)
    assert [(row.peer, row.target) for row in rows] == [("shufflenet", 1.0), ("resnet50", 6.0)]
    assert all(has_figures(row) for row in rows)
