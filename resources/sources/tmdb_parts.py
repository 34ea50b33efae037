"""Parts that TMDB appends to a movie, and the languages in which they are requested."""

import re
from collections.abc import Mapping

from pipeline.crawl.json_values import read_text
from pipeline.crawl.stand_ins import is_stand_in

APPENDED = ("credits", "keywords", "videos", "release_dates", "external_ids")
"""Parts that come with a movie in the same request."""

LACKED = ("images", "translations")
"""Large parts, requested where a movie has no poster or no plot in English."""

ALWAYS_ASKED = ("en", "null")
"""Languages of appended videos: English and untagged. Unless they are named, TMDB gives those in
the request's language alone."""

NARROWED = {"videos": "include_video_language", "images": "include_image_language"}
"""Parts of which TMDB gives some languages alone, with the parameter that names them."""

NO_LANGUAGE = "xx"
"""TMDB's code of a movie without speech."""

_LANGUAGE = re.compile(r"[a-z]{2,3}")


def languages_of(language: str) -> tuple[str, ...]:
    """Return the languages of appended parts of a movie: its own, English, and untagged."""
    is_own = bool(_LANGUAGE.fullmatch(language)) and language not in (*ALWAYS_ASKED, NO_LANGUAGE)
    return (language, *ALWAYS_ASKED) if is_own else ALWAYS_ASKED


def list_lacked(answer: Mapping) -> list[str]:
    """Return the parts of `LACKED` that a movie may have in its own language, or in none."""
    has_poster = "poster_path" not in answer or bool(answer["poster_path"])
    has_plot = "overview" not in answer or not is_stand_in(read_text(answer["overview"]))
    return [part for part, has in zip(LACKED, (has_poster, has_plot), strict=True) if not has]
