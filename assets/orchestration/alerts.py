"""The sensor that posts alerts to the user's webhook; it exists only where one is configured.

Dagster's own sensor of failed runs (1.13.27) moves its cursor past a run whose alert could not be
posted, and passes over runs of `marquee build`, which belong to no code location. This one
moves its cursor after an alert has arrived, and sees every run. A run that only marks
movies which will be retried raises none: how many there are is for the check `statuses`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from json import dumps, loads

import dagster as dg

from assets.orchestration.alert_messages import Alert, find_troubles, run_alert
from assets.orchestration.failed_partitions import FAILED_MOVIES
from pipeline.core.errors import ConfigurationError, FetchError, SourceError
from resources.http.addresses import SCHEMES, webhook_host

INTERVAL_S = 60
MAX_PAUSE_S = 3600.0
"""Longest pause after a webhook that did not answer; each is twice as long as the last one."""

MAX_TICK_S = 15.0
"""No alert is posted after this: Dagster ends a sensor that takes a minute."""

_FAILED_RUNS = 50
"""Failed runs that one tick reads."""


@dataclass(frozen=True)
class Cursor:
    """What has been posted; Dagster keeps it as JSON.

    Attributes:
        last_id: Number of the last failed run's event.
        troubles: Failed checks and late assets that were reported and have not ended.
        failures: Ticks in a row in which the webhook did not take an alert.
        resume_s: When it is posted to again, in seconds since the epoch.
    """

    last_id: int
    troubles: tuple[str, ...] = ()
    failures: int = 0
    resume_s: float = 0.0

    @classmethod
    def read(cls, text: str | None, instance: dg.DagsterInstance) -> "Cursor":
        """Read a cursor; a new one begins after the runs that have failed so far."""
        if text:
            fields = loads(text)
            return cls(**{**fields, "troubles": tuple(fields["troubles"])})
        last = instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1).records
        return cls(last[0].storage_id if last else 0)

    def postponed(self, now_s: float) -> "Cursor":
        """Return the cursor after a failure to post."""
        pause_s = min(INTERVAL_S * 2.0**self.failures, MAX_PAUSE_S)
        return replace(self, failures=self.failures + 1, resume_s=now_s + pause_s)

    def write(self) -> str:
        """Return it as JSON."""
        return dumps(asdict(self))


def alert_sensors(
    read_url: Callable[[], str] | None, ui_url: str = ""
) -> list[dg.SensorDefinition]:
    """Return the sensor of alerts, none where no webhook is configured.

    Args:
        read_url: Returns the webhook's address, when an alert is to be posted; None without one.
        ui_url: Address of Dagster's UI, to which alerts link.

    Raises:
        ConfigurationError: An address is none.
    """
    if read_url is None:
        return []
    host = webhook_host(read_url())
    if ui_url and not ui_url.strip().startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
        raise ConfigurationError(f"MARQUEE_UI_URL is {ui_url!r}; expected http(s)://….")

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Posts failed runs, failed checks and a late crawl to {host}.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return dg.SkipReason(_post_pending(context, read_url(), ui_url))

    return [alerts]


def _post_pending(context: dg.SensorEvaluationContext, url: str, ui_url: str) -> str:
    """Post what is pending; return in words what became of it."""
    from resources.http.webhook import Webhook

    cursor = Cursor.read(context.cursor, context.instance)
    context.update_cursor(cursor.write())
    if (left_s := cursor.resume_s - time.time()) > 0:
        return f"The webhook did not answer; it is posted to again {left_s:.0f} s from now."
    began_s, posted = time.monotonic(), 0
    with closing(Webhook(url)) as webhook:
        for alert, reached in _pending(context, cursor):
            if alert:
                if time.monotonic() - began_s > MAX_TICK_S:
                    break
                try:
                    webhook.post(alert.as_json(ui_url))
                except (FetchError, SourceError) as error:
                    context.update_cursor(cursor.postponed(time.time()).write())
                    return f"{webhook.host} did not take an alert ({error}); it is posted again."
                posted += 1
            cursor = replace(reached, failures=0, resume_s=0.0)
            context.update_cursor(cursor.write())
    return f"{posted} alerts posted." if posted else "Nothing to report."


def _pending(
    context: dg.SensorEvaluationContext, cursor: Cursor
) -> Iterator[tuple[Alert | None, Cursor]]:
    """Yield each alert with the cursor that holds once it has arrived; None needs no posting."""
    instance = context.instance
    changes = dg.RunStatusChangeRecordsFilter(
        event_type=dg.DagsterEventType.RUN_FAILURE, after_storage_id=cursor.last_id
    )
    found = instance.fetch_run_status_changes(changes, limit=_FAILED_RUNS, ascending=True)
    for record in found.records:
        cursor = replace(cursor, last_id=record.storage_id)
        entry = record.event_log_entry
        run = instance.get_run_by_id(entry.run_id)
        is_news = run is not None and FAILED_MOVIES not in run.tags
        message = entry.dagster_event.message if entry.dagster_event else ""
        yield (run_alert(instance, run, message or "") if run and is_news else None), cursor
    graph = context.repository_def.asset_graph if context.repository_def else None
    if graph is None:
        return
    dated = [key for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy]
    troubles = find_troubles(instance, sorted(graph.asset_check_keys), dated)
    known = set(cursor.troubles) & {trouble.key for trouble in troubles}
    cursor = replace(cursor, troubles=tuple(sorted(known)))
    yield None, cursor
    for trouble in troubles:
        if trouble.key not in known:
            known.add(trouble.key)
            yield trouble, replace(cursor, troubles=tuple(sorted(known)))
