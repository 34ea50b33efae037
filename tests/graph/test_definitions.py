"""What Dagster loads: cheap to import, complete to look at."""

import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import assets
from assets.cli.build import STAGES
from assets.definitions import build_defs
from assets.orchestration.run_resource import settings_from_environment
from pipeline.core.errors import ConfigurationError
from pipeline.models.systems.registry import SYSTEMS

ROOT = Path(__file__).resolve().parents[2]
GRAPH = build_defs().resolve_asset_graph()
ASSETS = sorted(GRAPH.materializable_asset_keys)


def names(keys):
    return {key.to_user_string() for key in keys}


def test_loading_imports_nothing_heavy():
    heavy = (
        "torch",
        "transformers",
        "sklearn",
        "pandas",
        "lightning",
        "yt_dlp",
        "av",
        "sqlalchemy",
        "requests",
        "urllib3",
    )
    code = f"import sys, assets.definitions; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert found.stdout.strip() == "[]"


def test_loading_looks_for_garbage_nowhere_and_leaves_the_habit_of_python():
    code = """
import gc
import dagster
generations = []
gc.callbacks.append(lambda phase, info: generations.append(info["generation"]))
before = gc.get_threshold()
import assets.definitions
print(2 in generations, gc.get_threshold() == before, gc.get_freeze_count() > 100_000)
"""
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert found.stdout.split() == ["False", "True", "True"]


def test_assets_are_those_of_this_repository():
    assert Path(assets.__file__).is_relative_to(ROOT)


def test_every_asset_of_the_path_is_there():
    assert names(ASSETS) == {
        "movie_catalog", "movie_records", "box_office", "posters", "trailers", "trailer_frames",
        "trailer_audio", "text_embeddings", "poster_embeddings", "frame_embeddings",
        "audio_embeddings", "clip_embeddings", "poster_regions",
        "movie_features", "box_office_encoder", "leaderboard", "movie_predictions",
        *(f"{system.name}_{stage}" for system in SYSTEMS
          for stage in ("splits", "baselines", "model", "evaluation")),
    }  # fmt: skip


@pytest.mark.parametrize("key", ASSETS, ids=lambda key: key.to_user_string())
def test_asset_says_what_it_is(key):
    node = GRAPH.get(key)
    assert node.description
    assert node.group_name in (*STAGES, "predict")
    assert node.kinds
    assert node.code_version
    assert node.tags["marquee/stage"] == node.group_name
    assert node.backfill_policy == dg.BackfillPolicy.single_run()
    assert {"dagster/column_schema", "shape", "content"} & set(node.metadata)
    assert not node.owners, "nobody, unless MARQUEE_OWNERS names somebody"
    (place,) = node.metadata["dagster/code_references"].code_references
    lines = Path(place.file_path).read_text().splitlines()
    assert Path(place.file_path).is_relative_to(ROOT / "assets" / node.group_name)
    assert re.match(r"\s*(@unpartitioned_asset|def )", lines[place.line_number - 1])


def test_owners_are_those_of_the_setting(monkeypatch):
    monkeypatch.setenv("MARQUEE_OWNERS", "ada@example.org, team:films,")
    graph = build_defs().resolve_asset_graph()
    assert {tuple(graph.get(key).owners) for key in ASSETS} == {("ada@example.org", "team:films")}


@pytest.mark.parametrize("owner", ["ada", "team:", "films"])
def test_owner_that_is_none_is_refused(owner):
    with pytest.raises(ConfigurationError, match=f"MARQUEE_OWNERS holds '{owner}'"):
        build_defs(owners=f"ada@example.org,{owner}")


def test_films_are_partitions_of_every_per_film_asset_and_of_no_other():
    partitioned = {k for k in ASSETS if GRAPH.get(k).partitions_def is not None}
    assert names(partitioned) == {
        "movie_records", "box_office", "posters", "trailers", "trailer_frames", "trailer_audio",
        "text_embeddings", "poster_embeddings", "frame_embeddings",
        "audio_embeddings", "clip_embeddings", "poster_regions", "movie_predictions",
    }  # fmt: skip


def test_secrets_of_the_environment_stay_names(monkeypatch):
    monkeypatch.setenv("TMDB_API_KEY", "0123456789abcdef")
    monkeypatch.setenv("IMDBPRO_COOKIE", "session=geheim")
    settings = settings_from_environment()
    assert settings["tmdb_api_key"] == dg.EnvVar("TMDB_API_KEY")
    assert "geheim" not in repr(settings)
