"""Alerts at a real webhook on this machine, after real runs that failed."""

import json
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

sys.path.insert(0, str(Path(__file__).parents[1] / "clients"))  # tests are no package

from present import present
from scripted_server import answer, serving

from assets.cli.build import overrides
from assets.cli.job_runs import BuildError
from assets.definitions import build_defs
from assets.orchestration import alerts
from pipeline.core.errors import ConfigurationError

PATH = "/services/T0123/B4567/x9y8z7w6v5"


class Hook:
    """A webhook that keeps what is posted and answers with `status`."""

    def __init__(self, server):
        self.url, self.status = server.url + PATH, 200
        self.posted: list[dict] = []
        server.routes[PATH] = self._take

    def _take(self, talk, _target, headers):
        body = json.loads(talk.rfile.read(int(headers["content-length"])))
        if self.status == 200:
            self.posted.append(body)
        talk.request.sendall(answer(self.status))

    def texts(self):
        """Return the texts that came in, and forget them."""
        texts = [alert["text"] for alert in self.posted]
        self.posted.clear()
        return texts


@pytest.fixture
def hook():
    with serving() as server:
        yield Hook(server)


def sensor_of(defs):
    return next(sensor for sensor in defs.sensors if sensor.name == "alerts")


class Daemon:
    """Evaluates the sensor as Dagster's daemon does, and keeps its cursor."""

    def __init__(self, site, hook):
        self._site, self.cursor = site, None
        with site.run_context() as run_context:
            settings = {**overrides(run_context), "alerts_url": hook.url, "ui_url": "http://ui/"}
            self.defs = build_defs(**settings)

    def tick(self) -> str:
        context = dg.build_sensor_context(
            instance=self._site.instance, cursor=self.cursor, definitions=self.defs
        )
        result = sensor_of(self.defs).evaluate_tick(context)
        self.cursor = result.cursor
        return result.skip_message or ""


@pytest.fixture
def site(open_site):
    return open_site(size=6, stages=("crawl",))


def fail(site):
    """Have a run fail: its folder is a file."""
    place = site.store / "posters"
    place.write_text("in the way")
    with pytest.raises(BuildError):
        site.build(stages=("media",))
    place.unlink()


def test_failed_run_is_posted_once_with_reason_and_link(site, hook):
    daemon = Daemon(site, hook)
    fail(site)
    daemon.tick()
    assert hook.texts() == [], "what failed before alerts were switched on is no news"
    movie = site.catalogue.movie_ids()[0]
    site.order({"path": f"/trailers/({'|'.join(site.keys(movie))})", "status": 503})
    with site.run_context() as run_context:
        run_context.ledger.forget(["trailers"], [movie], ["ok"])
    fail(site)
    assert daemon.tick() == "1 alerts posted."
    (posted,) = hook.posted
    assert posted["alert"]["movies_failed"] == 1
    run = next(run for run in site.instance.get_runs() if run.job_name == "movies")
    alert = posted["alert"]
    assert alert["kind"] == "run_failure"
    assert alert["run_id"] == run.run_id
    assert alert["job"] == "movies"
    assert alert["assets"] == ["posters"]
    assert alert["link"] == f"http://ui/runs/{run.run_id}"
    assert "posters" in alert["reasons"][0]
    assert "Traceback" not in str(posted)
    assert posted["text"].startswith(f"marquee: the run {run.run_id[:8]} of movies failed")
    assert posted["text"].endswith(alert["link"])
    assert daemon.tick() == "Nothing to report."
    assert len(hook.posted) == 1


@pytest.mark.parametrize("status", [500, 404])
def test_webhook_that_is_down_loses_no_alert(site, hook, status, monkeypatch):
    monkeypatch.setattr(alerts, "INTERVAL_S", 0)
    daemon = Daemon(site, hook)
    daemon.tick()
    fail(site)
    fail(site)
    hook.status = status
    for _ in range(2):
        assert "did not take an alert" in daemon.tick()
    assert PATH not in present(daemon.cursor)
    hook.status = 200
    assert daemon.tick() == "2 alerts posted."
    assert len(set(hook.texts())) == 2


def test_webhook_that_is_down_is_asked_less_and_less(site, hook):
    daemon = Daemon(site, hook)
    daemon.tick()
    fail(site)
    hook.status = 500
    daemon.tick()
    hook.status = 200
    assert "posted to again" in daemon.tick()
    assert not hook.posted
    cursor = alerts.Cursor(0)
    pauses = []
    for _ in range(9):
        cursor = cursor.postponed(0.0)
        pauses.append(cursor.resume_s)
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_movies_that_will_be_retried_alert_only_when_they_are_many(site, hook):
    daemon = Daemon(site, hook)
    daemon.tick()
    first, *others = site.catalogue.movie_ids()
    site.order({"path": f"/t/p/.*{first}", "status": 503})
    site.build(stages=("media",))
    assert [run.job_name for run in site.instance.get_runs(dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE]))] == ["failed_movies"]  # fmt: skip
    daemon.tick()
    assert hook.texts() == []
    site.order({"path": f"/t/p/.*({'|'.join(map(str, others[:3]))})", "status": 503})
    for movie in others[:3]:
        site.edit(movie, poster_path=f"/new-{movie}.jpg")
    site.build(stages=("crawl", "media"))
    daemon.tick()
    (posted,) = hook.posted
    assert posted["alert"]["check"] == "statuses"
    assert posted["alert"]["assets"] == ["posters"]
    assert posted["alert"]["movies_failed"] == 4
    assert posted["alert"]["reasons"] == ["4 of 6 movies will be retried: server_error 4."]
    assert daemon.tick() == "Nothing to report.", "a trouble that lasts is reported once"


def test_late_crawl_is_posted_when_it_is_late_and_when_it_is_overdue(site, hook):
    daemon = Daemon(site, hook)
    key = dg.AssetKey("movie_catalog")
    seen = []
    states = [FreshnessState.PASS, FreshnessState.WARN, FreshnessState.FAIL, FreshnessState.PASS]
    for before, state in zip([FreshnessState.UNKNOWN, *states], [*states, FreshnessState.WARN],
                             strict=True):  # fmt: skip
        site.instance._report_runless_asset_event(FreshnessStateChange(
            key=key, previous_state=before, new_state=state, state_change_timestamp=1.0
        ))  # fmt: skip
        daemon.tick()
        seen.append([alert["alert"]["state"] for alert in hook.posted])
        hook.texts()
    assert seen == [[], ["WARN"], ["FAIL"], [], ["WARN"]]


def test_text_holds_no_markup_of_a_chat():
    alert = alerts.Alert("key", "<!channel> & all", {}, "/runs/1")
    assert alert.as_json()["text"] == "marquee: &lt;!channel&gt; &amp; all"


def test_sensor_exists_where_a_webhook_is_configured(monkeypatch):
    names = [sensor.name for sensor in build_defs().sensors or ()]
    assert "alerts" not in names
    monkeypatch.setenv("MARQUEE_ALERTS_URL", f"https://hooks.example.org{PATH}")
    sensor = sensor_of(build_defs())
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert "hooks.example.org" in (sensor.description or "")
    assert "x9y8" not in str(sensor.description)
    monkeypatch.setenv("MARQUEE_ALERTS_URL", "hooks.example.org/x9y8z7w6v5")
    with pytest.raises(ConfigurationError, match="MARQUEE_ALERTS_URL is no http"):
        build_defs()
