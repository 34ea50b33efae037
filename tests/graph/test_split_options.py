"""Revenue classes cut at budgets: chosen at the splits, and kept for all that follows."""

import json

import dagster as dg
import pytest

from assets.evaluation.stored_reports import reports_folder
from assets.orchestration.staleness import stale_assets
from assets.splits.split_options import load_options
from pipeline.models.estimators.blend_baselines import BLEND_BASELINES
from pipeline.models.systems.revenue import CUT_BLEND, REVENUE


@pytest.fixture
def site(open_site):
    return open_site(60, stages=("crawl",), assets=("movie_features", "box_office_splits"))


def options(site):
    with site.run_context() as run_context:
        return load_options(run_context, REVENUE)


def test_edges_by_budget_hold_from_the_splits_to_the_scores(site):
    with pytest.raises(dg.DagsterInvalidConfigError, match="'quantile', 'budget'.*got decile"):
        site.materialize("revenue_splits", revenue_splits={"revenue_edges": "decile"})
    site.materialize("revenue_splits", revenue_splits={"revenue_edges": "budget"})
    chosen = options(site)
    assert chosen.revenue_edges == "budget"
    site.materialize("revenue_splits")
    assert options(site) == chosen, "what is not output stays"
    site.materialize(
        "revenue_baselines", "revenue_model", "revenue_evaluation",
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
        output = report.read_text()
    assert CUT_BLEND in output
    assert "reachable limit" in output
    results = [
        one["results"] for one in json.loads(output)["tasks"]["revenue_class"]["splits"].values()
    ]
    assert len(results) > 1
    assert all(set(BLEND_BASELINES) <= set(one) for one in results), "on every split with a blend"


def test_splits_that_were_broken_off_are_made_again_with_what_was_chosen(site, monkeypatch):
    site.materialize("revenue_splits")
    chosen = {"revenue_edges": "budget"}
    with monkeypatch.context() as patched:
        patched.setattr("assets.splits.system_splits._make", _killed)
        with pytest.raises(Exception, match="revenue_splits"):
            site.materialize("revenue_splits", revenue_splits=chosen)
    with site.run_context() as run_context:
        assert "revenue_splits" in stale_assets(run_context)
    site.materialize("revenue_splits")
    assert options(site).revenue_edges == "budget"
    with site.run_context() as run_context:
        assert "revenue_splits" not in stale_assets(run_context)


def _killed(*_):
    raise RuntimeError("killed")
