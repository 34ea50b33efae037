"""Ranks a movie's listed videos, the one that should stand for it first."""

from collections.abc import Iterable
from datetime import date, datetime

from pipeline.core.records import Video
from pipeline.crawl.json_values import read_date

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
    others; then the latest before release, and after release the earliest. Equal ones follow their
    keys, and of one that is listed twice the better listing counts: TMDB may list the same videos
    in another order tomorrow, and that must not make another choice.

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
    candidates = [v for v in videos if v.site.lower() in FETCHED_SITES and v.kind in KINDS]
    ranked: dict[str, Video] = {}
    for video in sorted(candidates, key=lambda video: _rank(video, language, release_date)):
        ranked.setdefault(video.key, video)
    return tuple(ranked.values())


def _rank(video: Video, language: str, release_date: date | None) -> tuple:
    """Place a video; two that are not the same never stand at the same place."""
    return (
        not video.is_official,
        KINDS.index(video.kind),
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
    """Put days before release first, the latest of them first; then later ones; then none."""
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
