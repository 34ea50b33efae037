"""Rank a movie's listed videos; the best trailer comes first."""

from collections.abc import Iterable
from datetime import date, datetime

from pipeline.core.records import Video
from pipeline.crawl.json_values import read_date

FETCHED_SITES = ("youtube",)
"""Sites that a trailer can be fetched from, in lower case."""

TRAILER_KINDS = ("Trailer", "Teaser", "Clip")
"""Kinds of video that are used, the best first; featurettes and bloopers are not."""

FALLBACK_LANGUAGE = "en"


def rank_trailers(
    videos: Iterable[Video], language: str, release_date: date | None
) -> tuple[Video, ...]:
    """Rank the videos that can be used as trailer; the others are left out.

    Official before unofficial; then trailer, teaser, clip; then the movie's own language, English,
    others; then the latest before release, and after release the earliest. Ties are broken by key,
    and of duplicates the better one counts: the result does not depend on the order in which TMDB
    lists the videos.

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
    candidates = [v for v in videos if v.site.lower() in FETCHED_SITES and v.kind in TRAILER_KINDS]
    ranked: dict[str, Video] = {}
    for video in sorted(candidates, key=lambda video: _rank(video, language, release_date)):
        ranked.setdefault(video.key, video)
    return tuple(ranked.values())


def _rank(video: Video, language: str, release_date: date | None) -> tuple:
    """Return a sort key; two different videos never have the same key."""
    return (
        not video.is_official,
        TRAILER_KINDS.index(video.kind),
        _rank_language(video.language, language),
        *_rank_time(video.published_at, release_date),
        video.key,
        (video.language, video.published_at, -video.size_px, video.name, video.site),
    )


def _rank_language(language: str, original_language: str) -> int:
    if language and language == original_language:
        return 0
    return 1 if language == FALLBACK_LANGUAGE else 2


def _rank_time(published_at: str, release_date: date | None) -> tuple[int, int, float]:
    """Sort days before release first, the latest of them first; then later ones; then unknown."""
    day = read_date(published_at)
    if day is None:
        return (2, 0, 0.0)
    second = _second_of_day(published_at)
    if release_date is None or day <= release_date:
        return (0, -day.toordinal(), -second)
    return (1, day.toordinal(), second)


def _second_of_day(published_at: str) -> float:
    try:
        moment = datetime.fromisoformat(published_at.strip())
    except ValueError:
        return 0.0
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
