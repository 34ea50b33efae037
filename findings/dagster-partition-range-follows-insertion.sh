#!/usr/bin/env bash
# dagster 1.13.27: a range of a DynamicPartitionsDefinition follows the order in which the keys were
# added, not the order of the keys. `--partition-range` with its ends in the order of the keys can so
# name other partitions than the ones between them, or none; the command exits with 0 either way.
#
# Seen: keys added as 30, 10, 20. Range 10...30 (ascending) runs nothing and exits with 0; range
# 30...20 runs all three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dagster==1.13.27
cd "$folder"
export DAGSTER_HOME="$folder/home"
mkdir home
printf 'telemetry: {enabled: false}\n' >home/dagster.yaml

cat >graph.py <<'PY'
import dagster as dg

KEYS = dg.DynamicPartitionsDefinition(name="keys")


@dg.asset(partitions_def=KEYS, backfill_policy=dg.BackfillPolicy.single_run())
def things(context: dg.AssetExecutionContext) -> None:
    print("RAN", ",".join(context.partition_keys) or "nothing", flush=True)


defs = dg.Definitions(assets=[things])
PY

cat >add_keys.py <<'PY'
import dagster as dg

with dg.DagsterInstance.get() as instance:
    instance.add_dynamic_partitions("keys", ["30", "10", "20"])
PY
venv/bin/python add_keys.py

run_range() {
  venv/bin/dagster asset materialize -m graph --select things --partition-range "$1" \
    >out.txt 2>&1 && status=0 || status=$?
  ran=$(sed -n 's/^RAN //p' out.txt | tail -n 1)
  echo "range $1: ran ${ran:-no step}, exit status $status"
}

seen=$(run_range 10...30; run_range 30...20)
echo "$seen"
expected='range 10...30: ran nothing, exit status 0
range 30...20: ran 30,10,20, exit status 0'
if [ "$seen" != "$expected" ]; then
  echo "The behaviour has changed; expected:" >&2
  echo "$expected" >&2
  exit 1
fi
