#!/usr/bin/env bash
# dagster 1.13.27: an event that is logged with its own data version (tag dagster/data_version) and
# without the tags that name the inputs' versions counts as older than any later materialization of an
# upstream, also of one whose data version stayed the same. The partition is then called stale
# ("unsynced" in the UI) although neither version changed; assets that Dagster executes are not.
#
# Seen: listing (version one), things[a] (version one), listing again (version one): things[a] is STALE,
# "has a new materialization". With the two tags of provenance beside the data version it is FRESH.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dagster==1.13.27 dagster-graphql==1.13.27
cd "$folder"

cat >graph.py <<'PY'
import dagster as dg


@dg.asset
def listing() -> None: ...


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a"]), deps=[listing])
def things() -> None: ...


defs = dg.Definitions(assets=[listing, things])
PY

cat >log.py <<'PY'
import sys

import dagster as dg

PROVENANCE = {
    "dagster/code_version": "1",
    "dagster/input_data_version/listing": "one",
    "dagster/input_event_pointer/listing": "NULL",
}

with dg.DagsterInstance.get() as instance:

    def log(name: str, partition: str | None = None, **more: str) -> None:
        tags = {"dagster/data_version": "one", **more}
        event = dg.AssetMaterialization(name, partition=partition, tags=tags)
        instance.report_runless_asset_event(event)

    log("listing")
    log("things", "a", **(PROVENANCE if sys.argv[1:] else {}))
    log("listing")
PY

query='{ assetNodeOrError(assetKey: {path: ["things"]}) { ... on AssetNode {
  staleStatus(partition: "a") staleCauses(partition: "a") { reason } } } }'
ask() {
  export DAGSTER_HOME="$folder/home$1"
  mkdir "$DAGSTER_HOME"
  printf 'telemetry: {enabled: false}\n' >"$DAGSTER_HOME/dagster.yaml"
  venv/bin/python log.py $1
  venv/bin/dagster-graphql -m graph -t "$query" 2>/dev/null | sed -n 's/.*"assetNodeOrError": //p'
}

seen=$(ask ""; ask provenance)
echo "$seen"
expected='{"staleCauses": [{"reason": "has a new materialization"}], "staleStatus": "STALE"}}}
{"staleCauses": [], "staleStatus": "FRESH"}}}'
if [ "$seen" != "$expected" ]; then
  echo "The behaviour has changed; expected:" >&2
  echo "$expected" >&2
  exit 1
fi
