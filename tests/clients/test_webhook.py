"""The user's webhook on real sockets: what arrives, how long it may take, what is never shown."""

import json
import logging
import time
from contextlib import closing

import pytest

from pipeline.core.errors import ConfigurationError, FetchError, SourceError
from pipeline.core.outcomes import Reason
from resources.http.addresses import webhook_host
from resources.http.redaction import redact
from resources.http.webhook import Webhook
from resources.settings import Settings

PATH = "/services/T0123/B4567/x9y8z7w6v5"


def keep_body(bodies, *answers):
    """Return a route that keeps what is posted and answers."""
    todo = list(answers)

    def act(talk, target, headers):
        bodies.append(talk.rfile.read(int(headers["content-length"])))
        talk.request.sendall(todo.pop(0) if len(todo) > 1 else todo[0])

    return act


def test_object_arrives_as_json(server, says, clock):
    bodies = []
    server.routes[PATH] = keep_body(bodies, says.answer(204, b""))
    with closing(Webhook(server.url + PATH, clock=clock)) as webhook:
        webhook.post({"text": "Ça va?", "alert": {"n": 1}})
    assert [json.loads(body) for body in bodies] == [{"text": "Ça va?", "alert": {"n": 1}}]
    ((_, headers),) = server.seen
    assert headers["content-type"] == "application/json"


def test_failure_that_passes_is_retried(server, says, clock):
    bodies = []
    server.routes[PATH] = keep_body(bodies, says.answer(500), says.answer(429), says.answer(200))
    with closing(Webhook(server.url + PATH, clock=clock)) as webhook:
        webhook.post({"text": "a"})
    assert len(bodies) == 3
    assert len(clock.slept_s) == 2


@pytest.mark.parametrize(
    ("status", "reason", "attempts"),
    [(500, Reason.SERVER_ERROR, 3), (404, Reason.GONE, 1), (403, Reason.FORBIDDEN, 1)],
)
def test_refusal_is_an_error_without_the_address(
    server, says, clock, status, reason, attempts, caplog
):
    caplog.set_level(logging.DEBUG)
    bodies = []
    server.routes[PATH] = keep_body(bodies, says.answer(status))
    with (
        closing(Webhook(server.url + PATH, clock=clock)) as webhook,
        pytest.raises(FetchError) as caught,
    ):
        webhook.post({"text": "a"})
    assert caught.value.reason is reason
    assert len(bodies) == attempts
    assert "x9y8z7w6v5" not in str(caught.value) + caplog.text


def test_redirect_is_no_success(server, says, clock):
    server.routes[PATH] = keep_body([], says.redirect("/elsewhere"))
    with closing(Webhook(server.url + PATH, clock=clock)) as webhook, pytest.raises(FetchError):
        webhook.post({"text": "a"})
    assert server.count() == {PATH: 1}


def test_webhook_that_hangs_is_left_in_bounded_time(server, says, clock):
    server.routes[PATH] = says.stall(seconds=3)
    began_s = time.monotonic()
    with (
        closing(Webhook(server.url + PATH, timeout_s=0.2, clock=clock)) as webhook,
        pytest.raises(FetchError) as caught,
    ):
        webhook.post({"text": "a"})
    assert caught.value.reason is Reason.TIMEOUT
    assert time.monotonic() - began_s < 2


def test_long_pause_that_it_requires_is_not_slept(server, says, clock):
    server.routes[PATH] = keep_body([], says.answer(429, Retry_After="3600"))
    with closing(Webhook(server.url + PATH, clock=clock)) as webhook:
        for error in (FetchError, SourceError):
            with pytest.raises(error):
                webhook.post({"text": "a"})
    assert sum(clock.slept_s) < 10


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x9y8z7w6v5", "hooks/x9y8z7w6v5", "https://",
            "https://ada:x9y8z7w6v5@example.org/", "http://[x9y8z7w6v5", "http://a:x9y8z7w6v5/"],
)  # fmt: skip
def test_address_that_is_none_is_refused_without_showing_it(url):
    with pytest.raises(ConfigurationError) as caught:
        webhook_host(url)
    assert "x9y8z7w6v5" not in str(caught.value)


def test_path_of_the_address_is_a_secret_by_itself():
    settings = Settings(alerts_url=f"https://hooks.example.org{PATH}?t=1")
    assert f"{PATH[1:]}?t=1" in settings.secrets
    with closing(Webhook(settings.alerts_url)):
        assert "x9y8z7w6v5" not in redact(f"POST {PATH}?t=1 failed")
    assert "x9y8z7w6v5" not in repr(settings)
