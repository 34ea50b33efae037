"""Embeddings as assets: several backbones from one reading, resumed by film and backbone."""

from dataclasses import replace

import numpy as np

from assets.build import Request, build
from resources.embedding_files import read_note
from resources.workplace import open_workplace

STAGES = ("crawl", "media", "frames", "embeddings")


def rebuild(site, **settings):
    with open_workplace(replace(site.settings, **settings)) as workplace:
        return build(workplace, site.instance, Request(stages=STAGES))


def files(site, *parts):
    folder = (site.folder / "store" / "embeddings").joinpath(*parts)
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}


def ok(site, asset):
    return {i: row for i, row in site.rows(asset).items() if row.status == "ok"}


def test_backbones_beside_the_presets_are_made_alone_and_not_again(open_site):
    site = open_site(size=3)
    assert rebuild(site) == 3
    before = files(site)
    assert {path.parent.name for path in before} == {"minilm", "shufflenet"}
    assert site.rows("audio_embeddings") == {}, "no backbone of sound is asked for"

    assert rebuild(site, backbones="resnet18,ast,clip_text") == 3
    after = files(site)
    assert {p: t for p, t in after.items() if p in before} == before
    new = {path.parent.name for path in after.keys() - before.keys()}
    assert new == {"resnet18", "ast", "clip_text"}
    for asset, name in (("frame_embeddings", "resnet18"), ("audio_embeddings", "ast")):
        for tmdb_id, row in ok(site, asset).items():
            note = row.metadata["backbones"][name]
            path = site.folder / "store" / "embeddings" / note["folder"] / name / f"{tmdb_id}.npy"
            vectors = np.load(path)
            assert (list(vectors.shape), str(vectors.dtype)) == (note["shape"], "float32")
            told = read_note(path.read_bytes())
            assert told == {key: note[key] for key in told}
            assert told["weights"] == "random"

    assert rebuild(site) == 3, "another choice is looked at"
    assert rebuild(site, backbones="resnet18,ast,clip_text") == 3
    assert files(site) == after, "and nothing is computed again"
    assert rebuild(site, backbones="resnet18,ast,clip_text") == 0
    site.assert_dagster_shows_the_ledger()


def test_damaged_or_changed_backbone_is_made_again_alone(open_site, tmp_path):
    site = open_site(size=2)
    asked = {"backbones": "resnet18"}
    rebuild(site, **asked)
    before = files(site, "frames")
    lost = next(path for path in before if path.parent.name == "resnet18")
    content = lost.read_bytes()
    lost.write_bytes(content[:-9])
    rebuild(site)
    rebuild(site, **asked)
    assert lost.read_bytes() == content
    assert {p for p, t in files(site, "frames").items() if t != before[p]} == {lost}

    import torch

    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.image import build_image_network

    other = build_image_network(BACKBONES["resnet18"], None, seed=5)
    torch.save(other.trunk.state_dict(), tmp_path / "resnet18.pth")
    before = files(site)
    assert rebuild(site, **asked, weights=str(tmp_path)) == 2
    changed = {path for path, time in files(site).items() if time != before[path]}
    assert {(p.parent.parent.name, p.parent.name) for p in changed} == {
        ("frames", "resnet18"), ("poster", "resnet18"),
    }  # fmt: skip
    assert {read_note(path.read_bytes())["weights"] for path in changed} == {"file resnet18.pth"}
