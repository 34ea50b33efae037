"""Group movies into franchises, and count each movie's predecessors as of a day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline.core.franchise_links import find_links, title_key
from pipeline.core.records import MovieRecord

__all__ = [
    "assign_franchises", "count_earlier", "find_franchise", "franchise_of", "title_key",
]  # fmt: skip


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


def find_franchise(record: MovieRecord, known: Sequence[MovieRecord]) -> str:
    """Return the franchise of a movie that is not among the known ones, which keep theirs.

    Args:
        record: The movie.
        known: All known movies, whose franchises are filled in.
    """
    place = len(known)
    linked = [one for one, other in find_links([*known, record]) if other == place]
    return franchise_of(known[min(linked)]) if linked else f"movie:{record.tmdb_id}"


def count_earlier(
    asked: Sequence[MovieRecord], days: Sequence[date | None], known: Sequence[MovieRecord]
) -> list[int | None]:
    """Count the movies of each movie's franchise that came out before a day, as known on that day.

    Whether a movie has a collection is no input: a collection is created when a sequel follows,
    so it reveals the success of the first movie. The number of predecessors is known at release.
    Two movies that only a later one connects are no predecessors of each other.

    Args:
        asked: Movies whose franchises are looked at; of those that are known, the known record
            says what they belong to.
        days: One for each of them, at the latest its release; None gives None.
        known: All known movies, also those that are not in the table.
    """
    places = {record.tmdb_id: place for place, record in enumerate(known)}
    new = [record for record in asked if record.tmdb_id not in places]
    places |= {record.tmdb_id: len(known) + k for k, record in enumerate(new)}
    neighbours: dict[int, list[int]] = defaultdict(list)
    for one, other in find_links([*known, *new]):
        neighbours[one].append(other)
        neighbours[other].append(one)
    released = [record.release_date for record in known]
    growing = _GrowingSets(released, neighbours, len(known) + len(new))
    counts: list[int | None] = [None] * len(asked)
    for day, number in sorted((day, k) for k, day in enumerate(days) if day is not None):
        growing.advance(day)
        counts[number] = growing.count_linked(places[asked[number].tmdb_id])
    return counts


class _GrowingSets:
    """Movies that belong together by the links among those that came out before a day."""

    def __init__(
        self, released: Sequence[date | None], neighbours: Mapping[int, Sequence[int]], n: int
    ):
        self._queue = sorted((day, k) for k, day in enumerate(released) if day is not None)
        self._neighbours, self._sets = neighbours, _DisjointSets(n)
        self._n_out = 0
        self._is_out = [False] * n

    def advance(self, day: date) -> None:
        """Add the movies that came out before a day; days may only rise."""
        while self._n_out < len(self._queue) and self._queue[self._n_out][0] < day:
            place = self._queue[self._n_out][1]
            self._n_out += 1
            self._is_out[place] = True
            for other in self._neighbours.get(place, ()):
                if self._is_out[other]:
                    self._sets.join(place, other)

    def count_linked(self, place: int) -> int:
        """Count the movies that are out and belong to a movie."""
        linked = (other for other in self._neighbours.get(place, ()) if self._is_out[other])
        return sum(self._sets.sizes[root] for root in {self._sets.root(other) for other in linked})


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
