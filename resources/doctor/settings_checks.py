"""Check the settings: whether each can be read, their source, and the files they name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import Preset
from resources.compute.chosen_backbones import choose_backbones
from resources.doctor.findings import Finding, finding_of_error
from resources.http.addresses import webhook_host
from resources.http.redaction import keep_secret
from resources.settings import (
    ENVIRONMENT,
    HISTORY_DAYS,
    RECORD_DAYS,
    REQUESTS_PER_S,
    SECRETS,
    Settings,
    choose_preset,
)
from resources.sources.exchange_rates import read_exchange_rates
from resources.sources.source import Source, resolve_location


@dataclass(frozen=True)
class Location:
    """Where a run with these settings would read and write; nothing is opened or started.

    Attributes:
        settings: Settings with every address filled in.
        source: Where movies would come from.
        root: Root of the store.
        preset: Which backbones.
    """

    settings: Settings
    source: Source
    root: str
    preset: Preset


def check_settings(settings: Settings) -> tuple[list[Finding], Location | None]:
    """Read every setting; return the findings, and the location where no setting is wrong."""
    keep_secret(*(getattr(settings, name) for name in SECRETS))
    try:
        settings.number("requests_per_s", REQUESTS_PER_S)
        settings.number("record_days", RECORD_DAYS, may_be_zero=True)
        settings.number("history_days", HISTORY_DAYS, may_be_zero=True)
        settings.number("trailer_lines", 1)
        settings.number("trainers", 1)
        filled, source, root = resolve_location(settings)
        preset = choose_preset(settings.preset)
        choose_backbones(preset, settings.backbones)
    except ConfigurationError as error:
        return [finding_of_error("settings", error)], None
    given = [name for field, name in ENVIRONMENT.items() if getattr(settings, field)]
    detail = f"set: {', '.join(given)}" if given else "none is set: all defaults"
    found = [
        Finding("settings", True, f"{detail}; preset {preset.name}"),
        Finding("source", True, source.label),
    ]
    return found, Location(filled, source, root, preset)


def check_alerts(url: str) -> list[Finding]:
    """Check the address of the webhook; nothing is posted."""
    if not url:
        gain = "MARQUEE_ALERTS_URL, a webhook's address, would have failures posted to it."
        return [Finding("alerts", None, "not set: failures are shown in Dagster alone", gain)]
    try:
        host = webhook_host(url)
    except ConfigurationError as error:
        return [finding_of_error("alerts", error)]
    return [Finding("alerts", True, f"posted to {host} while Dagster's daemon runs")]


def check_env_file(path: Path, environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Check that the variables of a `.env` are in the environment: `marquee` reads only that."""
    from dotenv import dotenv_values

    if not path.is_file():
        return []
    written = dotenv_values(path)
    ours = [name for name in ENVIRONMENT.values() if written.get(name)]
    idle = [name for name in ours if environment.get(name) != written[name]]
    if idle:
        return [
            Finding(
                ".env",
                False,
                f"{', '.join(idle)} is in the file, but not in the environment, or differs",
                "Dagster reads .env, marquee does not: `uv run --env-file .env marquee …`.",
            )
        ]
    return [Finding(".env", True, f"in force: {', '.join(ours) or 'nothing of marquee in it'}")]


def check_rates(file: str) -> list[Finding]:
    """Check the file of exchange rates."""
    name = "exchange rates"
    if not file:
        gain = "MARQUEE_EXCHANGE_RATES, a file of yearly rates, would convert other currencies."
        return [Finding(name, None, "not set: only amounts in USD become labels", gain)]
    try:
        rates = read_exchange_rates(file).usd_per_unit
    except ConfigurationError as error:
        return [finding_of_error(name, error)]
    return [Finding(name, True, f"{file} holds {len(rates)} rates")]
