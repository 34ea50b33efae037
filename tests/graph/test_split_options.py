"""Revenue classes cut at budgets: chosen at the splits, and kept for all that follows."""

import json

import pytest

from assets.cli.build import _run, overrides
from assets.definitions import build_defs
from assets.evaluation.stored_reports import reports_folder
from assets.orchestration.staleness import stale_assets
from assets.splits.split_options import load_options
from pipeline.models.systems.revenue import CUT_BLEND, REVENUE


def materialize(site, *names, **config):
    ops = {name: {"config": hyperparameters} for name, hyperparameters in config.items()}
    with site.run_context() as run_context:
        defs = build_defs(**overrides(run_context))
        _run(defs, site.instance, "retrain", selection=names, config=ops)
        return load_options(run_context, REVENUE)


@pytest.fixture
def site(open_site):
    site = open_site(size=60)
    site.build(stages=("crawl",))
    return site


def test_edges_by_budget_hold_from_the_splits_to_the_scores(site):
    with pytest.raises(Exception, match="must be one of quantile, budget"):
        materialize(
            site, "movie_features", "revenue_splits", revenue_splits={"revenue_edges": "decile"}
        )
    chosen = {"revenue_edges": "budget"}
    options = materialize(site, "revenue_splits", revenue_splits=chosen)
    assert options.revenue_edges == "budget"
    assert materialize(site, "revenue_splits") == options, "what is not said stays"
    materialize(
        site, "revenue_baselines", "revenue_model", "revenue_evaluation",
        revenue_model={"variants": [CUT_BLEND], "max_epochs": 1},
    )  # fmt: skip
    with site.run_context() as run_context:
        facts = [
            json.loads(path.read_text())
            for path in (run_context.store.folder("models") / "revenue").rglob("facts.json")
        ]
        assert {one["kind"] for one in facts} == {"ordinal blend"}
        assert "director" in facts[0]["inputs"]
        report = reports_folder(run_context, REVENUE) / "evaluation_results.json"
        said = report.read_text()
    assert CUT_BLEND in said
    assert "reachable limit" in said


def test_splits_that_were_broken_off_are_made_again_with_what_was_chosen(site, monkeypatch):
    materialize(site, "movie_features", "revenue_splits")
    chosen = {"revenue_edges": "budget"}
    with monkeypatch.context() as patched:
        patched.setattr("assets.splits.system_splits._make", _killed)
        with pytest.raises(Exception, match="revenue_splits"):
            materialize(site, "revenue_splits", revenue_splits=chosen)
    with site.run_context() as run_context:
        assert "revenue_splits" in stale_assets(run_context)
    assert materialize(site, "revenue_splits").revenue_edges == "budget"
    with site.run_context() as run_context:
        assert "revenue_splits" not in stale_assets(run_context)


def _killed(*_):
    raise RuntimeError("killed")
