r"""Makes titles comparable, to join rows that carry no id by title and year.

What belongs here: spelling. What does not: which movie it is, and what happens where several fit
(see `assets.crawl.dump_import`).

Example:
    >>> join_key("Matrix, The", 1999) == join_key("The MATRIX\xa0", 1999)
    True
"""

import re
import unicodedata

ARTICLES = ("the", "a", "an")
"""Articles that are dropped where a title begins with them."""

TRAILING_ARTICLES = (
    *ARTICLES, "le", "la", "les", "l'", "un", "une", "des", "el", "los", "las", "il", "lo", "gli",
    "os", "as", "der", "die", "das", "ein", "eine", "den", "det", "en", "ett", "de", "het",
)  # fmt: skip
"""Articles that lists of titles move behind a comma, in the languages of MovieLens' titles."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
"""Letters that are no base letter with a mark, so Unicode does not take them apart."""

_APOSTROPHES = re.compile(r"['’‘ʼʻ`´′]")
_TRAILING = re.compile(
    rf"(?P<rest>.+),\s*(?P<article>{'|'.join(TRAILING_ARTICLES)})", re.DOTALL | re.IGNORECASE
)


def normalise_title(text: str) -> str:
    """Return the spelling under which two titles count as the same.

    Case, accents, punctuation, the sign for "and", outer and unbreakable spaces and English
    articles at the beginning do not count; an article behind a comma goes to the front first.
    Digits and roman numerals stay as they are.

    Args:
        text: A title as a dump has it.

    Returns:
        Words, one space between them; never empty for a text that is not blank.

    Example:
        >>> normalise_title("Misérables, Les"), normalise_title("Tom & Jerry: Part II")
        ('les miserables', 'tom and jerry part ii')
    """
    spaced = (f" {char} " if unicodedata.category(char) == "No" else char for char in text)
    plain = " ".join(unicodedata.normalize("NFKC", "".join(spaced)).casefold().split())
    words = _spell(restore_article(plain)).split()
    while len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return " ".join(words) or plain


def join_key(title: str, year: int) -> str:
    """Return what two rows share that name the same movie: normalised title and year.

    Example:
        >>> join_key("American President, The", 1995)
        'american president (1995)'
    """
    return f"{normalise_title(title)} ({year})"


def restore_article(title: str) -> str:
    """Move an article from behind the comma to the front; leave other titles as they are.

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
    """Take letters down to their base and everything that is no letter or digit to spaces."""
    text = text.replace("&", " and ")
    text = _APOSTROPHES.sub("", text)
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", text)
    text = re.sub(r"(?<![0-9])\.|\.(?![0-9])", "", text)
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS)).translate(_LETTERS)
    # Only the marks of Latin, Greek and Cyrillic: in other scripts a mark makes another letter.
    kept = (char for char in folded if not "\u0300" <= char <= "\u036f")
    words = (char if unicodedata.category(char)[0] in "LMN" else " " for char in kept)
    return unicodedata.normalize("NFC", "".join(words))
