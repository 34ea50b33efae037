"""Find pairs of movies of one franchise: by collection, or by titles that people confirm.

Imported dumps name no collections. A shared beginning of the title alone joins strangers ("Red",
"Red Dragon"); sequels share people too. Every pair is decided by its two movies alone, so a later
movie changes nothing between two earlier ones.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations, pairwise
from typing import TypeVar

from pipeline.core.records import MovieRecord

_SUBTITLE = re.compile(r"(:| [-–—] ).*$")
_ARTICLE = re.compile(r"^(the|a|an) (?=.)")
_SEQUEL_MARK = re.compile(
    r"(?<=.) ((part|chapter|episode|vol|volume|no) )?"
    r"(\d+|[ivx]+|one|two|three|four|five|part|chapter|vol|volume)$"
)

_FUNCTION_WORDS = frozenset({
    "the", "a", "an", "of", "and", "or", "in", "on", "at", "to", "for", "from", "with", "by",
    "into", "out", "up", "over", "upon", "my", "your", "his", "her", "our", "their", "its", "i",
    "you", "he", "she", "it", "we", "they", "me", "us", "is", "are", "was", "be", "am", "do", "no",
    "not", "all", "this", "that", "what", "who", "how", "when", "where", "why", "which", "once",
    "s", "t", "d", "m", "ll", "vs", "v",
})  # fmt: skip
"""Words that name nothing; TMDB's "Harry's" is read as the words "harry" and "s"."""

_WRITERS = frozenset({"Screenplay", "Writer", "Story", "Novel", "Author", "Characters"})
_CREATORS = _WRITERS | {
    "Director", "Producer", "Executive Producer", "Original Music Composer",
    "Director of Photography", "Editor",
}  # fmt: skip
_BILLED = 10
"""How many of the cast are compared, by billing."""

_CONTAINED = {1: 3, 2: 2}
_SAME_START = {1: 4, 2: 2}
"""People that two movies must share, by content words (2: two or more) of what their titles share:
one's whole series title inside the other's title, or the first words of both."""

_CHARACTERS_CAST = 2
"""Billed actors that two movies must share where both credit one author, who neither directs nor
plays, and one of them for its characters."""

Pair = tuple[int, int]
KeyT = TypeVar("KeyT", bound=Hashable)


def title_key(title: str) -> str:
    """Reduce a title to what a sequel shares with its predecessor.

    Example:
        >>> title_key("The Hangover Part II"), title_key("Alien: Covenant"), title_key("300")
        ('hangover', 'alien', '300')
    """
    plain = _fold(title)
    words = _words(_SUBTITLE.sub("", plain)) or _words(plain)
    while (shorter := _SEQUEL_MARK.sub("", words)) != words:
        words = shorter
    return words


def find_links(records: Sequence[MovieRecord]) -> list[Pair]:
    """Find pairs of movies of one franchise.

    Pairs are of one collection; of one title without its sequel marks, with a shared person (or, if
    the full titles differ, company), or without credits to compare; of one title's words inside the
    other's or at its beginning, with several shared people; or by one author of characters, with
    shared actors. Time and memory are linear in the movies, as long as few share a title.

    Args:
        records: All known movies.

    Returns:
        Pairs of places in `records`, the lower one first, ascending. Of a group that belongs
        together as a whole (a collection), each movie is paired with its neighbours by release.
    """
    movies = [_Traits(record) for record in records]
    by_release = sorted(range(len(records)), key=lambda place: _release(records[place]))
    links = set(_chain(by_release, lambda place: records[place].collection_id))
    for found in (
        _link_same_key(movies, by_release),
        _link_contained(movies),
        _link_same_start(movies),
        _link_characters(movies),
    ):
        links.update(
            pair for pair in found if not _differ(*(records[p].collection_id for p in pair))
        )
    return sorted(links)


class _Traits:
    """What of a movie is compared."""

    def __init__(self, record: MovieRecord):
        self.key = title_key(record.title)
        self.words = tuple(_words(_fold(record.title)).split())
        billed = sorted(record.cast, key=lambda person: person.order)[:_BILLED]
        self.cast = frozenset(person.person_id for person in billed)
        self.creators = frozenset(p.person_id for p in record.crew if p.job in _CREATORS)
        writers = {p.person_id for p in record.crew if p.job in _WRITERS}
        directors = {p.person_id for p in record.crew if p.job == "Director"}
        # who also directs or plays brings the same actors along into unrelated movies
        self.authors = writers - directors - self.cast
        self.characters = frozenset(p.person_id for p in record.crew if p.job == "Characters")
        self.people = self.cast | self.creators
        self.companies = frozenset(company.company_id for company in record.companies)

    @property
    def stem(self) -> tuple[str, ...]:
        return tuple(self.key.split())

    @property
    def is_marked(self) -> bool:
        """Whether the title has a number or a subtitle."""
        return self.stem != self.words


def _fold(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).casefold()
    return "".join(char for char in plain if not unicodedata.combining(char))


def _words(folded: str) -> str:
    return _ARTICLE.sub("", re.sub(r"[\W_]+", " ", folded).strip())


def _release(record: MovieRecord) -> tuple[date, int]:
    return record.release_date or date.max, record.tmdb_id


def _differ(one: int | None, other: int | None) -> bool:
    """Whether both have a collection, and not the same: TMDB knows better than titles."""
    return one is not None and other is not None and one != other


def _chain(places: Iterable[int], group_of: Callable[[int], int | None]) -> Iterator[Pair]:
    """Pair each movie with the next one of its group, in the order given."""
    groups: dict[int, list[int]] = defaultdict(list)
    for place in places:
        if (group := group_of(place)) is not None:
            groups[group].append(place)
    for group in groups.values():
        yield from (_pair(*two) for two in pairwise(group))


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


def _link_same_key(movies: Sequence[_Traits], by_release: Sequence[int]) -> Iterator[Pair]:
    groups = _group(by_release, lambda place: filter(None, [movies[place].key]))
    for group in groups.values():
        bare = [p for p in group if not movies[p].people and not movies[p].companies]
        if bare:  # nothing to compare: to group too much leaks nothing
            yield from (_pair(*two) for two in pairwise(group))
        yield from _count_shared(group, {p: movies[p].people for p in group})
        marked = [p for p in group if movies[p].is_marked]
        companies = _count_shared(group, {p: movies[p].companies for p in group})
        yield from (pair for pair in companies if set(pair) & set(marked))


def _link_contained(movies: Sequence[_Traits]) -> Iterator[Pair]:
    stems = _group(range(len(movies)), lambda place: [movies[place].stem])
    containers = _group(range(len(movies)), lambda place: _inner(movies[place], stems))
    for stem, inside in containers.items():
        holders = set(stems[stem])
        group = [*stems[stem], *(place for place in inside if place not in holders)]
        counts = _count_shared(group, {p: movies[p].people for p in group})
        least = _CONTAINED[min(_content(stem), 2)] if _content(stem) else len(group) + 1
        yield from (
            pair for pair, shared in counts.items()
            if shared >= least and len(holders & set(pair)) == 1
        )  # fmt: skip


def _inner(movie: _Traits, stems: Mapping[tuple[str, ...], object]) -> list[tuple[str, ...]]:
    """List the series titles that a movie's title contains, but its own."""
    words, n = movie.words, len(movie.words)
    parts = {words[start:stop] for start in range(n) for stop in range(start + 1, n + 1)}
    return sorted(part for part in parts if part in stems and part != movie.stem)


def _link_same_start(movies: Sequence[_Traits]) -> Iterator[Pair]:
    groups = _group(range(len(movies)), lambda place: movies[place].words[:1])
    for group in groups.values():
        counts = _count_shared(group, {p: movies[p].people for p in group})
        for pair, shared in counts.items():
            common = _content(_common_start(*(movies[p].words for p in pair)))
            if common and shared >= _SAME_START[min(common, 2)]:
                yield pair


def _common_start(one: Sequence[str], other: Sequence[str]) -> list[str]:
    same = []
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        same.append(a)
    return same


def _content(words: Iterable[str]) -> int:
    return sum(word not in _FUNCTION_WORDS for word in words)


def _link_characters(movies: Sequence[_Traits]) -> Iterator[Pair]:
    authors = {person for movie in movies for person in movie.characters}
    groups = _group(range(len(movies)), lambda place: sorted(movies[place].authors & authors))
    for author, group in groups.items():
        counts = _count_shared(group, {p: movies[p].cast for p in group})
        for pair, shared in counts.items():
            is_of_characters = any(author in movies[p].characters for p in pair)
            if is_of_characters and shared >= _CHARACTERS_CAST:
                yield pair


def _group(
    places: Iterable[int], keys_of: Callable[[int], Iterable[KeyT]]
) -> Mapping[KeyT, list[int]]:
    """Group places by each of their keys."""
    groups: dict[KeyT, list[int]] = defaultdict(list)
    for place in places:
        for key in keys_of(place):
            groups[key].append(place)
    return groups


def _count_shared(group: Sequence[int], owners: Mapping[int, frozenset[int]]) -> Counter[Pair]:
    """Count what every two of a group share; pairs that share nothing are not listed."""
    counts: Counter[Pair] = Counter()
    if len(group) < 2:
        return counts
    by_owner = _group(group, lambda place: owners[place])
    for places in by_owner.values():
        counts.update(_pair(*two) for two in combinations(places, 2))
    return counts
