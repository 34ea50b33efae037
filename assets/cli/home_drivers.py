"""What `dagster.yaml` names has to be installed; each is an extra of marquee's."""

from importlib.util import find_spec
from pathlib import Path

import yaml

from pipeline.core.errors import ConfigurationError

_EXTRAS = {"dagster_ray": "ray", "dagster_postgres": "postgres", "dagster_k8s": "k8s"}
"""marquee's extra that brings a package, by the package."""


def check_drivers(home: Path) -> None:
    """Check that the packages which a Dagster home names are installed.

    Args:
        home: The home, with or without a `dagster.yaml`.

    Raises:
        ConfigurationError: One is not; the message names the extra. Dagster itself shows a
            traceback.
    """
    path = home / "dagster.yaml"
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML ({error}).") from error
    if not isinstance(settings, dict):
        return
    sections = [section for section in settings.values() if isinstance(section, dict)]
    named = {section["module"] for section in sections if isinstance(section.get("module"), str)}
    if "postgres" in (settings.get("storage") or {}):
        named.add("dagster_postgres")
    for package in sorted(named & _EXTRAS.keys()):
        if find_spec(package) is None:
            extra = _EXTRAS[package]
            raise ConfigurationError(
                f"{path} names {package}, which is not installed. Install it with `uv sync --extra "
                f"{extra}` (or `pip install 'marquee[{extra}]'`)."
            )
