"""One side of the benchmark of scale: fills a store with films, or asks what a sensor asks.

It runs in a process of its own, in this checkout or in that of another version (commit b092480 and
later, whose names are looked for below); source, store, ledger and Dagster's home come from the
environment, as for every command. `python scale_side.py fill` crawls the catalogue for real, then
records every film in every per-film asset through the assets' own factory: each keeps a file of a
few bytes with the metadata that the real one has, so that everything but fetching, decoding and
embedding happens as in a build.
"""

import itertools
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import dagster as dg

RANGE_MOVIES = 500
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
FACETS = ("poster", "trailer", "text", "box_office", "metadata", "all")
HASH = "5f2b8c1e9d3a4f60"


def find_names() -> SimpleNamespace:
    """Find what is needed of marquee, by the names of this version or of commit b092480."""
    try:
        from assets.cli.build import home, overrides
        from assets.definitions import build_defs
        from assets.orchestration.asset_specs import MOVIE_ASSETS
        from assets.orchestration.event_files import use_large_pages
        from assets.orchestration.events import DEFER_EVENTS
        from assets.orchestration.movie_asset import movie_asset
        from assets.orchestration.partitions import range_tags
        from assets.orchestration.sensors import stale_movies
        from assets.orchestration.staleness import UNPARTITIONED_ASSETS, input_version, write_whole
        from assets.orchestration.store_check import save_journal
        from resources.run_context import open_run_context
        from resources.settings import read_environment

        return SimpleNamespace(
            open=lambda: open_run_context(read_environment()), home=home,
            prepare=use_large_pages, overrides=overrides, build_defs=build_defs,
            specs=MOVIE_ASSETS, deferred=DEFER_EVENTS, range_tags=range_tags, tick=stale_movies,
            asset=lambda work: movie_asset(work, kinds=set(), metadata={}),
            backbones=lambda spec, place: spec.backbones(place),
            is_enabled=lambda spec, place: spec.is_enabled(place),
            save_journal=save_journal, whole=list(UNPARTITIONED_ASSETS),
            input_version=input_version, write_whole=write_whole, resource="run_context",
        )  # fmt: skip
    except ImportError:
        return _find_old_names()


def _find_old_names() -> SimpleNamespace:
    context = "".join(("work", "place"))  # a word that this version does not use any more
    modules = ("build", "cli_parts", "definitions", "lineage", "movie_assets", "partitions")
    build, parts, definitions, lineage, movie_assets, partitions = map(_old, modules)
    steps = _old("steps")
    open_context = getattr(import_module(f"resources.{context}"), f"open_{context}")

    def backbones(spec: Any, place: Any) -> Mapping[str, str]:
        return steps.backbones_of(spec, place) if spec.name in steps.LOOKS_AT else {}

    return SimpleNamespace(
        open=lambda: open_context(parts.settings_of()), home=build.home, prepare=lambda _: None,
        overrides=build.overrides, build_defs=definitions.build_defs, specs=steps.STEPS,
        deferred=partitions.DEFER_EVENTS, range_tags=partitions.range_tags,
        tick=_old("schedules").due_movies, backbones=backbones,
        asset=lambda work: movie_assets.movie_asset(work, group="scale", kinds=set(), metadata={}),
        is_enabled=steps.is_asked_for, save_journal=lambda _: None, whole=list(lineage.UPSTREAMS),
        input_version=lineage.input_version, write_whole=lineage.write_whole, resource=context,
    )  # fmt: skip


def _old(module: str) -> Any:
    return import_module(f"assets.{module}")


def main(command: str) -> None:
    """Do one command; print what it took as one line of JSON, the last of the output."""
    names = find_names()
    names.home()
    with names.open() as place, dg.DagsterInstance.get() as instance:
        names.prepare(instance)
        took = {"fill": fill, "tick": tick}[command](names, place, instance)
    print(json.dumps(took))


# -- filling ---------------------------------------------------------------------------------------


def fill(names: SimpleNamespace, place: Any, instance: dg.DagsterInstance) -> dict[str, object]:
    """Crawl the catalogue, record every film in every asset, and note all models as current."""
    defs = names.build_defs(**names.overrides(place))
    crawl = defs.resolve_job_def("crawl")
    assert crawl.execute_in_process(instance=instance, run_config=QUIET).success
    specs = [spec for spec in names.specs if names.is_enabled(spec, place)]
    keys = list(instance.get_dynamic_partitions("movies"))
    began = time.process_time(), time.perf_counter()
    job = _job(names, place, specs)
    for start in range(0, len(keys), RANGE_MOVIES):
        chosen = keys[start : start + RANGE_MOVIES]
        tags = {**names.range_tags(chosen), **names.deferred}
        assert job.execute_in_process(instance=instance, tags=tags, run_config=QUIET).success
    cpu_s, wall_s = time.process_time() - began[0], time.perf_counter() - began[1]
    names.save_journal(place)
    for name in names.whole:
        names.write_whole(place, name, names.input_version(place, name), HASH)
    return {
        "movies": len(keys), "assets": len(specs), "cpu_s": cpu_s, "wall_s": wall_s,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def _job(names: SimpleNamespace, place: Any, specs: list) -> Any:
    # what Dagster gives a step is the whole of the context, without a run's waiting for the store
    return dg.Definitions(
        assets=[names.asset(_work(names, place, spec)) for spec in specs],
        resources={names.resource: dg.ResourceDefinition.hardcoded_resource(place)},
        executor=dg.in_process_executor,
    ).resolve_implicit_global_asset_job_def()


def _work(names: SimpleNamespace, place: Any, spec: Any) -> Callable:
    """Return what keeps one small file for every stale film, as an asset's function."""
    folders = _folders(names, place, spec)
    suffix = FOLDERS.get(spec.name, ("", ".npy"))[1]

    def work(batch: Any) -> Iterator:
        """Nothing but bookkeeping."""
        now = datetime.now(UTC).replace(microsecond=0)
        for tmdb_id in batch.tmdb_ids:
            files = {
                place.store.path(*folder, f"{tmdb_id}{suffix}"): f"{spec.name} {tmdb_id}".encode()
                for folder in folders
            }
            yield batch.keep(tmdb_id, files, **_described(spec, tmdb_id, batch, now, folders))

    work.__name__ = spec.name
    return work


def _folders(names: SimpleNamespace, place: Any, spec: Any) -> list[tuple[str, ...]]:
    backbones = names.backbones(spec, place)
    found = [("embeddings", folder, name) for name, folder in backbones.items()]
    return found or [(FOLDERS[spec.name][0],)]


FOLDERS = {
    "movie_records": ("movies", ".json"), "box_office": ("box_office", ".json"),
    "posters": ("posters", ".jpg"), "trailers": ("trailers", ".mp4"),
    "trailer_frames": ("frames", ".npz"), "trailer_audio": ("audio", ".npy"),
    "poster_regions": ("regions", ".npy"),
}  # fmt: skip
"""Where files lie, and how their names end; embeddings have a folder of their backbone."""


FIGURES: Mapping[str, Mapping[str, object]] = {
    "box_office": {
        "revenue_usd": 195_087_223, "revenue_usd_real": 301_242_118, "budget_usd": 63_000_000,
        "budget_usd_real": 97_281_010, "real_usd_year": 2025, "cpi_year": 1999,
        "revenue_source": "tmdb",
    },
    "posters": {"poster_path": "/a8f0c1d2.jpg", "width_px": 500, "height_px": 750, "bytes": 48_211},
    "trailers": {"key": "aB3dE5gH7jK", "bytes": 3_911_204, "duration_s": 121.4, "height_px": 480},
    "trailer_frames": {"frames": 112, "clips": 9, "duration_s": 121.4, "rejected": 14},
    "trailer_audio": {"duration_s": 30.0},
    "poster_regions": {"regions": 7, "people": 3},
}  # fmt: skip


def _described(
    spec: Any, tmdb_id: int, batch: Any, now: datetime, folders: list[tuple[str, ...]]
) -> dict[str, Any]:
    """Return what the real asset hands on beside its files."""
    if spec.name == "movie_records":
        return {
            "content_hash": HASH,
            "facets": dict.fromkeys(FACETS, f"{HASH}{tmdb_id % 97:02d}"),
            "title": f"The Lighthouse Keeper of Film {tmdb_id}",
            "release_date": f"{1950 + tmdb_id % 75}-06-11",
            "imdb_id": f"tt{tmdb_id:07d}",
            "original_language": "en",
            "lacked": [],
            "trailer_keys": ["aB3dE5gH7jK", "kJ7hG5eD3bA"],
            "terms": ["tmdb"],
            "fetched_at": now.isoformat(),
            "last_lawful_day": (now + timedelta(days=180)).date().isoformat(),
        }
    if folders[0][0] != "embeddings":
        return dict(FIGURES.get(spec.name, {}))
    notes = {
        folder[-1]: {
            "hash": HASH, "folder": folder[1], "of": HASH, "code_version": spec.code_version,
            "vectors": 1, "dimensions": 384, "device": "cpu",
        }
        for folder in folders
    }  # fmt: skip
    return {"vectors": 1, "dimensions": 384, "backbones": notes}


# -- a sensor's tick -------------------------------------------------------------------------------


def tick(names: SimpleNamespace, place: Any, instance: dg.DagsterInstance) -> dict[str, object]:
    """Ask the sensor as the daemon does."""
    context = dg.build_sensor_context(instance=instance, resources={names.resource: place})
    answers = list(itertools.islice(names.tick(context), 2))
    return {"answer": str(getattr(answers[0], "skip_message", answers[0]))}


if __name__ == "__main__":
    main(sys.argv[1])
