#!/usr/bin/env bash
# av 18.1.0 (PyAV with its own FFmpeg): the mark "default" of a track does not survive every container.
# Two sound tracks of which none is marked come back from MP4 and MOV with the first one marked; from
# MPEG-TS the mark never comes back. So a lone default on the first track of an MP4 says nothing about
# what the author wanted, and its absence in a transport stream neither.
#
# Seen: (written) -> read, 1 for a marked track:
#   mp4 00 -> 10, 01 -> 01; mov 00 -> 10, 01 -> 01; mkv 00 -> 00, 01 -> 01; ts 00 -> 00, 01 -> 00.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
cd "$folder"

cat >tracks.py <<'PY'
import av
import numpy as np
from av.stream import Disposition


def write(path: str, marks: str) -> None:
    with av.open(path, "w") as container:
        tracks = [container.add_stream("aac", rate=48000, layout="mono") for _ in marks]
        for track, mark in zip(tracks, marks):
            track.disposition = Disposition.default if mark == "1" else Disposition(0)
        for track in tracks:
            for number in range(8):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
                frame.sample_rate, frame.pts = 48000, 1024 * number
                container.mux(track.encode(frame))
            container.mux(track.encode(None))


def read(path: str) -> str:
    with av.open(path) as container:
        tracks = container.streams.audio
        return "".join(str(int(bool(track.disposition & Disposition.default))) for track in tracks)


for kind in ("mp4", "mov", "mkv", "ts"):
    for marks in ("00", "01"):
        write(f"sound.{kind}", marks)
        print(kind, marks, "->", read(f"sound.{kind}"))
PY

seen=$(venv/bin/python tracks.py 2>/dev/null)
echo "$seen"
expected='mp4 00 -> 10
mp4 01 -> 01
mov 00 -> 10
mov 01 -> 01
mkv 00 -> 00
mkv 01 -> 01
ts 00 -> 00
ts 01 -> 00'
if [ "$seen" != "$expected" ]; then
  echo "The behaviour has changed; expected:" >&2
  echo "$expected" >&2
  exit 1
fi
