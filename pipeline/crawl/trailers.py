"""Ranks a movie's listed videos, the one that should stand for it first.

What belongs here: the choice. What does not: fetching (see `resources.youtube`).
"""

from collections.abc import Iterable
from datetime import date

from pipeline.crawl.reading import read_date
from pipeline.records import Video

FETCHED_SITES = ("youtube",)
"""Sites that a trailer can be fetched from, in lower case."""

KINDS = ("Trailer", "Teaser", "Clip")
"""Kinds of video that stand for a movie, the best first; featurettes and bloopers do not."""

FALLBACK_LANGUAGE = "en"


def rank_trailers(
    videos: Iterable[Video], language: str, release_date: date | None
) -> tuple[Video, ...]:
    """Order the videos that may stand for a movie; the others are left out.

    Official before unofficial; then trailer, teaser, clip; then the movie's own language, English,
    others; then the latest before release, and after release the earliest. Equal ones keep TMDB's
    order.

    Args:
        videos: As TMDB lists them.
        language: The movie's original language, ISO 639-1.
        release_date: None where it is unknown: then the latest comes first.

    Returns:
        All candidates, the first choice first.

    Example:
        >>> teaser = Video("a", "YouTube", "Teaser", is_official=True)
        >>> trailer = Video("b", "YouTube", "Trailer", is_official=True)
        >>> blooper = Video("c", "YouTube", "Bloopers", is_official=True)
        >>> [video.key for video in rank_trailers([teaser, trailer, blooper], "en", None)]
        ['b', 'a']
    """
    candidates: dict[str, Video] = {}
    for video in videos:
        if video.site.lower() in FETCHED_SITES and video.kind in KINDS:
            candidates.setdefault(video.key, video)
    return tuple(
        sorted(
            candidates.values(),
            key=lambda video: (
                not video.is_official,
                KINDS.index(video.kind),
                _rank_language(video.language, language),
                _rank_day(read_date(video.published_at), release_date),
            ),
        )
    )


def _rank_language(language: str, original_language: str) -> int:
    if language and language == original_language:
        return 0
    return 1 if language == FALLBACK_LANGUAGE else 2


def _rank_day(published: date | None, release_date: date | None) -> tuple[int, int]:
    if published is None:
        return (2, 0)
    if release_date is None or published <= release_date:
        return (0, -published.toordinal())
    return (1, published.toordinal())
