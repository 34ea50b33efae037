"""What an alert says: a failed run, a failed check, or an asset that is late.

All of it is read from Dagster's history, not from the store: a store that cannot be opened is
what alerts are for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState

from assets.orchestration.failed_partitions import count_marked
from assets.orchestration.step_errors import failure_message
from pipeline.core.outcomes import Status
from resources.http.redaction import redact

MAX_REASONS = 3
MAX_REASON_CHARS = 500
MAX_ASSETS = 20

_LATE = (FreshnessState.WARN, FreshnessState.FAIL)


@dataclass(frozen=True)
class Alert:
    """One alert.

    Attributes:
        key: The trouble that it reports; a trouble that lasts is reported once.
        summary: What happened, in a sentence.
        facts: The same for programs; JSON values.
        place: Where it is looked at in the UI: a path.
    """

    key: str
    summary: str
    facts: Mapping[str, object]
    place: str

    def as_json(self, ui_url: str = "") -> dict[str, object]:
        """Return what is posted: `text`, which Slack and its like show, and `alert`, the facts.

        Args:
            ui_url: Address of Dagster's UI; empty for no link.
        """
        link = f"{ui_url.strip().rstrip('/')}{self.place}" if ui_url.strip() else None
        text = " ".join(filter(None, (f"marquee: {self.summary}", link)))
        return {"text": _escape(redact(text)), "alert": {**self.facts, "link": link}}


def run_alert(instance: dg.DagsterInstance, run: dg.DagsterRun, message: str) -> Alert:
    """Describe a run that failed.

    Args:
        instance: Dagster's.
        run: The run.
        message: Of the event that ended it, for a run of which no step failed.
    """
    steps, reasons = _failed_steps(instance, run.run_id)
    chosen = sorted(key.to_user_string() for key in run.asset_selection or ())
    names = (steps or chosen)[:MAX_ASSETS]
    movies = count_marked(instance, run.run_id)
    reasons = reasons or [_shorten(message)]
    where = f" at {', '.join(names)}" if steps else ""
    summary = f"the run {run.run_id[:8]} of {run.job_name} failed{where}: {reasons[0]}"
    if movies:
        summary += f" ({movies} movies failed in it and will be retried.)"
    facts = {
        "kind": "run_failure",
        "run_id": run.run_id,
        "job": run.job_name,
        "assets": names,
        "movies_failed": movies,
        "reasons": reasons,
    }
    return Alert(f"run {run.run_id}", summary, facts, f"/runs/{run.run_id}")


def find_troubles(
    instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey], dated: Sequence[dg.AssetKey]
) -> list[Alert]:
    """Describe every check whose last result is a failure, and every asset that is late.

    Args:
        instance: Dagster's.
        checks: Of all assets.
        dated: Assets with a freshness policy; Dagster's daemon evaluates it.
    """
    states = instance.get_freshness_state_records(dated)
    late = [
        _late_alert(key.to_user_string(), record.freshness_state.value)
        for key, record in states.items()
        if record.freshness_state in _LATE
    ]
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)
    results = [record.evaluation for record in latest.values()]
    failed = [_check_alert(result) for result in results if result and not result.passed]
    return sorted([*late, *failed], key=lambda alert: alert.key)


def _late_alert(asset: str, state: str) -> Alert:
    how = "is late" if state == FreshnessState.WARN.value else "is overdue"
    summary = f"{asset} {how}: its freshness policy says {state}."
    facts = {"kind": "freshness", "assets": [asset], "state": state, "reasons": [summary]}
    return Alert(f"{asset} is {state}", summary, facts, f"/assets/{asset}")


def _check_alert(result: dg.AssetCheckEvaluation) -> Alert:
    asset, why = result.asset_key.to_user_string(), _shorten(result.description or "it failed")
    waiting = result.metadata.get(Status.WILL_RETRY.label)
    data = result.target_materialization_data
    facts = {
        "kind": "check",
        "run_id": data.run_id if data else None,
        "check": result.check_name,
        "assets": [asset],
        "movies_failed": waiting.value if waiting else None,
        "reasons": [why],
    }
    summary = f"the check {result.check_name} of {asset} failed: {why}"
    return Alert(f"{asset}: {result.check_name}", summary, facts, f"/assets/{asset}?view=checks")


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> tuple[list[str], list[str]]:
    """Return the steps of a run that failed, and the first of their messages."""
    failed = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    events = [e for record in failed.records if (e := record.event_log_entry.dagster_event)]
    errors = [event.step_failure_data.error for event in events]
    reasons = [_shorten(failure_message(error)) for error in errors if error]
    return [str(event.step_key) for event in events], list(dict.fromkeys(reasons))[:MAX_REASONS]


def _shorten(message: str) -> str:
    text = redact(" ".join(message.split()))
    return text if len(text) <= MAX_REASON_CHARS else f"{text[: MAX_REASON_CHARS - 1]}…"


def _escape(text: str) -> str:
    """Escape what Slack reads as markup: a message may hold any text of a host's.

    Source: Slack's documentation, "Formatting text for app surfaces".
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
