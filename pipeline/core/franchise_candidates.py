"""Which known movies can be of one franchise with a movie that is asked about, without comparing it
with all of them.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from pipeline.core.franchise_links import find_links, name_signs
from pipeline.core.franchises import franchise_of
from pipeline.core.records import MovieRecord


class FranchiseCandidates:
    """An index of known movies by what two movies of a franchise must share.

    Args:
        known: Movies whose franchises are filled in.
    """

    def __init__(self, known: Sequence[MovieRecord]):
        self._known = known
        self._places: dict[Hashable, list[int]] = defaultdict(list)
        for place, record in enumerate(known):
            for sign in name_signs(record):
                self._places[sign].append(place)

    def find_franchise(self, record: MovieRecord) -> str:
        """Return what `pipeline.core.franchises.find_franchise` does among all known movies."""
        linked = min(self._linked(record), default=None)
        return f"movie:{record.tmdb_id}" if linked is None else franchise_of(self._known[linked])

    def is_alone(self, record: MovieRecord) -> bool:
        """Whether no other known movie is linked to this one."""
        return next(self._linked(record), None) is None

    def _linked(self, record: MovieRecord) -> Iterator[int]:
        """Yield the places of the known movies that are linked to this one, but itself."""
        shared = {place for sign in name_signs(record) for place in self._places.get(sign, ())}
        places = [p for p in sorted(shared) if self._known[p].tmdb_id != record.tmdb_id]
        if places:
            last = len(places)
            links = find_links([*(self._known[place] for place in places), record])
            yield from (places[one] for one, other in links if other == last)
