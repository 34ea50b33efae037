"""Group movies into franchises: by collection, else by title without its sequel marks."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from pipeline.core.records import MovieRecord

_SUBTITLE = re.compile(r"(:| [-–—] ).*$")
_ARTICLE = re.compile(r"^(the|a|an) (?=.)")
_SEQUEL_MARK = re.compile(
    r"(?<=.) ((part|chapter|episode|vol|volume|no) )?"
    r"(\d+|[ivx]+|one|two|three|four|five|part|chapter|vol|volume)$"
)


def title_key(title: str) -> str:
    """Reduce a title to what a sequel shares with its predecessor.

    Grouping too much is the safe side: it costs a little balance, grouping too little leaks.

    Example:
        >>> title_key("The Hangover Part II"), title_key("Alien: Covenant"), title_key("300")
        ('hangover', 'alien', '300')
    """
    plain = unicodedata.normalize("NFKD", title).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = re.sub(r"[\W_]+", " ", _SUBTITLE.sub("", plain)).strip()
    words = words or re.sub(r"[\W_]+", " ", plain).strip()
    words = _ARTICLE.sub("", words)
    while (shorter := _SEQUEL_MARK.sub("", words)) != words:
        words = shorter
    return words


def franchise_of(record: MovieRecord) -> str:
    """Return the movie's franchise: its collection, else the key of its title.

    Example:
        >>> franchise_of(MovieRecord(24428, "The Avengers", collection_id=86311))
        'collection:86311'
        >>> franchise_of(MovieRecord(1271, "300")), franchise_of(MovieRecord(5, "!!!"))
        ('title:300', 'movie:5')
    """
    if record.collection_id is not None:
        return f"collection:{record.collection_id}"
    key = title_key(record.title)
    return f"title:{key}" if key else f"movie:{record.tmdb_id}"


def count_predecessors(records: Sequence[MovieRecord]) -> dict[int, int | None]:
    """Count the earlier movies of each movie's franchise.

    Whether a movie has a collection is no input: a collection is created when a sequel follows,
    so it reveals the success of the first movie. The number of predecessors is known at release.

    Args:
        records: All known movies, also those that are not in the table.

    Returns:
        By TMDB id, how many movies of the same franchise came out on an earlier day; None where
        the movie has no date.
    """
    dates: dict[str, list[date]] = defaultdict(list)
    for record in records:
        if record.release_date is not None:
            dates[franchise_of(record)].append(record.release_date)
    for listed in dates.values():
        listed.sort()
    return {
        record.tmdb_id: None
        if record.release_date is None
        else bisect_left(dates[franchise_of(record)], record.release_date)
        for record in records
    }
