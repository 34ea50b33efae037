"""Looks at the settings: whether each can be read, which source they name, and the files they
name.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import Preset
from resources.compute.chosen_backbones import choose_backbones
from resources.doctor.findings import Finding, finding_of_error
from resources.http.redaction import keep_secret
from resources.settings import ENVIRONMENT, REQUESTS_PER_S, SECRETS, Settings, choose_preset
from resources.sources.exchange_rates import read_exchange_rates
from resources.sources.source import Source, resolve_location


@dataclass(frozen=True)
class Location:
    """Where a run would work by these settings; made without opening or starting anything.

    Attributes:
        settings: Settings with every address filled in.
        source: Where films would come from.
        root: Root of the store.
        preset: Which backbones.
    """

    settings: Settings
    source: Source
    root: str
    preset: Preset


def check_settings(settings: Settings) -> tuple[list[Finding], Location | None]:
    """Read every setting; give what is wrong, and the place they name where nothing is."""
    keep_secret(*(getattr(settings, name) for name in SECRETS))
    try:
        settings.number("requests_per_s", REQUESTS_PER_S)
        settings.number("trailer_lines", 1)
        settings.number("trainers", 1)
        filled, source, root = resolve_location(settings)
        preset = choose_preset(settings.preset, is_studio=source.is_studio)
        choose_backbones(preset, settings.backbones)
    except ConfigurationError as error:
        return [finding_of_error("settings", error)], None
    given = [name for field, name in ENVIRONMENT.items() if getattr(settings, field)]
    detail = f"set: {', '.join(given)}" if given else "none is set: all is as it comes"
    found = [
        Finding("settings", True, f"{detail}; preset {preset.name}"),
        Finding("source", True, source.label),
    ]
    return found, Location(filled, source, root, preset)


def check_env_file(path: Path, environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Look whether what a `.env` sets is in force: `marquee` reads the environment alone."""
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
                f"{', '.join(idle)} stands there, but is not in the environment or differs",
                "Dagster reads .env, marquee does not: `uv run --env-file .env marquee …`.",
            )
        ]
    return [Finding(".env", True, f"in force: {', '.join(ours) or 'nothing of marquee in it'}")]


def check_rates(file: str) -> list[Finding]:
    """Look at the file of exchange rates."""
    name = "exchange rates"
    if not file:
        gain = "MARQUEE_EXCHANGE_RATES, a file of yearly rates, would turn other money into USD."
        return [Finding(name, None, "not set: only amounts in USD become labels", gain)]
    try:
        rates = read_exchange_rates(file).usd_per_unit
    except ConfigurationError as error:
        return [finding_of_error(name, error)]
    return [Finding(name, True, f"{file} holds {len(rates)} rates")]
