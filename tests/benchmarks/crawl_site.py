"""One crawl for the benchmark, in a process of its own: `python -m benchmarks.crawl_site`.

Source, store, limiter and Dagster's home come from the environment, as for every command.
"""

import dagster as dg

from assets.cli.build import open_site, overrides
from assets.definitions import build_defs
from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.jobs import stale_ranges
from assets.orchestration.partitions import range_tags
from pipeline.core.staleness import RECORDS
from resources.settings import read_environment

QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


def main() -> None:
    """Crawl the catalog, then the records that are due."""
    with open_site(read_environment()) as (run_context, instance):
        defs = build_defs(**overrides(run_context))
        defs.resolve_job_def("crawl").execute_in_process(instance=instance, run_config=QUIET)
        steps = [step for step in MOVIE_ASSETS if step.name == RECORDS]
        for keys in stale_ranges(run_context, instance, specs=steps):
            defs.resolve_job_def("movies").execute_in_process(
                instance=instance,
                tags=range_tags(keys),
                asset_selection=[dg.AssetKey(RECORDS)],
                run_config=QUIET,
            )


if __name__ == "__main__":
    main()
