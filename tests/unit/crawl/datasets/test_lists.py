"""Lists inside cells: read without running anything; bombs are refused before they are parsed."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present import present

from pipeline.crawl.datasets.cell_parsers import CellError
from pipeline.crawl.datasets.dump_rows import RejectionReason
from pipeline.crawl.datasets.list_parsers import (
    MAX_CELL_CHARS,
    parse_json_list,
    parse_python_list,
    parse_python_mapping,
)

READERS = [parse_json_list, parse_python_list]
SCALARS = st.none() | st.booleans() | st.text() | st.integers(-(10**9), 10**9)
OBJECTS = st.lists(st.dictionaries(st.text(), SCALARS), min_size=1)


@given(OBJECTS)
def test_json_reads_as_it_was_written(value):
    assert parse_json_list(json.dumps(value)) == value


@given(OBJECTS)
def test_python_reads_as_it_was_printed(value):
    assert parse_python_list(repr(value)) == value


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", ["", "[]"])
def test_empty_list_says_nothing(read, text):
    assert read(text) is None


def test_quotes_of_both_kinds_are_read():
    text = """[{'name': "Rosemary's Baby"}, {'name': 'The "Best"'}, {'name': 'a\\'b"c'}]"""
    assert [item["name"] for item in present(parse_python_list(text))] == [
        "Rosemary's Baby",
        'The "Best"',
        "a'b\"c",
    ]


def test_single_object_is_read():
    assert parse_python_mapping("{'id': 1, 'poster_path': None}") == {"id": 1, "poster_path": None}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "[{'a': open('x')}]",
        "[{'a': 1 + 1}]",
        "[{'a': f'{1}'}]",
        "[{'a': b'x'}]",
        "[{'a': '''x'''}]",
        "[{'a': (1, 2)}]",
        "[{'a': {1, 2}}]",
        "[{1: 'a'}]",
        "[{'a': 1j}]",
        "[{'a': 007}]",
        "[{'a': '\\d'}]",
        "[{'a': '\\N{BULLET}'}]",
        "[{'a': '\\U00110000'}]",
        "[{'a': 'x'",
        "[{[]: 1}]",
        "['a']",
        "{'a': 1}",
        "[" + "9" * 5000 + "]",
        "Beware Of Frost Bites",
    ],
)
def test_what_python_does_not_print_for_a_list_of_objects_is_refused(text):
    with pytest.raises(CellError) as raised:
        parse_python_list(text)
    assert raised.value.reason is RejectionReason.MALFORMED


@pytest.mark.parametrize(
    "text",
    ["[{'a': 1}]", '[{"a": 1e999}]', '[{"a": 1', '{"a": 1}', "[1]", "null",
     '[{"a": ' + "9" * 5000 + "}]"],
)  # fmt: skip
def test_what_is_no_json_list_of_objects_is_refused(text):
    with pytest.raises(CellError) as raised:
        parse_json_list(text)
    assert raised.value.reason is RejectionReason.MALFORMED


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '[{"a":' * 50_000, "[" * 5 + "]" * 5, "[" + " " * MAX_CELL_CHARS + "]"],
    ids=["brackets", "objects", "five deep", "too long"],
)
def test_bomb_is_refused_as_unsafe(read, text):
    with pytest.raises(CellError) as raised:
        read(text)
    assert raised.value.reason is RejectionReason.UNSAFE


def test_bomb_cannot_hide_behind_quotes_that_python_reads_otherwise():
    with pytest.raises(CellError):
        parse_python_list("'''x' '''" + "[" * 10_000 + "'")


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("piece", ["'", '"', "\\", "'\\'", '"\\"', "'\\", '"\\', "1", " ", "''"])
def test_time_grows_with_the_length_alone(read, piece):
    text = "[" + piece * (400_000 // len(piece))
    began = time.process_time()
    with pytest.raises(CellError):
        read(text)
    assert time.process_time() - began < 2


def test_half_of_a_pair_is_replaced():
    assert parse_json_list('[{"a": "\\ud83d"}]') == [{"a": "?"}]
    assert parse_json_list('[{"a": "\\ud83d\\ude00"}]') == [{"a": "😀"}]
    assert parse_python_list("[{'a': '\\ud83d'}]") == [{"a": "?"}]


@given(st.text(alphabet="[]{}'\":, \\nxu0d1-.e\nTrueNon"))
def test_no_text_crashes_a_reader(text):
    for read in READERS:
        try:
            assert isinstance(read(text), list | None)
        except CellError:
            continue


def test_number_that_is_none_is_unknown_and_refuses_nothing():
    assert parse_json_list('[{"id": NaN, "name": "NaN"}]') == [{"id": None, "name": "NaN"}]
    assert parse_python_list("[{'id': nan, 'name': 'nan'}]") == [{"id": None, "name": "nan"}]
