"""One job at a time in this process, with what failed in it as an error."""

import sys
from collections.abc import Sequence

import dagster as dg

from assets.orchestration.step_errors import failure_message
from pipeline.core.errors import MarqueeError


class BuildError(MarqueeError):
    """A run of the build failed."""


def run_job(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    *,
    tags: dict[str, str] | None = None,
    selection: Sequence[str] | None = None,
    config: dict | None = None,
) -> str:
    """Run one job in this process; it shows in the UI like any other. Return the run's id."""
    level = "WARNING" if sys.stderr.isatty() else "INFO"
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        tags=tags,
        asset_selection=None if selection is None else [dg.AssetKey(name) for name in selection],
        run_config={
            "loggers": {"console": {"config": {"log_level": level}}},
            **({"ops": config} if config else {}),
        },
        raise_on_error=False,
    )
    if result.success:
        return result.run_id
    failures = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    if any(error and error.cls_name == _INTERRUPTED for error in failures):
        raise KeyboardInterrupt
    messages = [failure_message(error) for error in failures if error]
    raise BuildError("\n".join(messages) or f"The job {job} failed (run {result.run_id}).")


_INTERRUPTED = dg.DagsterExecutionInterruptedError.__name__
