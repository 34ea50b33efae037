r"""Normalise titles, to join rows without ids by title and year.

Example:
    >>> join_key("Matrix, The", 1999) == join_key("The MATRIX\xa0", 1999)
    True
"""

import re
import unicodedata

ARTICLES = ("the", "a", "an")
"""Articles that are dropped at the beginning of a title."""

TRAILING_ARTICLES = (
    *ARTICLES, "le", "la", "les", "l'", "un", "une", "des", "el", "los", "las", "il", "lo", "gli",
    "os", "as", "der", "die", "das", "ein", "eine", "den", "det", "en", "ett", "de", "het",
)  # fmt: skip
"""Articles that lists of titles move after a comma, in the languages of MovieLens' titles."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
"""Letters that Unicode does not decompose into a base letter and a mark."""

_APOSTROPHES = re.compile(r"['’‘ʼʻ`´′]")
_TELLING = re.compile(
    r"(?<=[a-z])['’‘ʼʻ`´′](?=(?:re|ll|d|ve|m|t)(?![a-z]))|(?<!\w)['’‘ʼʻ`´′](?=[0-9])"
)
"""Apostrophes without which a title is another one: we're and were, he'll and hell, '71 and 71."""

_LEADING_SIGN = re.compile(r"^\s*([-−–.])(?=[0-9])")
"""A minus or a point before the number that a title begins with: -1, .45."""

_SIGNS = "+=<>$€£¥%#@°§∞√"
"""Signs that tell titles apart, kept as words, beside all symbols of currencies and of
mathematics: 1 and +1, Horror and #Horror."""
_KEPT = {"-": "\ue000", "−": "\ue000", "–": "\ue000", ".": "\ue001", "'": "\ue002"}
"""Private characters that stand for a kept sign while punctuation is dropped."""

_TRAILING = re.compile(
    rf"(?P<rest>.+),\s*(?P<article>{'|'.join(TRAILING_ARTICLES)})", re.DOTALL | re.IGNORECASE
)


def normalise_title(text: str) -> str:
    """Return the spelling in which two titles are compared.

    Case, accents, punctuation, the sign for "and", surrounding and no-break spaces, and English
    articles at the beginning are ignored; an article after a comma moves to the front first.
    Digits, roman numerals, signs such as + and #, and the apostrophes of contractions are kept.

    Args:
        text: A title as a dump has it.

    Returns:
        Words, one space between them; never empty for a text that is not blank.

    Example:
        >>> normalise_title("Misérables, Les"), normalise_title("Tom & Jerry: Part II")
        ('les miserables', 'tom and jerry part ii')
        >>> normalise_title("+1"), normalise_title("We're No Angels")
        ('+ 1', "we're no angels")
    """
    spaced = (f" {char} " if unicodedata.category(char) == "No" else char for char in text)
    plain = " ".join(unicodedata.normalize("NFKC", "".join(spaced)).casefold().split())
    words = _spell(restore_article(plain)).split()
    while len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return " ".join(words) or plain


def join_key(title: str, year: int) -> str:
    """Return the key that rows of the same movie share: normalised title and year.

    Example:
        >>> join_key("American President, The", 1995)
        'american president (1995)'
    """
    return f"{normalise_title(title)} ({year})"


def restore_article(title: str) -> str:
    """Move an article from after the comma to the front; other titles are returned unchanged.

    Example:
        >>> restore_article("American President, The"), restore_article("Avventura, L'")
        ('The American President', "L'Avventura")
    """
    found = _TRAILING.fullmatch(title.replace("’", "'"))
    if not found:
        return title
    space = "" if found["article"].endswith("'") else " "
    return f"{found['article']}{space}{found['rest']}"


def _spell(text: str) -> str:
    """Reduce letters to their base, and replace everything but letters and digits by spaces."""
    text = text.replace("&", " and ").replace("\u2044", " ")  # the fraction slash of ½
    text = _LEADING_SIGN.sub(lambda sign: f" {_KEPT[sign[1]]} ", text)
    text = _TELLING.sub(_KEPT["'"], text)
    text = _APOSTROPHES.sub("", text)
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", text)
    text = re.sub(r"(?<![0-9])\.|\.(?![0-9])", "", text)
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS)).translate(_LETTERS)
    # Only the marks of Latin, Greek and Cyrillic: in other scripts a mark makes another letter.
    kept = (char for char in folded if not "\u0300" <= char <= "\u036f")
    words = "".join(map(_keep_sign, kept))
    for sign, stand_in in _KEPT.items():
        words = words.replace(stand_in, sign)
    return unicodedata.normalize("NFC", words)


def _keep_sign(char: str) -> str:
    """Return letters and digits as they are, signs as words, and a space for all else."""
    category = unicodedata.category(char)
    if category[0] in "LMN" or category == "Co":
        return char
    is_sign = char in _SIGNS or (category in ("Sc", "Sm") and char not in "~|")
    return f" {char} " if is_sign else " "
