import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import DumpError
from pipeline.layouts.attr_bbox import Region, format_attr_bbox, parse_attr_bbox

EARRING = "gold,silver,earring\n0.1127,0.4715\n0.9832\n[231.6, 123.3, 244.4, 164.3]\n"
PLAIN = "traffic light\n\n1.0\n[0.0, 0.0, 400.0, 600.0]\n"
ODD_NUMBERS = "old,hat\n1e-05\n0.90\n[1, 2.50, 3, 4.000]\n"


def test_attributes_have_one_confidence_less_than_there_are_names():
    region = parse_attr_bbox(EARRING)[0]
    assert region.name == "earring"
    assert region.attributes == (("gold", 0.1127), ("silver", 0.4715))
    assert region.confidence == 0.9832
    assert region.box_px == (231.6, 123.3, 244.4, 164.3)


@pytest.mark.parametrize("text", ["", EARRING, PLAIN, ODD_NUMBERS, EARRING + PLAIN + ODD_NUMBERS])
def test_what_was_read_is_written_byte_for_byte(text):
    assert format_attr_bbox(parse_attr_bbox(text)) == text


def test_our_own_regions_are_read_as_they_were_written():
    regions = [
        Region("hat", 0.25, (1.0, 2.0, 3.5, 4.0), (("red", 1e-07),)),
        Region("a b", 1, (0, 0, 1, 1)),
    ]
    assert parse_attr_bbox(format_attr_bbox(regions)) == regions


@pytest.mark.parametrize(
    ("text", "output"),
    [
        (EARRING[:-1], "line 4 has no line end"),
        (EARRING[:40], "line 3 has no line end"),
        (EARRING + "hat\n", "5 lines"),
        ("hat\n0.5\n0.9\n[1, 2, 3, 4]\n", "line 2: 1 confidences for 0 attributes"),
        ("red,hat\n\n0.9\n[1, 2, 3, 4]\n", "line 2: 0 confidences for 1"),
        ("red,,hat\n0.1,0.2\n0.9\n[1, 2, 3, 4]\n", "line 1: an empty"),
        ("hat\n\n0.9,0.8\n[1, 2, 3, 4]\n", "line 3: expected one confidence"),
        ("hat\n\n\n[1, 2, 3, 4]\n", "line 3: expected one confidence"),
        ("hat\n\n1.5\n[1, 2, 3, 4]\n", "line 3: a confidence outside"),
        ("hat\n\nnan\n[1, 2, 3, 4]\n", "line 3: expected confidences"),
        ("hat\n\n0.5\n[1, 2, 3]\n", "line 4: expected .x1, y1, x2, y2."),
        ("hat\n\n0.5\n[3, 2, 1, 4]\n", "line 4: the box"),
        ("hat\n\n0.5\n[1e999, 2, 1e999, 4]\n", "line 4: the box"),
        ("hat\r\n\r\n0.5\r\n[1, 2, 3, 4]\r\n", "line 1: an empty or unprintable"),
        (EARRING + "hat\n\n0.5\n[1,2,3,4]\n", "line 8"),
    ],
)
def test_malformed_line_is_named(text, output):
    with pytest.raises(DumpError, match=output):
        parse_attr_bbox(text)


def test_name_that_would_break_the_lines_is_not_written():
    with pytest.raises(ValueError, match="commas"):
        format_attr_bbox([Region("a,b", 1.0, (0, 0, 1, 1))])


@given(st.text(alphabet="ab,01.[] \n-e", max_size=60))
def test_whatever_is_read_is_written_as_it_was(text):
    try:
        regions = parse_attr_bbox(text)
    except DumpError:
        return
    assert format_attr_bbox(regions) == text
