"""The launch form: what it shows, and what Dagster refuses before a run exists."""

import dagster as dg
import pytest
import yaml
from dagster._config import validate_config_from_snap
from dagster._core.execution.api import create_execution_plan
from dagster._core.snap.snap_to_yaml import default_values_yaml_from_type_snap

from assets.definitions import build_defs
from assets.models.hyperparameters import read_figures
from assets.orchestration.run_resource import run_resources
from pipeline.core.errors import ConfigurationError
from pipeline.models.systems.registry import SYSTEMS
from resources.settings import ENVIRONMENT, ENVIRONMENT_ONLY

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def defs(monkeypatch, tmp_path):
    """Return the definitions as they are without any setting but the store's folder."""
    for name in ENVIRONMENT.values():
        monkeypatch.delenv(name, raising=False)
    return build_defs(store=str(tmp_path / "store"))


def form_of(defs, *assets):
    """Return the form's schema and its root, as Dagster's launchpad has them."""
    names = [dg.AssetKey(name) for name in assets]
    job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection=set(names))
    return job, job.get_job_snapshot().config_schema_snapshot, job.run_config_schema.config_type.key


def shown(defs, *assets):
    """Return what the launchpad writes into an empty form."""
    _, schema, root = form_of(defs, *assets)
    return yaml.safe_load(default_values_yaml_from_type_snap(schema, schema.get_config_snap(root)))


def errors(defs, config):
    """Return what the launchpad says of a form while it is written."""
    _, schema, root = form_of(defs, *config.get("ops", {"revenue_model": {}}))
    result = validate_config_from_snap(schema, root, config)
    return [error.message for error in result.errors or []]


def of(asset, **values):
    return {"ops": {asset: {"config": values}}}


def plan(defs, config):
    """Plan a run, as Dagster does before it makes one."""
    job, _, _ = form_of(defs, *config.get("ops", {"revenue_model": {}}))
    return create_execution_plan(job, config)


def of_run(**values):
    return {"resources": {"run_context": {"config": values}}}


def test_all_fields_of_a_model_are_shown_as_they_hold(defs):
    for system in SYSTEMS:
        figures = read_figures()[system.name]
        config = shown(defs, f"{system.name}_model")["ops"][f"{system.name}_model"]["config"]
        assert config.pop("seed") == 42
        assert config.pop("variants") == list(system.small_variants or figures["variants"])
        assert config == figures["small"]
        assert len(config) >= 6 + len(system.hyperparameters) - 1


def test_options_of_splits_and_catalog_are_shown(defs):
    ops = shown(defs, "revenue_splits", "movie_catalog")["ops"]
    assert ops["revenue_splits"]["config"] == {
        "revenue_edges": "as at the last time", "budget_multiples": [], "min_votes": -1,
    }  # fmt: skip
    assert ops["movie_catalog"]["config"] == {
        "released_from": "", "min_votes": -1, "is_full": False,
    }  # fmt: skip


def test_run_shows_what_it_may_change_and_no_secret(defs):
    assert shown(defs, "posters")["resources"]["run_context"]["config"] == {
        "preset": "small", "devices": "auto", "trainers": 0,
    }  # fmt: skip


def test_form_of_a_run_on_tmdb_holds_neither_key_nor_cookie(monkeypatch, tmp_path):
    monkeypatch.setenv("TMDB_API_KEY", SECRET)
    monkeypatch.setenv("IMDBPRO_COOKIE", SECRET)
    monkeypatch.setenv("MARQUEE_PRESET", "published")
    defs = build_defs(store=str(tmp_path / "store"))
    config = shown(defs, "posters")["resources"]["run_context"]["config"]
    assert config == {
        "preset": "published", "devices": "auto", "trainers": 0, "requests_per_s": 20.0,
    }  # fmt: skip
    _, schema, _ = form_of(defs, "posters")
    text = dg.serialize_value(schema)
    assert SECRET not in text
    assert not [field for field in ENVIRONMENT_ONLY if f'"{field}"' in text]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (of_run(preset="huge"), "huge"),
        (of_run(trainers="abc"), "abc"),
        (of_run(tmdb_api_key=SECRET), "unexpected config entry"),
        (of("revenue_model", variants=["nope"]), "nope"),
        (of("revenue_model", max_epochs="many"), "many"),
        (of("score_model", loss="mean"), "mean"),
        (of("revenue_splits", revenue_edges="decile"), "decile"),
    ],
)
def test_form_refuses_while_it_is_written(defs, config, message):
    (found,) = errors(defs, config)
    assert message in found


def test_unknown_variant_is_refused_with_the_list_of_one_a_line(defs):
    (found,) = errors(defs, of("revenue_model", variants=["nope"]))
    assert "\n- attention fusion\n" in found
    assert "\n- blend, cut into classes\n" in found


@pytest.mark.parametrize(
    ("config", "place"),
    [
        (of("revenue_model", max_epochs=-3), "revenue_model, max_epochs: .*got -3"),
        (of("revenue_model", learning_rate=-1.0), "revenue_model, learning_rate"),
        (of("revenue_model", dropout=1.5), "revenue_model, dropout"),
        (of("revenue_model", seed=-1), "revenue_model, seed"),
        (of("revenue_splits", budget_multiples=[1.0, 0.5]), "budget_multiples.*seven numbers"),
        (of("revenue_splits", min_votes=-2), "revenue_splits, min_votes"),
        (of("movie_catalog", released_from="soon"), "movie_catalog, released_from.*1990-01-01"),
        (of_run(trainers=-1), "run_context, trainers"),
        (of_run(devices="gpu"), "run_context, devices"),
    ],
)
def test_values_out_of_bounds_are_refused_before_a_run_exists(defs, config, place):
    assert not errors(defs, config), "Dagster's form knows no bounds"
    with pytest.raises(ConfigurationError, match=place) as caught:
        plan(defs, config)
    assert caught.value.__cause__ is None


def test_form_as_it_is_shown_can_be_launched(defs):
    for asset in ("revenue_model", "box_office_encoder", "revenue_splits", "movie_catalog"):
        config = shown(defs, asset)
        assert not errors(defs, config)
        assert plan(defs, config)


def test_run_takes_what_the_form_says_and_secrets_as_they_are_then(monkeypatch, tmp_path, defs):
    monkeypatch.setenv("IMDBPRO_COOKIE", "an older cookie")
    resources = run_resources(source="imports", store=str(tmp_path / "store"))
    monkeypatch.setenv("IMDBPRO_COOKIE", SECRET)
    config = of_run(preset="small", trainers=2, devices="cpu")["resources"]
    with dg.build_resources(resources, resource_config=config) as opened:
        run_context = opened.run_context
        assert run_context.preset.name.startswith("small")
        assert (run_context.settings.trainers, run_context.settings.devices) == ("2", "cpu")
        assert run_context.settings.imdbpro_cookie == SECRET
    monkeypatch.delenv("IMDBPRO_COOKIE")
    with (
        pytest.raises(Exception, match="run_context") as caught,
        dg.build_resources(resources, resource_config=config),
    ):
        pass
    assert "IMDBPRO_COOKIE is no longer set" in str(caught.value.__cause__)


def test_no_description_is_shown_as_code(defs):
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        lines = (graph.get(key).description or "").splitlines()
        assert lines, key
        assert not [line for line in lines if line.startswith("    ")], key


def test_columns_are_columns(defs):
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        schema = graph.get(key).metadata.get("dagster/column_schema")
        for column in schema.columns if schema else ():
            assert column.name.isidentifier(), f"{key.to_user_string()}: {column.name}"
