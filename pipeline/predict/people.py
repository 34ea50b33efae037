"""People and companies by name: which ids of the known movies a name stands for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zlib import crc32

from pipeline.core.errors import InputError
from pipeline.core.records import MovieRecord
from pipeline.predict.inputs import Who

_SHOWN = 5


class Names:
    """Ids by name, of the people and companies of some movies.

    Args:
        named: (name, id) of each, any number of times.
    """

    def __init__(self, named: Iterable[tuple[str, int]]):
        found: dict[str, set[int]] = defaultdict(set)
        for name, one in named:
            found[_key(name)].add(one)
        self._ids: Mapping[str, set[int]] = dict(found)
        self._known = {one for ids in found.values() for one in ids}

    def resolve(self, field: str, given: Sequence[Who]) -> tuple[list[tuple[int, str]], list[str]]:
        """Find the ids of names.

        Args:
            field: Name of the field, for errors.
            given: Names or ids.

        Returns:
            (id, name) of each, and those that no known movie has: they get ids below 0, which
            models treat as newcomers.

        Raises:
            InputError: A name belongs to several.
        """
        found, unknown = list[tuple[int, str]](), list[str]()
        for who in given:
            if isinstance(who, int):
                found.append((who, ""))
                is_known = who in self._known
            else:
                found.append((self._id_of(field, who), who))
                is_known = found[-1][0] > 0
            if not is_known:
                unknown.append(str(who))
        return found, unknown

    def _id_of(self, field: str, name: str) -> int:
        ids = sorted(self._ids.get(_key(name), ()))
        if len(ids) > 1:
            listed = ", ".join(map(str, ids[:_SHOWN])) + ("…" if len(ids) > _SHOWN else "")
            raise InputError(field, f"{len(ids)} are named {name!r}", f"one of their ids: {listed}")
        return ids[0] if ids else -1 - crc32(_key(name).encode())


def people_of(records: Iterable[MovieRecord]) -> Iterator[tuple[str, int]]:
    """Yield name and id of everyone in cast and crew."""
    for record in records:
        for person in (*record.cast, *record.crew):
            if person.name:
                yield person.name, person.person_id


def companies_of(records: Iterable[MovieRecord]) -> Iterator[tuple[str, int]]:
    """Yield name and id of every company."""
    for record in records:
        for company in record.companies:
            if company.name:
                yield company.name, company.company_id


def _key(name: str) -> str:
    return " ".join(name.casefold().split())
