"""What may be given of a movie, and how the rest is refused."""

from datetime import date

import pytest

from pipeline.core.errors import InputError
from pipeline.predict.inputs import FIELDS, MAX_LISTED, MovieInputs

REFUSED = [
    ("tmdb_id", 0), ("tmdb_id", 2**31), ("tmdb_id", 1.5), ("tmdb_id", True), ("tmdb_id", "597"),
    ("title", " "), ("title", "a" * 501), ("plot", ""), ("plot", 7), ("plot", "a" * 20_001),
    ("poster", "no/such/file.jpg"), ("poster", 3), ("trailer", "no/such/file.mp4"),
    ("budget_usd", -1), ("budget_usd", 0), ("budget_usd", 3e9), ("budget_usd", float("nan")),
    ("release_date", "1850-01-01"), ("release_date", "2101-01-01"), ("release_date", "next May"),
    ("runtime_min", 0), ("runtime_min", 5_000), ("runtime_min", float("inf")),
    ("genres", ["Noir"]), ("genres", []), ("genres", "Crime"),
    ("cast", [""]), ("cast", [0]), ("cast", [None]), ("cast", ["a"] * (MAX_LISTED + 1)),
    ("crew", {"Baker": ["Ann"]}), ("crew", {}), ("crew", ["Ann"]), ("crew", {"Director": "Ann"}),
    ("companies", [-3]), ("language", "english"), ("countries", ["us"]), ("certification", "X"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_impossible_value_is_refused_with_the_fields_name_and_what_is_allowed(field, value):
    with pytest.raises(InputError) as refused:
        MovieInputs(**{field: value})
    assert refused.value.field == field
    assert refused.value.allowed
    assert str(refused.value).startswith(f"{field}: ")
    assert refused.value.allowed in str(refused.value)


def test_nothing_and_unknown_fields_are_refused():
    with pytest.raises(InputError, match="nothing is given"):
        MovieInputs()
    with pytest.raises(InputError, match="revenue_usd: there is no such field"):
        MovieInputs.from_json({"plot": "A man.", "revenue_usd": 1e6})


def test_values_are_read_as_people_write_them(tmp_path):
    poster = tmp_path / "poster.jpg"
    poster.write_bytes(b"\xff\xd8")
    inputs = MovieInputs.from_json(
        {
            "release_date": "2019-05-01", "genres": ["crime", "science fiction", "Crime"],
            "cast": [" Ann Lee ", "31", "0", 7.0], "crew": {"director": ["Ann Lee"]},
            "budget_usd": 5,
            "poster": str(poster),
        }
    )  # fmt: skip
    assert inputs.release_date == date(2019, 5, 1)
    assert inputs.genres == ("Crime", "Science Fiction")
    assert inputs.cast == ("Ann Lee", 31, "0", 7)
    assert inputs.crew == {"Director": ("Ann Lee",)}
    assert inputs.budget_usd == 5.0
    assert inputs.poster == poster
    assert inputs.given == tuple(name for name in FIELDS if getattr(inputs, name) is not None)
