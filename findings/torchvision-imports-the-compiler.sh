#!/usr/bin/env bash
# torchvision 0.29.1 with torch 2.14.1: importing anything of torchvision, the functions that resize pictures
# included, loads torch._dynamo, torch._inductor and sympy, which nothing compiles with. torch itself loads
# none of them. torchvision/ops/roi_align.py compiles at its first call only, but imports a function of
# torch._dynamo.utils in its head. A process that only resizes pictures or builds a ResNet starts with over
# 1,000 modules more.
#
# Seen: after torch: none; after torchvision: sympy, torch._dynamo, torch._inductor; over 1,000 modules more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir numpy==2.4.6 torch==2.14.1 torchvision==0.29.1

cat >"$folder/count.py" <<'PY'
import sys

COMPILER = ("sympy", "torch._dynamo", "torch._inductor")


def loaded() -> str:
    return ", ".join(name for name in COMPILER if name in sys.modules) or "none"


import torch

print("after torch:", loaded())
before = len(sys.modules)
import torchvision.transforms.functional

print("after torchvision:", loaded())
print("over 1,000 modules more:", len(sys.modules) - before > 1000)
PY
seen=$("$folder/venv/bin/python" -W ignore "$folder/count.py")
echo "$seen"
expected='after torch: none
after torchvision: sympy, torch._dynamo, torch._inductor
over 1,000 modules more: True'
if [ "$seen" != "$expected" ]; then
  echo "The behaviour has changed; expected:" >&2
  echo "$expected" >&2
  exit 1
fi
