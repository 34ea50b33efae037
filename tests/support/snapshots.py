"""What a site holds, in a form in which two sites can be compared."""

import json
from pathlib import Path

from present import present
from sites import Site

from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.terms import TERMS_KEY
from pipeline.core.versions import hash_bytes


def snapshot(site: Site, store: Path | None = None) -> dict[str, dict]:
    """Return store, ledger and what Dagster shows, without times and attempts.

    Args:
        site: Where to look.
        store: A copy of its store, where that is no folder.
    """
    store = store or site.store
    files = {
        str(path.relative_to(store)): _hash_file(path)
        for path in store.rglob("*")
        if path.is_file()
        and not path.name.startswith(("ledger.sqlite", ".lock"))
        and not {".runs", "journal"} & set(path.parts)
    }
    rows, shown = {}, {}
    for step in MOVIE_ASSETS:
        rows[step.name] = {
            i: (r.status, r.reason, r.input_version, r.content_hash, r.is_published, r.pending)
            for i, r in site.rows(step.name).items()
        }
        latest = {}
        for event in site.events(step.name):  # newest first
            latest.setdefault(event.partition, present(event.tags)["dagster/data_version"])
        shown[step.name] = latest
    return {"files": files, "rows": rows, "shown": shown}


def _hash_file(path: Path) -> str:
    """Hash a file; of a record without the time at which it was read."""
    content = path.read_bytes()
    if path.parent.name != "movies" or path.suffix != ".json":
        return hash_bytes(content)
    record = json.loads(content)
    for entry in record.get(TERMS_KEY, ()):
        del entry["fetched_at"], entry["last_lawful_day"]
    return hash_bytes(json.dumps(record, sort_keys=True).encode())
