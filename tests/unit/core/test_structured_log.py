"""Log lines as JSON: every one an object, with what it is about, and without secrets."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.core.errors import ConfigurationError
from resources.http.redaction import keep_secret
from resources.structured_log import JsonFormatter, is_json, logging_about


def line_of(message, *arguments, error=None, **extra):
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("marquee", logging.WARNING, "", 0, message, arguments, info)
    vars(record).update(extra)
    return json.loads(JsonFormatter().format(record))


def test_line_bears_film_asset_and_run_only_while_they_are_worked_on():
    with logging_about(run="r1"), logging_about(film=597, asset="posters"):
        line = line_of("cut off at %d bytes", 5)
    assert line["message"] == "cut off at 5 bytes"
    assert (line["film"], line["asset"], line["run"]) == (597, "posters", "r1")
    assert line["time"].endswith("+00:00")
    assert "film" not in line_of("done")


def test_threads_do_not_see_each_others_films():
    def work(film):
        with logging_about(film=film):
            return line_of("x")["film"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(50))) == list(range(50))


def test_line_of_dagster_bears_its_run_and_asset():
    meta = {"orig_message": "3 ok", "run_id": "r1", "job_name": "movies", "step_key": "posters"}
    line = line_of("movies - r1 - posters - 3 ok", dagster_meta=meta)
    assert line["message"] == "3 ok"
    assert (line["run"], line["job"], line["asset"]) == ("r1", "movies", "posters")


def test_error_is_one_line_and_secrets_are_hidden():
    keep_secret("a-very-secret-key")
    line = line_of("at a-very-secret-key\nnext", error=ValueError("a-very-secret-key"))
    assert line["message"] == "at [hidden]\nnext"
    assert "ValueError: [hidden]" in line["error"]


def test_other_form_is_refused():
    assert [is_json(form) for form in ("", "text", "json")] == [False, False, True]
    with pytest.raises(ConfigurationError, match="MARQUEE_LOG is 'xml'; it must be one of text"):
        is_json("xml")
