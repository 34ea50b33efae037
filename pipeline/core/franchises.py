"""Group movies into franchises, and count each movie's predecessors."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

from pipeline.core.franchise_links import find_links, title_key
from pipeline.core.records import MovieRecord

__all__ = ["assign_franchises", "count_predecessors", "franchise_of", "title_key"]


def franchise_of(record: MovieRecord) -> str:
    """Return the movie's franchise: as `assign_franchises` found it among all movies.

    A record by itself is known by its collection, else by the key of its title.

    Example:
        >>> franchise_of(MovieRecord(24428, "The Avengers", collection_id=86311))
        'collection:86311'
        >>> franchise_of(MovieRecord(1271, "300")), franchise_of(MovieRecord(5, "!!!"))
        ('title:300', 'movie:5')
    """
    if record.franchise:
        return record.franchise
    if record.collection_id is not None:
        return f"collection:{record.collection_id}"
    key = title_key(record.title)
    return f"title:{key}" if key else f"movie:{record.tmdb_id}"


def assign_franchises(records: Sequence[MovieRecord]) -> list[MovieRecord]:
    """Fill in each record's franchise, named by the lowest TMDB id in it.

    Args:
        records: All known movies.

    Returns:
        The records in the same order.

    Example:
        >>> both = [MovieRecord(7, "Rocky II"), MovieRecord(5, "Rocky"), MovieRecord(8, "Up")]
        >>> [record.franchise for record in assign_franchises(both)]
        ['movie:5', 'movie:5', 'movie:8']
    """
    sets = _DisjointSets(len(records))
    for one, other in find_links(records):
        sets.join(one, other)
    roots = [sets.root(place) for place in range(len(records))]
    lowest: dict[int, int] = {}
    for root, record in zip(roots, records, strict=True):
        lowest[root] = min(record.tmdb_id, lowest.get(root, record.tmdb_id))
    return [
        replace(record, franchise=f"movie:{lowest[root]}")
        for root, record in zip(roots, records, strict=True)
    ]


def count_predecessors(records: Sequence[MovieRecord]) -> dict[int, int | None]:
    """Count the earlier movies of each movie's franchise, as it stood on the day of release.

    Whether a movie has a collection is no input: a collection is created when a sequel follows,
    so it reveals the success of the first movie. The number of predecessors is known at release.
    Two movies that only a later one connects are no predecessors of each other.

    Args:
        records: All known movies, also those that are not in the table.

    Returns:
        By TMDB id, how many movies of the same franchise came out on an earlier day; None where
        the movie has no date.
    """
    neighbours: dict[int, list[int]] = defaultdict(list)
    for one, other in find_links(records):
        neighbours[one].append(other)
        neighbours[other].append(one)
    counts: dict[int, int | None] = {record.tmdb_id: None for record in records}
    sets, days = _DisjointSets(len(records)), [record.release_date for record in records]
    dated = sorted((day, place) for place, day in enumerate(days) if day is not None)
    for day, same in groupby(dated, key=lambda one: one[0]):
        places = [place for _, place in same]
        earlier = {
            place: [other for other in neighbours[place] if _is_before(days[other], day)]
            for place in places
        }
        for place in places:
            roots = {sets.root(other) for other in earlier[place]}
            counts[records[place].tmdb_id] = sum(sets.sizes[root] for root in roots)
        for place in places:
            for other in earlier[place]:
                sets.join(place, other)
    return counts


def _is_before(day: date | None, other: date) -> bool:
    return day is not None and day < other


class _DisjointSets:
    """Places that are joined two by two."""

    def __init__(self, n: int):
        self._above = list(range(n))
        self.sizes = [1] * n

    def root(self, place: int) -> int:
        """Return the place that stands for a set."""
        while self._above[place] != place:
            self._above[place] = self._above[self._above[place]]
            place = self._above[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        one, other = sorted((self.root(one), self.root(other)))
        if one != other:
            self._above[other] = one
            self.sizes[one] += self.sizes[other]
