"""A Dagster home that names a package which is not installed."""

import pytest

from assets.cli import home_drivers
from assets.cli.home_drivers import check_drivers
from pipeline.core.errors import ConfigurationError

RAY = "run_launcher: {module: dagster_ray, class: RayRunLauncher}"
POSTGRES = "storage: {postgres: {postgres_url: {env: DAGSTER_POSTGRES_URL}}}"


@pytest.mark.parametrize(("text", "extra"), [(RAY, "ray"), (POSTGRES, "postgres")])
def test_the_extra_is_named(tmp_path, monkeypatch, text, extra):
    (tmp_path / "dagster.yaml").write_text(text)
    monkeypatch.setattr(home_drivers, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=f"uv sync --extra {extra}"):
        check_drivers(tmp_path)


@pytest.mark.parametrize("text", [RAY, POSTGRES, "", "- a list", "storage:"])
def test_what_is_installed_or_not_named_is_no_error(tmp_path, text):
    (tmp_path / "dagster.yaml").write_text(text)
    check_drivers(tmp_path)


def test_a_home_without_settings_is_no_error(tmp_path):
    check_drivers(tmp_path)


def test_what_is_no_yaml_is_named(tmp_path):
    (tmp_path / "dagster.yaml").write_text("a: b: c")
    with pytest.raises(ConfigurationError, match=r"dagster\.yaml is no YAML"):
        check_drivers(tmp_path)
