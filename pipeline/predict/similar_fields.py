"""How alike movies are by the fields of their records: Gower's coefficient.

The similarity of two movies is the mean, over the fields that the asked movie has, of how alike
they are in each, from 0 to 1; a field that the other movie lacks counts as 0.

Source:
    J. C. Gower, "A general coefficient of similarity and some of its properties", Biometrics 27
    (1971).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cached_property

import numpy as np

from pipeline.core.franchises import franchise_of
from pipeline.core.prices import to_real_usd
from pipeline.core.records import MovieRecord
from pipeline.core.track_records import MOST_OF_ROLE, list_people

BUDGET_DECADES = 1.0
RUNTIME_MIN = 60.0
MONTHS = 6.0
"""Differences from which numbers are not alike at all; months are counted around the year."""

Sets = Callable[[MovieRecord], Set[object]]

_SETS: dict[str, Sets] = {
    "franchise": lambda record: {franchise_of(record)},
    "director": lambda record: set(list_people(record)["director"]),
    "cast": lambda record: set(list_people(record)["cast"]),
    "companies": lambda record: {
        company.company_id for company in record.companies[: MOST_OF_ROLE["company"]]
    },
    "genres": lambda record: set(record.genres),
    "countries": lambda record: set(record.countries),
    "language": lambda record: {record.original_language} - {""},
    "certification": lambda record: {record.certification_us} - {None},
}
"""Fields that are sets: two are alike by the share of their union that is in both (Jaccard)."""


class SimilarFields:
    """Compares a movie with many by their fields.

    Args:
        records: The movies.
    """

    def __init__(self, records: Sequence[MovieRecord]):
        self._records = records

    def compare(self, record: MovieRecord) -> np.ndarray:
        """Return how alike a movie is to each, float64 (movies,) from 0 to 1.

        A movie of which no field is known is like none.
        """
        own = {name: sets(record) for name, sets in _SETS.items()}
        alike = [self._overlap(name, values) for name, values in own.items() if values]
        numbers = _numbers(record)
        for place, (name, scale) in enumerate(_SCALES.items()):
            if not math.isnan(numbers[place]):
                gap = np.abs(self._numbers[:, place] - numbers[place])
                gap = np.minimum(gap, 12 - gap) if name == "release month" else gap
                alike.append(np.nan_to_num(np.clip(1 - gap / scale, 0, 1)))
        return np.mean(alike, axis=0)

    def _overlap(self, name: str, wanted: Set[object]) -> np.ndarray:
        """Return the share of the union with each movie's set that is in both."""
        rows_of, sizes = self._sets[name]
        common = np.zeros(len(self._records))
        for value in wanted:
            common[rows_of.get(value, [])] += 1
        return common / (sizes + len(wanted) - common)

    @cached_property
    def _sets(self) -> dict[str, tuple[dict[object, list[int]], np.ndarray]]:
        """By field the rows of each value, and how many values each movie has."""
        found = dict[str, tuple[dict[object, list[int]], np.ndarray]]()
        for name, sets in _SETS.items():
            rows_of, sizes = defaultdict[object, list[int]](list), np.zeros(len(self._records))
            for row, record in enumerate(self._records):
                values = sets(record)
                sizes[row] = len(values)
                for value in values:
                    rows_of[value].append(row)
            found[name] = dict(rows_of), sizes
        return found

    @cached_property
    def _numbers(self) -> np.ndarray:
        rows = [_numbers(record) for record in self._records]
        return np.array(rows, np.float64).reshape(len(rows), len(_SCALES))


_SCALES = {"budget": BUDGET_DECADES, "runtime": RUNTIME_MIN, "release month": MONTHS}
"""Fields that are numbers, and the difference from which two are not alike at all."""


def _numbers(record: MovieRecord) -> tuple[float, float, float]:
    """Return log10 of the budget in dollars of one year, minutes, and month; NaN for unknown."""
    day = record.release_date
    budget_usd = to_real_usd(record.budget_usd, day.year if day else None) or record.budget_usd
    return (
        math.log10(budget_usd) if budget_usd else math.nan,
        record.runtime_min or math.nan,
        day.month if day else math.nan,
    )


def describe_common(record: MovieRecord, other: MovieRecord) -> Iterator[str]:
    """Describe what two movies have in common, what is rarest first."""
    if franchise_of(record) == franchise_of(other):
        yield "same franchise"
    names = {person.person_id: person.name for person in (*other.cast, *other.crew)}
    mine, theirs = list_people(record), list_people(other)
    for role in ("director", "cast"):
        if shared := [names.get(one, "") for one in mine[role] if one in set(theirs[role])]:
            yield f"{role} {_join(shared)}"
    companies = {company.company_id for company in record.companies}
    if shared := [one.name for one in other.companies if one.company_id in companies]:
        yield _join(shared)
    if shared := [genre for genre in record.genres if genre in other.genres]:
        yield _join(shared)
    yield from _describe_the_rest(record, other)


def _join(names: Sequence[str]) -> str:
    return ", ".join(filter(None, names[:3]))


def _describe_the_rest(record: MovieRecord, other: MovieRecord) -> Iterator[str]:
    budgets, minutes, months = zip(_numbers(record), _numbers(other), strict=True)
    if abs(budgets[0] - budgets[1]) <= BUDGET_DECADES / 5:
        yield "similar budget"
    if abs(minutes[0] - minutes[1]) <= RUNTIME_MIN / 6:
        yield "similar length"
    if months[0] == months[1]:
        yield "same month"
    if record.original_language and record.original_language == other.original_language:
        yield f"language {record.original_language}"
    if shared := [country for country in record.countries if country in other.countries]:
        yield f"from {_join(shared)}"
    if record.certification_us and record.certification_us == other.certification_us:
        yield f"rated {record.certification_us}"
