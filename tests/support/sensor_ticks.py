"""What the sensor does when the daemon asks it."""

from collections.abc import Iterator
from typing import cast

import dagster as dg
from sites import Site

from assets.orchestration.sensors import stale_movies


def requested(site: Site) -> dg.RunRequest:
    """Return the one run that the sensor asks for."""
    (answer,) = _tick(site)
    assert isinstance(answer, dg.RunRequest), answer
    return answer


def requested_ranges(site: Site) -> list[dict[str, str]]:
    """Return the tags of the runs of movies that the sensor asks for."""
    answers = _tick(site)
    assert all(isinstance(a, dg.RunRequest) and a.job_name == "movies" for a in answers), answers
    return [dict(answer.tags) for answer in answers if isinstance(answer, dg.RunRequest)]


def skipped(site: Site) -> str:
    """Return why the sensor asks for no run."""
    (answer,) = _tick(site)
    assert isinstance(answer, dg.SkipReason), answer
    assert answer.skip_message
    return answer.skip_message


def _tick(site: Site) -> list[dg.RunRequest | dg.SkipReason]:
    with site.run_context() as run_context:
        context = dg.build_sensor_context(
            instance=site.instance, resources={"run_context": run_context}
        )
        # the type of a decorated sensor's result is that of all sensors
        return list(cast("Iterator[dg.RunRequest | dg.SkipReason]", stale_movies(context)))
