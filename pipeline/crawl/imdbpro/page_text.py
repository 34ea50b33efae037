"""Takes "See more … See less" out of texts that were read off a page with its buttons."""

import re

_MORE = re.compile(r"(?:\.\.\.|…)\s{0,9}See (?:more|full summary)")
_LESS = "See less"


def drop_see_more(text: str) -> str:
    r"""Return the whole text that the button opens, once and without the button.

    IMDbPro shows the beginning, "...See more", the whole text and "See less"; readers that take
    the text of all of it have the beginning twice.

    Example:
        >>> drop_see_more("A man runs. He ...See moreA man runs. He falls.\nSee less")
        'A man runs. He falls.'
        >>> drop_see_more("They see more of each other.")
        'They see more of each other.'
    """
    beginning, *rest = (part.strip() for part in _MORE.split(text))
    whole = rest[-1].removeprefix("»") if rest else beginning
    return whole.removesuffix(_LESS).strip() or beginning.removesuffix(_LESS).strip()
