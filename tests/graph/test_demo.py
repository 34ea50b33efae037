"""`marquee demo`: one screen, the log in a file, no network but the studio and nothing random.

The whole is run at night; by day its parts, and the same build in `test_whole_path`.
"""

import io
import os
import re
import resource
import subprocess
import sys

import pytest
from commands import bare_environment
from rich.console import Console

from assets.cli.demo import _errors_into, _show_stage
from assets.orchestration.progress import progress
from pipeline.core.errors import MarqueeError
from pipeline.models.systems.registry import SYSTEMS

MAX_CPU_S = 450
"""Two quiet cores take 300 s of processor time in 150 s; cores that others share count for less."""


def test_stage_ends_with_a_line_of_what_it_processed(tmp_path):
    console = Console(file=io.StringIO(), width=80)
    with (
        _show_stage(console, "media", tmp_path / "demo.log"),
        progress("posters", 2, print) as posters,
    ):
        posters.step("ok")
        posters.step("unavailable")
    line = console.file.getvalue()
    assert re.fullmatch(r"  media       posters 2 +0 s\n", line)
    assert len(line) <= 80


def test_failed_stage_names_the_log(tmp_path):
    console = Console(file=io.StringIO())
    with (
        pytest.raises(MarqueeError, match=r"no sound\nThe log: .*demo\.log"),
        _show_stage(console, "frames", tmp_path / "demo.log"),
    ):
        raise MarqueeError("no sound")
    assert console.file.getvalue() == ""


def test_what_processes_write_to_the_standard_error_is_in_the_log(tmp_path):
    log = tmp_path / "demo.log"
    with _errors_into(log):
        os.write(2, b"of this process\n")
        subprocess.run(
            [sys.executable, "-c", "import sys; sys.stderr.write('another')"], check=True
        )
    assert log.read_text() == "of this process\nanother"


@pytest.mark.slow
def test_demonstration_is_one_screen_that_shows_what_beats_its_baselines(tmp_path):
    """README's first command. By day: the tests above, and `test_whole_path`."""
    given = {**bare_environment(), "COLUMNS": "80"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    shown = subprocess.run(
        [sys.executable, "-m", "assets.cli", "demo"],
        cwd=tmp_path, env=given, capture_output=True, text=True, check=True,
    )  # fmt: skip
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert shown.stderr == ""
    lines = shown.stdout.splitlines()
    found = [line.split()[0] for line in lines if re.match(r"  [a-z]+ .* \d+ s$", line)]
    assert found == [
        "crawl", "media", "frames", "embeddings", "splits", "models", "evaluation",
    ]  # fmt: skip
    assert all(len(line) <= 80 for line in lines if "/" not in line)
    verdicts = [
        line for line in lines if re.match(r"(box_office|revenue|genre|poster|score),", line)
    ]
    assert len(verdicts) == len(SYSTEMS)
    assert sum(line.rstrip().endswith(" beats") for line in verdicts) >= 4
    cpu_s = sum(getattr(spent, n) - getattr(before, n) for n in ("ru_utime", "ru_stime"))
    assert cpu_s < MAX_CPU_S
    log = (tmp_path / ".dagster" / "demo.log").read_text()
    assert "movie_catalog" in log
    reports = tmp_path / "store" / "studio" / "reports"
    page = (reports / "leaderboard.html").read_text()
    for text in (log, shown.stdout, page):
        assert "weights: random" not in text
        assert "random weights" not in text
    assert "efficientnet_lite0, weights: EfficientNet-Lite0" in page
    assert (reports / "leaderboard.png").stat().st_size > 5_000
