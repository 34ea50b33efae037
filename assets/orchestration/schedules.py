"""The nightly crawl."""

import dagster as dg

from assets.orchestration.jobs import crawl_job

nightly_crawl = dg.ScheduleDefinition(
    name="nightly_crawl",
    job=crawl_job,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at 02:00 UTC; the sensor `due_movies` processes what it finds.",
)
SCHEDULES = [nightly_crawl]
