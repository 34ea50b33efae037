"""Dates and numbers that no movie can have."""

from datetime import date

import pytest

from pipeline.crawl.future_releases import drop_future_release
from pipeline.crawl.tmdb.responses import parse_details

TODAY = date(2026, 3, 1)
EARNED = {"marquee_box_office": [{"source": "x", "worldwide": {"amount": 5, "currency": "USD"}}]}


@pytest.mark.parametrize("known", [{"status": "Released"}, {"revenue": 5}, EARNED])
def test_movie_that_is_out_cannot_come_out_in_2068(known):
    fields = {**known, "release_date": "2068-05-01"}
    found = drop_future_release(fields, TODAY)
    assert "release_date" not in found
    assert found["marquee_unusable"] == {"release_date": "2068-05-01"}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "Planned", "release_date": "2068-05-01"},
        {"status": "Released", "release_date": "2026-11-01"},
        {"status": "Released", "release_date": "1968-05-01"},
        {"status": "Released", "release_date": ""},
    ],
)
def test_announced_or_late_release_stays(fields):
    assert drop_future_release(fields, TODAY) == fields


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vote_average", 11.5), ("vote_average", -1), ("vote_count", -3), ("runtime", 900_000),
        ("release_date", "0001-01-01"), ("release_date", "1068-05-01"),
        ("release_date", "9999-12-31"),
    ],
)  # fmt: skip
def test_value_out_of_range_is_unknown(name, value):
    record = parse_details({"id": 1, name: value})
    field = {"runtime": "runtime_min"}.get(name, name)
    assert getattr(record, field) is None
