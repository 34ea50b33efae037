"""Build everything on all 2,583 real films and print their scores beside the baselines.

    uv run python tests/real/full_run.py TARGET_FOLDER

Run by hand: it takes about ten minutes on two cores, and 1 GB of disk. TARGET_FOLDER, outside the
repository, gets `studio/` (the converted films), `store/` and `home/` (Dagster's). The same command
goes on where an interrupted one stopped. Texts, posters and metadata are the films' own; twenty
films have a stand-in trailer (see `converter`), so frames and sound say nothing here.
"""

import logging
import os
import sys
from pathlib import Path

from converter import convert
from rich.console import Console

REPOSITORY = Path(__file__).resolve().parents[2]


def main(target: Path) -> None:
    """Convert, build with preset small, print."""
    target = target.resolve()
    if target.is_relative_to(REPOSITORY):
        sys.exit(f"{target} is inside the repository, where no film may lie; name another folder.")
    console = Console()
    report = convert(REPOSITORY / "../shared/data", target / "studio")
    console.print(
        f"{len(report.revenue_usd)} films, {len(report.with_poster)} with a poster, "
        f"{len(report.video_keys)} with a stand-in trailer; left out: {report.left_out}"
    )
    (target / "home").mkdir(exist_ok=True)
    (target / "home/dagster.yaml").write_text("telemetry: {enabled: false}\n")
    os.environ["DAGSTER_HOME"] = str(target / "home")

    from assets.cli.build import Request, build, open_site
    from assets.cli.score_table import print_scores
    from resources.settings import Settings

    settings = Settings(
        studio=f"folder:{target / 'studio'}", store=str(target / "store"), preset="small"
    )
    with open_site(settings) as (run_context, instance):
        build(run_context, instance, Request())
        print_scores(run_context, console)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: uv run python tests/real/full_run.py TARGET_FOLDER")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]))
