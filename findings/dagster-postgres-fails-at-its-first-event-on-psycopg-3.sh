#!/usr/bin/env bash
# dagster-postgres 0.29.27 with SQLAlchemy 2.1.8: a plain postgresql:// in dagster.yaml means psycopg 3 since
# SQLAlchemy 2.1, although dagster-postgres depends on psycopg2-binary. The tables are made and runs are stored;
# the first event fails, because its NOTIFY carries its payload as a bound parameter, which psycopg 3 leaves to
# the server and PostgreSQL does not take there. postgresql+psycopg2:// works.
#
# Seen: postgresql:// and postgresql+psycopg:// -> ProgrammingError, syntax error at or near "$1";
# postgresql+psycopg2:// -> one materialization stored.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dagster==1.13.27 dagster-postgres==0.29.27 sqlalchemy==2.1.8 \
  "psycopg[binary]==3.3.9" psycopg2-binary==2.9.13 pgserver==0.1.4
cd "$folder"

cat >drivers.py <<'PY'
import sys
from pathlib import Path

import dagster as dg
import pgserver


@dg.asset
def thing() -> None: ...


folder = Path(sys.argv[1])
server = pgserver.get_server(folder / "data")
for number, scheme in enumerate(("postgresql", "postgresql+psycopg", "postgresql+psycopg2")):
    server.psql(f"create database history_{number};")
    url = f"{scheme}://postgres@/history_{number}?host={folder}/data"
    home = folder / f"home_{number}"
    home.mkdir()
    home.joinpath("dagster.yaml").write_text(
        f'telemetry: {{enabled: false}}\nstorage: {{postgres: {{postgres_url: "{url}"}}}}\n'
    )
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            dg.materialize([thing], instance=instance)
            stored = instance.fetch_materializations(thing.key, limit=9).records
            print(f"{scheme}: {len(stored)} materialization stored")
    except Exception as error:
        print(f"{scheme}: {type(error).__name__}, {str(error).splitlines()[0]}")
server.cleanup()
PY
seen=$(venv/bin/python drivers.py "$folder" 2>errors.txt) || { cat errors.txt >&2; exit 1; }
echo "$seen"
expected='postgresql: ProgrammingError, (psycopg.errors.SyntaxError) syntax error at or near "$1"
postgresql+psycopg: ProgrammingError, (psycopg.errors.SyntaxError) syntax error at or near "$1"
postgresql+psycopg2: 1 materialization stored'
if [ "$seen" != "$expected" ]; then
  echo "The behaviour has changed; expected:" >&2
  echo "$expected" >&2
  exit 1
fi
