"""The files of an evaluation, and what its results hold; nothing here computes a score."""

from collections.abc import Mapping
from typing import Any

RESULTS_FILE = "evaluation_results.json"
REPORT_FILE = "report.html"
SPLITS_FILE = "split_comparison.csv"


def find_headline(task_summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of a task's headline split: its set sizes, results and comparisons."""
    name = task_summary["headline"]
    pooled = task_summary["families"].get(name, {}).get("pooled")
    return pooled or task_summary["splits"][name]
