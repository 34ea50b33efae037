"""A build of posters alone, in one range: what `marquee build` does of them, without trailers."""

from assets.cli.build import _all_defs, open_site, overrides
from assets.cli.job_runs import run_job
from assets.orchestration.asset_specs import movie_spec
from assets.orchestration.jobs import stale_ranges
from assets.orchestration.partitions import range_tags
from resources.settings import read_environment

RANGE_MOVIES = 1_000


def build_posters(run_context, instance) -> int:
    """Bring all posters up to date; return how many movies were stale."""
    specs = [movie_spec("posters")]
    ranges = stale_ranges(run_context, instance, specs=specs, range_movies=RANGE_MOVIES)
    for keys in ranges:
        defs = _all_defs(overrides(run_context))
        run_job(defs, instance, "movies", tags=range_tags(keys), selection=["posters"])
    return sum(map(len, ranges))


def main() -> None:
    """Run it as a command, in the environment of a site."""
    with open_site(read_environment()) as (run_context, instance):
        build_posters(run_context, instance)
