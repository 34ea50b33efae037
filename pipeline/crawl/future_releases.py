"""Drop a release date that a movie which is out already cannot have: one of a later century."""

from collections.abc import Mapping
from datetime import date, timedelta

from pipeline.crawl.json_values import read_date, read_mappings, read_positive, read_text
from pipeline.crawl.merging import BOX_OFFICE_KEY

GRACE = timedelta(days=366)
"""A movie that was shown at a festival may come to cinemas so much later."""

UNUSABLE_KEY = "marquee_unusable"
"""Key of a record's values that cannot be, as their source has them."""


def drop_future_release(fields: Mapping, today: date) -> dict:
    """Return the fields; a release date that cannot be moves below `marquee_unusable`.

    An announced movie keeps its date. Two-digit years read as a hundred years too late make such
    dates.

    Example:
        >>> movie = {"status": "Released", "release_date": "2068-05-01"}
        >>> drop_future_release(movie, date(2026, 1, 1))["marquee_unusable"]
        {'release_date': '2068-05-01'}
    """
    released = read_date(fields.get("release_date"))
    if released is None or released <= today + GRACE or not _is_out(fields):
        return dict(fields)
    kept = {name: value for name, value in fields.items() if name != "release_date"}
    return {**kept, UNUSABLE_KEY: {"release_date": fields["release_date"]}}


def _is_out(fields: Mapping) -> bool:
    """Return whether the movie was released: its source states it, or it has earned money."""
    has_gross = any(
        figures.get("worldwide") or figures.get("domestic")
        for figures in read_mappings(fields.get(BOX_OFFICE_KEY))
    )
    is_released = read_text(fields.get("status")).lower() == "released"
    return is_released or has_gross or read_positive(fields.get("revenue")) is not None
