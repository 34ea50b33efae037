"""Exports of a store that a build has filled: what was kept comes out, and goes in again."""

import csv
import io
import json
from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import zarr
from PIL import Image

from assets.cli.build import Request, build
from assets.crawl.dump_import import import_dump
from assets.exports.export import EXPORTS, export, print_export
from pipeline.core.errors import ConfigurationError, DumpError
from pipeline.crawl.datasets import reference000, trailers12k
from pipeline.crawl.datasets.dump_rows import AcceptedRow
from pipeline.exports.manifest import find_problems
from resources.run_context import open_run_context
from resources.settings import Settings
from resources.storage.store import npy_bytes

BOXES = "gold,earring\n0.1127\n0.9832\n[231.6, 123.3, 244.4, 164.3]\n"


def read_store(site, *parts):
    return (site.folder / "store").joinpath(*parts)


def put(site, content, *parts):
    path = read_store(site, *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def expect_seed000(site, out, report):
    """The seed's own code gives what the store has, and our reader takes it all."""
    ids = site.catalogue.movie_ids()
    rows = list(reference000.read(out))
    assert all(isinstance(row, AcceptedRow) for row in rows), rows
    assert [row.tmdb_id for row in rows] == ids
    for row in rows:
        details = json.loads(read_store(site, "movies", f"{row.tmdb_id}.json").read_bytes())
        ours = {k: v for k, v in row.fields.items() if not k.startswith("marquee_")}
        assert ours == {k: v for k, v in details.items() if not k.startswith("marquee_")}
        for folder in ("basics", "keywords", "credits"):
            data = np.load(str(out / folder / f"{row.tmdb_id}.npy"), allow_pickle=True)
            assert type(data.item()) is dict
            assert data.item()["id"] == row.tmdb_id
    posters = {i for i, row in site.rows("posters").items() if row.status == "ok"}
    assert {int(p.stem) for p in (out / "posters").iterdir()} == posters
    for path in (out / "posters").iterdir():
        with Image.open(path) as image:
            assert (image.size, image.format) == ((400, 600), "JPEG")
    assert (out / "attr_bbox" / f"{ids[0]}.txt").read_text() == BOXES
    features = np.load(str(out / "poster_features" / f"{ids[0]}.npy"))
    assert features.shape == (1, 2048, 4, 4), "what was imported is not mixed with our own"
    expect_regions(site, out, set(ids[1:]))
    assert report.counts["basics"] == len(ids)
    with (out / "IMDB_crawl_36k_rawdata.csv").open(newline="") as handle:
        assert [int(row["tmdb_id"]) for row in csv.DictReader(handle)] == ids


def expect_regions(site, out, ids):
    """The lines printed in the seed, after `path=`, load our own regions of every poster."""
    made = {i for i, row in site.rows("poster_regions").items() if row.status == "ok"} & ids
    assert made
    counts = []
    for tmdb_id in made:
        path = str(out / "poster_features") + "/" + str(int(tmdb_id)) + ".npy"
        arr = np.load(path)
        image_feature_maps = torch.from_numpy(arr)
        assert image_feature_maps.shape[1:] == torch.Size([2048, 7, 7])
        path = str(out / "attr_bbox") + "/" + str(int(tmdb_id)) + ".txt"
        f = open(path, "r")  # noqa: SIM115, PTH123, UP015 - as printed
        data = f.readlines()
        f.close()
        assert len(data) == 4 * len(arr)
        for line in data[3::4]:
            x1, y1, x2, y2 = json.loads(line)
            assert 0 <= x1 < x2 <= 400
            assert 0 <= y1 < y2 <= 600
        assert len(arr) == site.rows("poster_regions")[tmdb_id].metadata["objects"]
        counts.append(len(arr))
    assert sum(counts) > 0


def expect_trailers12k(site, out, report, monkeypatch):
    """The seed's own code gives the store's arrays, ours and the imported ones."""
    monkeypatch.chdir(out)
    first = site.catalogue.movie_ids()[0]
    made = {i for i, row in site.rows("clip_embeddings").items() if row.status == "ok"}
    assert made
    for group, folder in (
        ("trailers_i_shufflenet_fpc24", "clip_frames/shufflenet"),
        ("trailers_i_resnet18_fpc24", "clip_frames/resnet18"),
        ("trailers_k_shufflenet_fps24_fpc24", "clips/shufflenet3d"),
    ):
        z = zarr.open(f"{group}.zarr", mode="r")
        num_features = z.attrs["num_features"]
        for tmdb_id in made:
            arr = z[f"tt{tmdb_id}"]
            assert arr.shape[1:] == (num_features,)
            assert arr.dtype == np.dtype("float32")
            kept = np.load(read_store(site, "embeddings", *folder.split("/"), f"{tmdb_id}.npy"))
            np.testing.assert_array_equal(arr[:], kept)
    assert any("random" in note and "2 clips at most" in note for note in report.notes)
    for group, width in (("posters_i_shufflenet", 1024), ("posters_i_resnet18", 512)):
        assert zarr.open(f"{group}.zarr", mode="r")[f"tt{first}"].shape == (1, width)
    z = zarr.open("trailers_ik_swin_fps24_fpc24.zarr", mode="r")
    arr = z[f"tt{first}"]
    assert (arr.shape, arr.dtype) == ((96, 768), np.dtype("float32"))
    assert report.counts["trailers_ik_swin_fps24_fpc24"] == 1
    rows = list(trailers12k.read(out))
    assert all(isinstance(row, AcceptedRow) for row in rows), rows
    output = next(row for row in rows if row.imdb_id == f"tt{first}")
    place = "trailers_ik_swin_fps24_fpc24/{tmdb_id}.npy"
    np.testing.assert_array_equal(np.load(io.BytesIO(output.files[place])), arr[:])
    assert any("official splits were not imported" in note for note in report.notes)
    assert not Path("mtgc.csv").exists()


def expect_terms(out, manifest, ids):
    """The studio's films have no terms but their own, and every one says when it was read."""
    (source,) = {*manifest["terms"]["sources"]} - {"seed000", "trailers12k"}
    assert source == "studio"
    assert manifest["terms"]["notices"] == []
    with (out / "terms.tsv").open(newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    of_records = [row for row in rows if row["part"] == "record"]
    assert {int(row["tmdb_id"]) for row in of_records} >= ids
    assert all(row["source"] and row["terms"] and row["fetched_at"] for row in rows)


def expect_tables(site, out, kind):
    ids = site.catalogue.movie_ids()
    if kind == "parquet":
        rows = pq.read_table(out / "films.parquet").to_pylist()
        assert {row["status_movie_records"] for row in rows} == {"ok"}
        assert all(row["title"] and row["genres"] for row in rows)
    else:
        with (out / "films.csv").open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
    assert [int(row["tmdb_id"]) for row in rows] == ids
    known = [row for row in rows if row["revenue_usd"]]
    assert known
    for row in known:
        money = json.loads(read_store(site, "box_office", f"{row['tmdb_id']}.json").read_bytes())
        assert float(row["revenue_usd"]) == money["revenue_usd"]


def test_every_kind_is_exported_verified_and_read_again(open_site, tmp_path, monkeypatch):
    site = open_site(size=3, stages=("crawl", "media", "frames"))
    site.more = {"backbones": "resnet18"}
    first, second, _ = site.catalogue.movie_ids()
    site.build(movies=(first, second))
    put(site, BOXES.encode(), "imports", "seed000", "attr_bbox", f"{first}.txt")
    features = np.ones((1, 2048, 4, 4), np.float32)
    put(site, npy_bytes(features), "imports", "seed000", "poster_features", f"{first}.npy")
    clips = np.random.default_rng(0).random((96, 768), dtype=np.float32)
    put(
        site, npy_bytes(clips),
        "imports", "trailers12k", "trailers_ik_swin_fps24_fpc24", f"{first}.npy",
    )  # fmt: skip
    secrets = {"tmdb_api_key": "9f8e7d6c5b4a", "imdbpro_cookie": "at-main=1a2b3c4d"}
    with open_run_context(site.settings.model_copy(update=secrets)) as run_context:
        for kind in EXPORTS:
            out = tmp_path / kind
            report = export(run_context, kind, out)
            assert find_problems(out) == [], kind
            assert len(report.movies) == 3
            manifest = json.loads((out / "manifest.json").read_text())
            assert manifest["source"] == run_context.source.label
            assert len(manifest["files"]) == len(report.folder.files)
            expect_terms(out, manifest, {first, second})
            content = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
            assert not any(secret.encode() in content for secret in secrets.values())
            if kind == "seed000":
                expect_seed000(site, out, report)
            elif kind == "trailers12k":
                expect_trailers12k(site, out, report, monkeypatch)
            else:
                expect_tables(site, out, kind)

        out = tmp_path / "seed000"
        again = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
        export(run_context, "seed000", out)
        assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == again

        export(run_context, "seed000", out, movies=[first])
        assert [p.name for p in (out / "basics").iterdir()] == [f"{first}.npy"]
        assert find_problems(out) == []

        (read_store(site, "movies", f"{first}.json")).write_bytes(b"{")
        report = export(run_context, "parquet", tmp_path / "parquet")
        assert [*report.left_out["record"].values()] == [[first]]


def test_what_is_missing_is_reported_and_counted(open_site, tmp_path, capsys):
    from rich.console import Console

    site = open_site(size=3, stages=("crawl",))
    site.order({"path": "/t/p/", "status": 404})
    site.build(stages=("media",))
    with site.run_context() as run_context:
        report = export(run_context, "seed000", tmp_path / "out")
        print_export(report, Console(width=200))
    listed = [p for p, row in site.rows("posters").items() if row.reason == "gone"]
    assert report.left_out["posters"]["rejected: gone"] == listed
    assert "posters" not in report.counts
    output = capsys.readouterr().out
    assert "rejected: gone" in output
    assert "marquee export --verify" in output
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["left_out"]["posters"]["rejected: gone"] == listed


def test_mistakes_are_answered_with_a_remedy(open_site, tmp_path):
    site = open_site(size=2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with site.run_context() as run_context:
        with pytest.raises(ConfigurationError, match="marquee build"):
            export(run_context, "csv", tmp_path / "out")
        run_context.ledger.know_movies({90000001: "", 90000002: ""})
        with pytest.raises(ConfigurationError, match="seed000, trailers12k, parquet, csv"):
            export(run_context, "xml", tmp_path / "out")
        with pytest.raises(ConfigurationError, match="TMDB id 5 is not among the 2 movies"):
            export(run_context, "csv", tmp_path / "out", movies=[5])
        with pytest.raises(DumpError, match="existing files are never overwritten"):
            export(run_context, "csv", tmp_path / "mine")
    assert not (tmp_path / "out").exists()
    assert "incomplete" in find_problems(tmp_path / "mine")[0]


def make_dumps(folder):
    """Reference implementation 000's folders and Trailers12k's files, about one film."""
    mid, details = "tt0120338", {"id": 597, "imdb_id": "tt0120338", "title": "Titanic"}
    dumps = folder / "seed", folder / "t12k"
    answers = {
        "basics": details,
        "credits": {"id": 597, "cast": [{"id": 2, "name": "K"}], "crew": []},
    }
    for name, value in answers.items():
        (dumps[0] / name).mkdir(parents=True)
        np.save(dumps[0] / name / "597.npy", value)
    (dumps[0] / "attr_bbox").mkdir()
    (dumps[0] / "attr_bbox" / "597.txt").write_text(BOXES)
    (dumps[0] / "poster_features").mkdir()
    np.save(dumps[0] / "poster_features" / "597.npy", np.ones((1, 2048, 7, 7), np.float32))
    dumps[1].mkdir()
    group = zarr.open_group(str(dumps[1] / "trailers_i_swin_fpc24.zarr"), mode="w", zarr_format=3)
    group.attrs["num_features"] = 8
    group.create_array(mid, data=np.random.default_rng(0).random((5, 8), dtype=np.float32))
    columns = "mid,action,adventure,comedy,crime,drama,fantasy,horror,romance,sci-fi,thriller"
    table = f"{columns},split0,split1,split2\n{mid},0,0,0,0,1,0,0,1,0,0,0,2,1\n"
    (dumps[1] / "mtgc.csv").write_text(table)
    entry = {
        "imdb": {"id": "0120338", "genres": ["Drama"]},
        "youtube": {"trailers": [{"id": "k" * 11}]},
    }
    (dumps[1] / "metadata.json").write_text(json.dumps({"trailers12k": {"17": entry}}))
    return dumps


def test_dumps_that_were_imported_come_out_as_they_went_in(tmp_path, monkeypatch):
    seed, t12k = make_dumps(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("MARQUEE_SOURCE", "imports")
    settings = Settings(source="imports", store=str(tmp_path / "store"))
    with (
        dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance,
        open_run_context(settings) as run_context,
    ):
        for kind, dump in (("seed000", seed), ("trailers12k", t12k)):
            assert import_dump(run_context, kind, dump).refused == []
            again = import_dump(run_context, kind, dump)
            assert (again.unchanged, again.new, again.changed) == (1, 0, 0)
        build(run_context, instance, Request(stages=("crawl",)))
        for kind in ("seed000", "trailers12k"):
            export(run_context, kind, tmp_path / kind)
            assert find_problems(tmp_path / kind) == []

    for place in ("poster_features/597.npy", "attr_bbox/597.txt"):
        assert (tmp_path / "seed000" / place).read_bytes() == (seed / place).read_bytes()
    cast = np.load(str(tmp_path / "seed000" / "credits" / "597.npy"), allow_pickle=True).item()
    assert cast == np.load(str(seed / "credits" / "597.npy"), allow_pickle=True).item()
    out = tmp_path / "trailers12k"
    assert (out / "mtgc.csv").read_text() == (t12k / "mtgc.csv").read_text()
    assert json.loads((out / "metadata.json").read_text()) == json.loads(
        (t12k / "metadata.json").read_text()
    )
    arrays = [
        zarr.open(str(folder / "trailers_i_swin_fpc24.zarr"), mode="r")["tt0120338"][:]
        for folder in (out, t12k)
    ]
    np.testing.assert_array_equal(*arrays)
