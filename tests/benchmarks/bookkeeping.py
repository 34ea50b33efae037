"""What exact bookkeeping costs per film and asset, and what loading the definitions costs.

Peers: a plain range run of Dagster, which marks every key of the range alike, and `import dagster`.
"""

import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import dagster as dg

from assets.orchestration.events import DEFER_EVENTS
from assets.orchestration.movie_asset import movie_asset
from assets.orchestration.partitions import MOVIES, SINGLE_RUN, range_tags, register
from benchmarks.report import BenchRow, interleave
from pipeline.core.outcomes import Outcome, made
from pipeline.core.presets import PRESETS
from resources.sources.source import Source
from resources.storage.batch import MovieBatch
from resources.storage.ledger import Ledger
from resources.storage.store import Store

MOVIES_IN_RANGE = 500
MAX_MS_PER_MOVIE_AND_ASSET = 15.0
MAX_IMPORT_RATIO = 1.5

_SOURCE = Source("bench", "bench", is_studio=True)


def measure() -> list[BenchRow]:
    """Measure bookkeeping and import, each in turn with its peer."""
    ours_ms, peer_ms = interleave(lambda: _run(_our_assets), lambda: _run(_plain_assets))
    ours_s, peer_s = interleave(lambda: _import("assets.definitions"), lambda: _import("dagster"))
    return [
        BenchRow(
            "bookkeeping per film and asset", ours_ms, "ms", "dagster-plain-range-run", peer_ms,
            target=None, limit=MAX_MS_PER_MOVIE_AND_ASSET,
        ),
        BenchRow(
            "import assets.definitions", ours_s, "s", "import-dagster", peer_s,
            target=MAX_IMPORT_RATIO,
        ),
    ]  # fmt: skip


def _our_assets() -> list[dg.AssetsDefinition]:
    def movie_records(batch: MovieBatch) -> Iterable[Outcome]:
        """Nothing but bookkeeping."""
        return (made(tmdb_id, "h") for tmdb_id in batch.tmdb_ids)

    def posters(batch: MovieBatch) -> Iterable[Outcome]:
        """Nothing but bookkeeping."""
        return (made(tmdb_id, "h") for tmdb_id in batch.tmdb_ids)

    return [movie_asset(work, kinds=set(), metadata={}) for work in (movie_records, posters)]


def _plain_assets() -> list[dg.AssetsDefinition]:
    @dg.asset(partitions_def=MOVIES, backfill_policy=SINGLE_RUN, code_version="1")
    def first() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"status": "ok", "source": "bench"})

    @dg.asset(partitions_def=MOVIES, backfill_policy=SINGLE_RUN, code_version="1", deps=[first])
    def second() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"status": "ok", "source": "bench"})

    return [first, second]


def _run(make_assets) -> float:
    """Return the milliseconds per movie and asset of one range run in a new Dagster home."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="marquee-bench-")))
        (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        instance = stack.enter_context(dg.DagsterInstance.from_config(str(folder)))
        ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
        stack.callback(ledger.close)
        place = SimpleNamespace(
            source=_SOURCE, store=Store(folder / "store"), ledger=ledger, clock=time.time,
            preset=PRESETS["small"], backbones={},
        )  # fmt: skip
        ids = range(1, MOVIES_IN_RANGE + 1)
        register(instance, ids, "bench")
        ledger.know_movies(dict.fromkeys(ids, ""))
        assets = make_assets()
        is_ours = make_assets is _our_assets
        job = dg.Definitions(
            assets=assets,
            resources={"run_context": dg.ResourceDefinition.hardcoded_resource(place)},
            executor=dg.in_process_executor,
        ).resolve_implicit_global_asset_job_def()
        began_s = time.perf_counter()
        result = job.execute_in_process(
            instance=instance,
            tags={**range_tags([str(i) for i in ids]), **(DEFER_EVENTS if is_ours else {})},
            run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
        )
        assert result.success
        return 1000 * (time.perf_counter() - began_s) / (len(assets) * MOVIES_IN_RANGE)


def _import(module: str) -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return time.perf_counter() - began_s
