#!/usr/bin/env bash
# dagster-postgres 0.29.27 (SQLAlchemy 2.1.8, psycopg 3.3.9): the first event fails with `postgresql://`.
# SQLAlchemy 2.1 takes psycopg 3 for an address without a driver, and dagster-postgres then runs
# `NOTIFY run_events, :notify_id`. psycopg 3 binds values on the server, where NOTIFY takes none. Making the home
# works, and so does opening it: only the first run fails. `postgresql+psycopg2://` works (its driver is installed).
#
# Needs PostgreSQL (Debian's package postgresql). Seen: psycopg 3 -> SyntaxError at $1; psycopg 2 -> stored.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill -INT "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dagster==1.13.27 dagster-postgres==0.29.27 sqlalchemy==2.1.8 "psycopg[binary]==3.3.9"
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as=()
if [ "$(id -u)" = 0 ]; then
  chmod 755 "$folder"
  mkdir "$folder/data" && chown nobody "$folder/data"
  as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
cd "$folder"
"${as[@]}" "$programs/initdb" -D "$folder/data" -U me -A trust -N >/dev/null
"${as[@]}" "$programs/postgres" -D "$folder/data" -p 54329 -c listen_addresses=127.0.0.1 \
  -c unix_socket_directories="$folder/data" >/dev/null 2>&1 &
server=$!
until "$programs/pg_isready" -q -h 127.0.0.1 -p 54329; do sleep 0.2; done

cat >event.py <<'PY'
import sys

import dagster as dg
from sqlalchemy import exc

address = sys.argv[1]
config = f"storage: {{postgres: {{postgres_url: '{address}'}}}}\ntelemetry: {{enabled: false}}\n"
open("dagster.yaml", "w").write(config)
with dg.DagsterInstance.from_config(".") as instance:
    try:
        instance.report_runless_asset_event(dg.AssetMaterialization("films"))
        print(address.partition(":")[0], "stored")
    except exc.ProgrammingError as error:
        print(address.partition(":")[0], str(error.orig).splitlines()[0])
PY

for scheme in postgresql postgresql+psycopg2; do
  venv/bin/python event.py "$scheme://me@127.0.0.1:54329/postgres" 2>/dev/null
done >seen
cat seen
diff seen - <<'TEXT'
postgresql syntax error at or near "$1"
postgresql+psycopg2 stored
TEXT
