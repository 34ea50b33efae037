"""Our side of the posters' benchmark, in a process of its own."""

import io
import json
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore
from types import SimpleNamespace

SIZE_PX = 224
QUALITY = 95
FLUSH_AT = 32


def run_ours(base_url: str, folder: Path, images: int, concurrency: int) -> dict[str, float]:
    """Run our side in a new process; give `images_per_s` and `cpu_ms` per poster."""
    command = [sys.executable, "-m", "benchmarks.poster_sides"]
    arguments = [base_url, str(folder), str(images), str(concurrency)]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def resize(content: bytes) -> bytes:
    """Make the JPEG that img2dataset makes with `center_crop`; decoding checks the file."""
    from PIL import Image

    from pipeline.core.image_inputs import Fit
    from pipeline.media.poster import load_poster

    square = load_poster(content, size_px=SIZE_PX, fit=Fit.CENTRE_CROP)
    file = io.BytesIO()
    Image.fromarray(square).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _work(base_url: str, folder: Path, images: int, concurrency: int) -> dict[str, float]:
    from assets.media.posters import CHECKED_AT_ONCE, EXTRA_THREADS
    from assets.orchestration.asset_specs import MOVIE_ASSETS
    from pipeline.core.staleness import row_of
    from resources.http.client import HttpClient
    from resources.sources.image_host import ImageHost
    from resources.storage.batch import MovieBatch
    from resources.storage.ledger import Ledger
    from resources.storage.store import Store

    step = next(step for step in MOVIE_ASSETS if step.name == "posters")
    ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
    http = HttpClient(base_url)
    place = SimpleNamespace(store=Store(folder / "store"), ledger=ledger, clock=time.time)
    batch = MovieBatch(place, step, dict.fromkeys(range(1, images + 1), "bench"), {})
    host = ImageHost(http, at_once=concurrency)
    make = partial(_keep, batch, host, BoundedSemaphore(CHECKED_AT_ONCE))
    make(1)  # loads what is loaded at first use
    begun_cpu_s, began_s = _cpu_s(), time.perf_counter()
    rows = {}
    for outcome in batch.each(make, workers=concurrency + EXTRA_THREADS):
        rows[outcome.tmdb_id] = row_of(outcome, None, step, "bench", now_s=time.time())
        if len(rows) % FLUSH_AT == 0:
            ledger.write(step.name, rows, now_s=time.time())
            rows = {}
    ledger.write(step.name, rows, now_s=time.time())
    took_s, cpu_s = time.perf_counter() - began_s, _cpu_s() - begun_cpu_s
    kept = sum(row.status == "ok" for row in ledger.rows(step.name).values())
    http.close()
    ledger.close()
    return {"kept": kept, "images_per_s": images / took_s, "cpu_ms": 1000 * cpu_s / images}


def _keep(batch, images, turns: BoundedSemaphore, tmdb_id: int):
    """Do what `assets.media.posters.posters` does, with the small picture in the place of the
    large one.

    Its decoding checks the file as well, so that the poster is decoded once, as by the peer.
    """
    from assets.orchestration.asset_specs import POSTER_FILE

    content = images.fetch_poster(f"/{tmdb_id}.jpg")
    with turns:
        files = {POSTER_FILE.path(batch.run_context.store, tmdb_id): resize(content)}
        return batch.keep(tmdb_id, files, bytes=len(content))


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    url, where, count, threads = sys.argv[1:]
    print(json.dumps(_work(url, Path(where), int(count), int(threads))))
