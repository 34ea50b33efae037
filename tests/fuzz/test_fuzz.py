"""Every parser on some dozen spoiled inputs, the same ones each time; and what once failed.

Nightly there are many more; the long runs are `run.py`'s. What those found lies in `failures/` and
is tried here ever after.
"""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import watching
from fuzzing import Parser, fuzz, try_input
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import load_parsers
from shrinking import shrink
from watching import FAILURES, keep, watch

SEED = 20261120
INPUTS = [60, pytest.param(1_000, marks=pytest.mark.slow)]
NATIVE_INPUTS = [20, pytest.param(200, marks=pytest.mark.slow)]
LIMIT_S = 600.0

PARSERS, MISSING = load_parsers()

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def explain(tally):
    return "\n".join(failure.report for failure in tally.failures.values())


def test_no_parser_is_missing():
    assert MISSING == {}


@pytest.mark.parametrize("inputs", INPUTS)
@pytest.mark.parametrize("name", [name for name, parser in PARSERS.items() if not parser.is_native])
def test_spoiled_input_is_read_or_refused(name, inputs):
    tally = fuzz(PARSERS[name], seed=SEED, inputs=inputs)
    assert not tally.failures, explain(tally)
    assert tally.slowest_s < watching.HANG_S


@pytest.mark.parametrize("inputs", NATIVE_INPUTS)
@pytest.mark.parametrize("name", [name for name, parser in PARSERS.items() if parser.is_native])
def test_spoiled_file_is_read_or_refused_and_kills_nobody(name, inputs):
    tally = watch(PARSERS[name], seconds=LIMIT_S, seed=SEED, inputs=inputs)
    assert not tally.failures, explain(tally)
    assert tally.inputs == inputs


@pytest.mark.parametrize("name", ["tmdb-details", "tmdb-page", "tmdb-configuration", "tmdb-error"])
@settings(
    derandomize=True, max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_any_json_is_read_or_refused(name, data):
    keys = ("id", "title", "credits", "videos", "results", "total_pages", "images", "genres",
            "poster_sizes", "keywords", "release_dates", "status_code")  # fmt: skip
    answer = data.draw(st.dictionaries(st.sampled_from(keys), JSON_VALUES))
    ended, failure = try_input(PARSERS[name], json.dumps(answer).encode())
    assert failure is None, f"{ended}\n{failure.report}"


@pytest.mark.parametrize(
    "path", sorted(FAILURES.glob("*/*.bin")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_input_that_failed_once_fails_no_more(path):
    parser = PARSERS[path.parent.name]
    one = replace(parser, seeds=lambda: [path.read_bytes()])
    tally = watch(one, seconds=LIMIT_S, seed=SEED, inputs=1)
    assert not tally.failures, explain(tally)


# -- the fuzzer itself ----------------------------------------------------------------------------


def _hang(data):
    while b"x" in data:
        pass


def _die(data):
    if b"x" in data:
        os.kill(os.getpid(), signal.SIGSEGV)


def _grow(data):
    if b"x" in data:
        len(b"y" * (600 * 1024 * 1024))


def _stumble(data):
    if b"x" in data:
        raise KeyError(data)


@pytest.mark.parametrize(
    ("check", "signature"),
    [(_hang, "Hang"), (_die, "Signal-11"), (_grow, "Memory"), (_stumble, "KeyError-")],
)
def test_input_that_hangs_kills_grows_or_stumbles_is_found(check, signature, monkeypatch):
    if check is _hang:  # growing takes its time as well, and must not pass for hanging
        monkeypatch.setattr(watching, "HANG_S", 0.3)
    parser = Parser("invented", check, lambda: [b"abc", b"ab\nx12"])
    tally = watch(parser, seconds=LIMIT_S, seed=SEED, inputs=4)
    found = next(failure for name, failure in tally.failures.items() if name.startswith(signature))
    assert b"x" in found.data


def test_failing_input_is_made_small_and_written_down(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "FAILURES", tmp_path)
    parser = Parser("invented", _stumble, lambda: [b"a long text with an x inside"])
    (failure,) = watch(parser, seconds=LIMIT_S, seed=SEED, inputs=1).failures.values()
    assert failure.data == b"x"
    path = keep(parser, failure)
    assert path.read_bytes() == b"x"
    assert "KeyError" in path.with_suffix(".txt").read_text()


def test_corpus_grows_by_what_reaches_new_lines():
    tally = fuzz(PARSERS["attr-bbox"], seed=SEED, inputs=200)
    assert tally.kept > 2
    assert tally.lines > 20


def test_same_seed_is_the_same_run():
    seen = []
    for _ in range(2):
        inputs: list[bytes] = []
        fuzz(PARSERS["json"], seed=SEED, inputs=100, announce=inputs.append)
        seen.append(inputs)
    assert seen[0] == seen[1]


def test_shrinking_stops_in_time():
    data = bytes(1000)
    assert shrink(data, lambda shorter: False, limit_s=0.0) == data


def test_failures_are_small():
    assert all(path.stat().st_size < 64 * 1024 for path in Path(FAILURES).glob("*/*"))
