"""Benchmarks are no tests; their doctests run, but for the script that needs a peer's package."""

collect_ignore = ["img2dataset_side.py"]
