"""Find pairs of movies of one franchise: by collection, or by titles that people confirm.

Imported dumps name no collections. A shared beginning of the title alone joins strangers ("Red",
"Red Dragon"); sequels share people too. Every pair is decided by its two movies alone, so a later
movie changes nothing between two earlier ones.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
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

_MOST_IN_PAIRS = 20
"""Of one title and one person or company, up to so many movies are paired each with each."""

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
    shared actors. Time and memory are linear in the movies, as long as few share people *and* the
    beginning of their titles.

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


def name_signs(record: MovieRecord) -> set[tuple[str, Hashable]]:
    """Name what a movie has of which any movie linked to it has at least one, too.

    Example:
        >>> sorted(name_signs(MovieRecord(1, "The Host", collection_id=7)))
        [('collection', 7), ('title', 'host'), ('word', 'host')]
    """
    traits = _Traits(record)
    words = {("word", word) for word in traits.words if word not in _FUNCTION_WORDS}
    titles = {("title", traits.key)} if traits.key else set()
    writers = {("writer", person) for person in traits.authors | traits.characters}
    is_in = {("collection", record.collection_id)} if record.collection_id is not None else set()
    return {*words, *titles, *writers, *is_in}


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
        yield from _link_owners(group, {p: movies[p].people for p in group}, set(group))
        marked = {p for p in group if movies[p].is_marked}
        yield from _link_owners(group, {p: movies[p].companies for p in group}, marked)


def _link_contained(movies: Sequence[_Traits]) -> Iterator[Pair]:
    stems = _group(range(len(movies)), lambda place: [movies[place].stem])
    containers = _group(range(len(movies)), lambda place: _inner(movies[place], stems))
    for stem, inside in containers.items():
        holders = set(stems[stem])
        group = [*stems[stem], *(place for place in inside if place not in holders)]
        if not (content := _content(stem)):
            continue
        people = {p: movies[p].people for p in group}
        counts = _count_shared(group, people, least=_CONTAINED[min(content, 2)])
        yield from (pair for pair in counts if len(holders & set(pair)) == 1)


def _inner(movie: _Traits, stems: Mapping[tuple[str, ...], object]) -> list[tuple[str, ...]]:
    """List the series titles that a movie's title contains, but its own."""
    words, n = movie.words, len(movie.words)
    parts = {words[start:stop] for start in range(n) for stop in range(start + 1, n + 1)}
    return sorted(part for part in parts if part in stems and part != movie.stem)


def _link_same_start(movies: Sequence[_Traits]) -> Iterator[Pair]:
    groups = _group(range(len(movies)), lambda place: movies[place].words[:1])
    for group in groups.values():
        people = {p: movies[p].people for p in group}
        counts = _count_shared(group, people, least=min(_SAME_START.values()))
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
        counts = _count_shared(group, {p: movies[p].cast for p in group}, least=_CHARACTERS_CAST)
        for pair in counts:
            if any(author in movies[p].characters for p in pair):
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


def _link_owners(
    group: Sequence[int], owners: Mapping[int, frozenset[int]], wanted: Set[int]
) -> Iterator[Pair]:
    """Pair movies of a group that share an owner, where one of the two is wanted.

    Of owners of more than `_MOST_IN_PAIRS` movies, each movie is paired with the wanted ones next
    to it in the group, which is in the order of release: they belong together all the same.
    """
    for places in _group(group, lambda place: owners[place]).values():
        if len(places) <= _MOST_IN_PAIRS:
            pairs = (_pair(*two) for two in combinations(places, 2))
            yield from (pair for pair in pairs if not wanted.isdisjoint(pair))
            continue
        for order in (places, places[::-1]):
            last: int | None = None
            for place in order:
                if last is not None:
                    yield _pair(last, place)
                last = place if place in wanted else last


def _count_shared(
    group: Sequence[int], owners: Mapping[int, frozenset[int]], *, least: int
) -> dict[Pair, int]:
    """Count what every two of a group share; pairs that share less than `least` are not listed.

    Two movies that share so many share one that is not among the `least` - 1 most frequent ones of
    either; pairs are looked for by the others only, as frequent ones make far more pairs.

    Source: Chaudhuri, Ganti and Kaushik 2006, "A Primitive Operator for Similarity Joins in Data
    Cleaning", prefix filter.
    """
    if len(group) < 2:
        return {}
    frequency = Counter(owner for place in group for owner in owners[place])

    def rare(place: int) -> list[int]:
        by_frequency = sorted(owners[place], key=lambda owner: (frequency[owner], owner))
        return by_frequency[: max(0, len(by_frequency) - least + 1)]

    candidates = {
        _pair(*two)
        for places in _group(group, rare).values()
        for two in combinations(places, 2)
    }  # fmt: skip
    counts = {pair: len(owners[pair[0]] & owners[pair[1]]) for pair in candidates}
    return {pair: shared for pair, shared in counts.items() if shared >= least}
