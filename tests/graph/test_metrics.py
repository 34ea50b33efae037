"""Metrics of a store are what Prometheus reads, agree with the ledger, and feed the dashboard."""

import json
import re

import pytest
from commands import marquee
from prometheus_client.parser import text_string_to_metric_families
from sites import ROOT

from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.serve.metrics import ServiceMetrics

DASHBOARD = ROOT / "deploy" / "grafana" / "marquee.json"


@pytest.fixture
def site(open_site):
    return open_site(size=3, stages=("crawl", "media"))


def read(site, *arguments):
    output = marquee("metrics", *arguments, cwd=site.folder, environment=site.environment)
    return {family.name: family for family in text_string_to_metric_families(output.stdout)}


def values(family, **labels):
    return [s.value for s in family.samples if labels.items() <= s.labels.items()]


def test_metrics_are_what_the_ledger_says(site):
    (first, *_) = site.catalogue.movie_ids()
    with site.run_context() as run_context:
        run_context.ledger.forget(["posters"], [first], ["ok", "absent"])
    found = read(site)
    assert values(found["marquee_movies_known"]) == [3]
    for spec in MOVIE_ASSETS:
        if spec.stage in ("crawl", "media"):
            assert sum(values(found["marquee_movies"], asset=spec.name)) == 3
    assert values(found["marquee_movies"], asset="posters", status="pending") == [1]
    assert values(found["marquee_movies_queued"], asset="posters") == [1]
    assert values(found["marquee_at_work"]) == [0]
    with site.run_context() as run_context:
        rows = run_context.ledger.rows("posters").values()
    (written,) = values(found["marquee_last_written_timestamp_seconds"], asset="posters")
    assert written == pytest.approx(max(row.written_s for row in rows))


def test_names_help_and_types_follow_prometheus_conventions(site):
    for family in (*read(site).values(), *_families_of_the_service()):
        assert family.documentation, family.name
        assert family.type in ("gauge", "counter", "histogram"), family.name
        assert re.fullmatch(r"marquee_[a-z_]+", family.name)
        if family.type == "counter":
            assert all(s.name.endswith(("_total", "_created")) for s in family.samples)
        if "timestamp" in family.name or "duration" in family.name:
            assert family.name.endswith("_seconds")


def test_file_for_the_textfile_collector_is_whole(site):
    path = site.folder / "marquee.prom"
    assert read(site, "--output", str(path)) == {}
    families = {f.name for f in text_string_to_metric_families(path.read_text())}
    assert "marquee_movies" in families
    assert [p.name for p in site.folder.glob("marquee.prom*")] == ["marquee.prom"]


def test_requests_are_counted_by_routes_that_exist():
    metrics = ServiceMetrics()
    for path in ("/films/597", "/films/598", "/films/x", "/wp-login.php"):
        metrics.count_request(path, "GET", 404, 0.01)
    metrics.count_request("/predict", "BREW", 405, 0.01)
    metrics.count_predictions(
        {"predictions": [{"system": "genre"}, {"system": "score", "reason": "no trailer"}]}
    )
    value = metrics.registry.get_sample_value
    requests = "marquee_http_requests_total"
    assert value(requests, {"route": "/films/{tmdb_id}", "method": "GET", "status": "404"}) == 2
    assert value(requests, {"route": "other", "method": "GET", "status": "404"}) == 2
    assert value(requests, {"route": "/predict", "method": "other", "status": "405"}) == 1
    served = "marquee_predictions_served_total"
    assert value(served, {"system": "score", "answered": "false"}) == 1


def test_every_expression_of_the_dashboard_names_a_metric_that_exists(site):
    known = {f.name for f in read(site).values()} | {f.name for f in _families_of_the_service()}
    samples = {
        *known,
        *(f"{name}_total" for name in known),
        *(f"{name}_bucket" for name in known),
        # only while somebody is at work, and where a crawl has asked for changes
        "marquee_heartbeat_timestamp_seconds", "marquee_crawled_until_timestamp_seconds",
    }  # fmt: skip
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())
    ]
    assert len(expressions) >= 8
    for expression in expressions:
        names = re.findall(r"marquee_\w+", expression)
        assert names
        assert set(names) <= samples, expression
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


def _families_of_the_service():
    return ServiceMetrics().registry.collect()
