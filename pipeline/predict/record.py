"""The record of a movie from what is given of it, on top of what is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.core.records import Company, MovieRecord, Person
from pipeline.predict.inputs import MovieInputs
from pipeline.predict.people import Names

UNLISTED = 0
"""The id of a movie that no source lists."""

_SAME: Mapping[str, str] = {
    "title": "title", "plot": "overview", "budget_usd": "budget_usd",
    "release_date": "release_date", "runtime_min": "runtime_min", "genres": "genres",
    "language": "original_language", "countries": "countries",
    "certification": "certification_us",
}  # fmt: skip
"""Fields of the inputs and of the record that hold the same."""


@dataclass(frozen=True)
class GivenRecord:
    """A record, and what people should know about it.

    Attributes:
        record: What is known of the movie before its release.
        remarks: Sentences for people.
    """

    record: MovieRecord
    remarks: tuple[str, ...] = ()


def make_record(
    inputs: MovieInputs, known: MovieRecord | None, people: Names, companies: Names
) -> GivenRecord:
    """Replace fields of a known record, or of an empty one, by what is given.

    Raises:
        InputError: A name stands for several people or companies.
    """
    record = known or MovieRecord(inputs.tmdb_id or UNLISTED, "")
    given: dict[str, Any] = {
        there: value for here, there in _SAME.items() if (value := getattr(inputs, here))
    }
    remarks = list[str]()
    for name, build, names in _LISTS:
        if (value := getattr(inputs, name)) is None:
            continue
        given[name], unknown = build(value, people if names == "people" else companies)
        if unknown:
            listed = ", ".join(dict.fromkeys(unknown))
            remarks.append(f"{name}: no known film has {listed}; counted as newcomers.")
    return GivenRecord(replace(record, **given), tuple(remarks))


def _cast(value: Any, names: Names) -> tuple[tuple[Person, ...], list[str]]:
    found, unknown = names.resolve("cast", value)
    people = [Person(one, name, "Actor", place) for place, (one, name) in enumerate(found)]
    return tuple(people), unknown


def _crew(value: Any, names: Names) -> tuple[tuple[Person, ...], list[str]]:
    people, unknown = list[Person](), list[str]()
    for job, who in value.items():
        found, missing = names.resolve("crew", who)
        people += [Person(one, name, job) for one, name in found]
        unknown += missing
    return tuple(people), unknown


def _companies(value: Any, names: Names) -> tuple[tuple[Company, ...], list[str]]:
    found, unknown = names.resolve("companies", value)
    return tuple(Company(one, name) for one, name in found), unknown


_Build = Callable[[Any, Names], tuple[tuple[Any, ...], list[str]]]

_LISTS: tuple[tuple[str, _Build, str], ...] = (
    ("cast", _cast, "people"),
    ("crew", _crew, "people"),
    ("companies", _companies, "companies"),
)
