"""Embeddings as assets: several backbones from one reading, resumed by movie and backbone."""

import numpy as np
import torch
from present import present
from sites import MOVIE_STAGES

from assets.orchestration.staleness import features_version
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.pixel_networks import build_pixel_network
from resources.storage.embedding_files import read_note

BESIDE = {"backbones": "resnet18,ast,clip_text"}


def rebuild(site, **settings):
    """Build the first movie with other settings; what is made of the others stays as it is."""
    site.more = settings
    return site.build(movies=tuple(site.catalogue.movie_ids()[:1]))


def version_of_features(site):
    with site.run_context() as run_context:
        return features_version(run_context)


def files(site, *parts):
    folder = (site.folder / "store" / "embeddings").joinpath(*parts)
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}


def places(paths):
    return {f"{path.parent.parent.name}/{path.parent.name}" for path in paths}


def assert_files_say_what_the_ledger_says(site):
    for asset in ("text_embeddings", "poster_embeddings", "frame_embeddings", "clip_embeddings"):
        rows = {i: row for i, row in site.rows(asset).items() if row.status == "ok"}
        assert rows, asset
        for tmdb_id, row in rows.items():
            for name, note in row.metadata["backbones"].items():
                folder = site.folder / "store" / "embeddings" / note["folder"] / name
                vectors = np.load(folder / f"{tmdb_id}.npy")
                assert (list(vectors.shape), str(vectors.dtype)) == (note["shape"], "float32")
                assert vectors.shape[-1] == note["width"] == BACKBONES[name].width
                note_of_file = present(read_note((folder / f"{tmdb_id}.npy").read_bytes()))
                assert note_of_file == {key: note[key] for key in note_of_file}
                assert {"weights", "weights_hash", "preparation", "dtype"} < note_of_file.keys()


def test_backbones_are_made_once_and_alone_made_again(open_site, tmp_path):
    site = open_site(size=3, stages=MOVIE_STAGES)
    before = files(site)
    assert places(before) == {
        "text/minilm", "poster/shufflenet", "frames/shufflenet", "clips/shufflenet3d",
        "clip_frames/shufflenet",
    }  # fmt: skip
    assert site.rows("audio_embeddings") == {}, "no backbone of sound is asked for"
    features = version_of_features(site)
    clips = {i: row.metadata for i, row in site.rows("clip_embeddings").items()}
    assert all(metadata["shape"][0] == 2 for metadata in clips.values())

    assert rebuild(site, **BESIDE) == 1
    after = files(site)
    assert {p: t for p, t in after.items() if p in before} == before, "nothing is computed again"
    new = places(after.keys() - before.keys())
    assert new == {
        "text/clip_text", "poster/resnet18", "frames/resnet18", "clip_frames/resnet18", "audio/ast",
    }  # fmt: skip
    assert_files_say_what_the_ledger_says(site)
    assert version_of_features(site) == features, "no model reads what stands beside"

    assert rebuild(site) == 1, "another choice has a movie checked"
    lost = next(path for path in after if path.parent.name == "resnet18")
    content = lost.read_bytes()
    lost.write_bytes(content[:-9])
    assert rebuild(site, **BESIDE) == 1
    again = {path for path, time in files(site).items() if time != after[path]}
    assert again == {lost}, "nothing is computed again but what was damaged"
    assert lost.read_bytes() == content
    assert rebuild(site, **BESIDE) == 0
    site.assert_dagster_shows_the_ledger()

    after = files(site)
    other = build_pixel_network(BACKBONES["resnet18"], None, seed=5)
    torch.save(other.trunk.state_dict(), tmp_path / "resnet18.pth")
    assert rebuild(site, **BESIDE, weights=str(tmp_path)) == 1
    changed = {path for path, time in files(site).items() if time != after[path]}
    assert places(changed) == {"poster/resnet18", "frames/resnet18", "clip_frames/resnet18"}
    assert {present(read_note(path.read_bytes()))["weights"] for path in changed} == {
        "file resnet18.pth"
    }
    assert version_of_features(site) == features
    assert_files_say_what_the_ledger_says(site)
