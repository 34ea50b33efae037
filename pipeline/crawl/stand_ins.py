"""Recognise what stands for nothing: markers of empty cells, and phrases in the place of a plot."""

import re

MARKERS = (
    "nan", "-nan", "null", "(null)", "none", "nat", "<na>", r"\n", "n/a", "undefined",
    "#n/a", "#na", "#null!",
)  # fmt: skip
"""How tables that were saved again write an empty cell, in lower case."""

SPREADSHEET_ERRORS = ("#name?", "#value!", "#ref!", "#div/0!", "#num!")
"""What a spreadsheet writes in the place of a value that it could not compute, in lower case: an
empty cell, but for ids: one such as "-AbC" is lost to it, and whoever saved the table must know."""

TITLE_COLUMNS = ("title", "original_title", "movie_title", "movie")
"""Columns in which a word such as None may be a title."""

TITLE_MARKERS = ("nan", "NaN", "NULL", "NaT", "<NA>", r"\N")
"""Markers in a column of titles, spelled as programs write them."""

MAX_PHRASE_WORDS = 20
"""A longer text is a plot, whatever its words."""


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


_NOUNS = _words(
    "overview overviews plot plots synopsis description descriptions summary summaries storyline "
    "tagline translation information info details outline"
)
_LACKS = _words(
    "no not none unknown unavailable undisclosed unwritten missing tba tbd soon wraps add don dont "
    "t announced"
)
_FILLERS = _words(
    "a an and any are at available be been being by coming could currently database disclosed "
    "english entered expand film find first for found given has have help in is it kept known like "
    "looks moment movie of on one or our please present provided sorry that the there this time "
    "title to translated under us was we were written yet your adding added"
)
_BARE = ("coming soon", "to be announced", "to be added", "tba", "tbd", "not available",
         "unavailable", "unknown", "not known", "not yet known", "not yet available")  # fmt: skip
"""Phrases without a noun."""

_OTHER_LANGUAGES = re.compile(
    r"no tenemos una sinopsis en \w+( \w+ a ampliar nuestra base de datos añadiendo una)?"
    r"|não temos uma sinopse em português( do brasil)?"
    r"( você pode ajudar a ampliar o nosso banco de dados adicionando uma)?"
    r"|keine inhaltsangabe verfügbar"
)
"""TMDB's pages in Spanish and Brazilian Portuguese, and a phrase of several programs in German, as
they stand in published code and data. Other languages are not guessed."""


def is_empty_cell(column: str, text: str) -> bool:
    r"""Return whether a table's cell says that nothing is known.

    Example:
        >>> cells = ("overview", "#REF!"), ("youtubeId", "#NAME?"), ("title", "None")
        >>> [is_empty_cell(*cell) for cell in cells]
        [True, False, False]
    """
    if column in TITLE_COLUMNS:
        return not text or text in TITLE_MARKERS
    is_lost = text.lower() in SPREADSHEET_ERRORS and not column.lower().endswith("id")
    return not text or is_lost or text.lower() in MARKERS


def is_stand_in(text: str) -> bool:
    """Return whether a plot or a tagline is a marker, or a phrase that says there is none.

    Example:
        >>> [is_stand_in(text) for text in ("No overview found.", "nan", "No plan survives.", "")]
        [True, True, False, True]
    """
    text = text.strip().lower()
    words = re.findall(r"\w+", text)
    phrase = " ".join(words)
    if (
        not words
        or text in (*MARKERS, *SPREADSHEET_ERRORS)
        or phrase in _BARE
        or _OTHER_LANGUAGES.fullmatch(phrase)
    ):
        return True
    known = set(words)
    is_phrase = bool(known & _NOUNS and known & _LACKS) and known <= _NOUNS | _LACKS | _FILLERS
    return is_phrase and len(words) <= MAX_PHRASE_WORDS


def drop_stand_in(text: str) -> str:
    """Return the text; "" where it stands for nothing."""
    return "" if is_stand_in(text) else text
