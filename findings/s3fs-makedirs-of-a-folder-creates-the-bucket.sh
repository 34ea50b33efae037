#!/usr/bin/env bash
# s3fs 2026.9.0 (fsspec 2026.9.0, universal-pathlib 0.3.9): making a folder creates the bucket where there is none.
# S3 has no folders, so makedirs("bucket/folder") could do nothing; instead a mistyped bucket name is taken as a
# wish for a new bucket, also through UPath.mkdir(parents=True, exist_ok=True). Writing a file alone fails, as
# one would want. Code that makes a file's folder before it writes therefore fills a bucket nobody asked for.
#
# Seen: write -> FileNotFoundError, no bucket; makedirs -> the bucket exists; the same through UPath.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet s3fs==2026.9.0 fsspec==2026.9.0 universal-pathlib==0.3.9 "moto[server]==5.2.5"
cd "$folder"

cat >buckets.py <<'PY'
import logging

import s3fs
from moto.server import ThreadedMotoServer
from upath import UPath

logging.disable(logging.CRITICAL)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
options = {"key": "a", "secret": "b", "endpoint_url": f"http://{host}:{port}"}
store = s3fs.S3FileSystem(**options)


def buckets():
    store.invalidate_cache()
    return sorted(store.ls(""))


print("at first:", buckets())
try:
    store.pipe_file("mistyped/folder/file", b"content")
except FileNotFoundError as error:
    print("write:", type(error).__name__, buckets())
store.makedirs("mistyped/folder", exist_ok=True)
print("makedirs:", buckets())
UPath("s3://another/folder", **options).mkdir(parents=True, exist_ok=True)
print("UPath.mkdir:", buckets())
server.stop()
PY

venv/bin/python buckets.py 2>/dev/null >seen
cat seen
diff seen - <<'TEXT'
at first: []
write: FileNotFoundError []
makedirs: ['mistyped']
UPath.mkdir: ['another', 'mistyped']
TEXT
