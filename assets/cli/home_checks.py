"""Check Dagster's home: its folder, the source of its movies, and telemetry."""

import os
from pathlib import Path

import dagster as dg
import yaml
from sqlalchemy.exc import SQLAlchemyError

from assets.cli.build import find_home
from assets.orchestration.partitions import SOURCE_PARTITIONS
from resources.doctor.findings import Finding

NAME = "Dagster home"


def check_home(source: str) -> list[Finding]:
    """Check the home that a command in this folder would use.

    Args:
        source: Name of the configured source.
    """
    folder = find_home()
    if not folder.exists():
        return [Finding(NAME, True, f"{folder} will be created; it sends no telemetry")]
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        remedy = "Point DAGSTER_HOME (in .env, else in the environment) to a folder of your own."
        return [Finding(NAME, False, f"{folder} is not a writable folder", remedy)]
    try:
        config = _read_config(folder / "dagster.yaml")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        remedy = "Fix it, or remove it: the next command writes a new one."
        detail = f"{folder}/dagster.yaml cannot be read ({type(error).__name__})"
        return [Finding(NAME, False, detail, remedy)]
    found = [_check_source(folder, config, source), _check_telemetry(folder, config)]
    return [*_check_driver(config), *found]


def _check_driver(config: dict) -> list[Finding]:
    """Find an address of PostgreSQL that means psycopg 3, with which Dagster stores no event."""
    storage = config.get("storage")
    postgres = storage.get("postgres") if isinstance(storage, dict) else None
    if not isinstance(postgres, dict):
        return []
    url = postgres.get("postgres_url", "")
    if isinstance(url, dict):
        url = os.environ.get(str(url.get("env")), "")
    fields = postgres.get("postgres_db")
    scheme = fields.get("scheme", "postgresql") if isinstance(fields, dict) else ""
    chosen = str(url).partition("://")[0] or scheme
    if chosen not in ("postgresql", "postgresql+psycopg"):
        return []
    return [
        Finding(
            NAME,
            False,
            f"dagster.yaml reaches PostgreSQL by {chosen}://, which is psycopg 3",
            "Write postgresql+psycopg2:// (or scheme: postgresql+psycopg2): events need it.",
        )
    ]


def _read_config(path: Path) -> dict:
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found if isinstance(found, dict) else {}


def _check_source(folder: Path, config: dict, source: str) -> Finding:
    if not ((folder / "history").exists() or "storage" in config):
        return Finding(NAME, True, f"{folder}; it has no movies yet")
    try:
        marks = _read_marks(folder)
    except (dg.DagsterError, SQLAlchemyError, ImportError, OSError) as error:
        remedy = "Fix the storage that dagster.yaml names, or point DAGSTER_HOME to a new folder."
        return Finding(NAME, False, f"{folder} does not open ({type(error).__name__})", remedy)
    if marks and marks != [source]:
        return Finding(
            NAME,
            False,
            f"{folder} has movies of {marks[0]}, the settings name {source}; the two never mix",
            "Point DAGSTER_HOME (in .env) and MARQUEE_STORE to new folders.",
        )
    return Finding(NAME, True, f"{folder}; movies of {source if marks else 'no source yet'}")


def _read_marks(folder: Path) -> list[str]:
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        return list(instance.get_dynamic_partitions(SOURCE_PARTITIONS))


def _check_telemetry(folder: Path, config: dict) -> Finding:
    telemetry = config.get("telemetry")
    if isinstance(telemetry, dict) and telemetry.get("enabled") is False:
        return Finding("telemetry", True, "off: Dagster sends nothing")
    remedy = f"Write `telemetry: {{enabled: false}}` into {folder}/dagster.yaml."
    return Finding("telemetry", None, "on: Dagster sends usage statistics to its makers", remedy)
