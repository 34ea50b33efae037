"""Read texts off a page of IMDbPro, and build the error of a page whose layout is unknown."""

import re

from selectolax.lexbor import LexborHTMLParser

from pipeline.core.errors import RecordError
from pipeline.core.outcomes import Reason

_MORE = re.compile(r"(?:\.\.\.|…)\s{0,9}See (?:more|full summary)")
_LESS = "See less"


def read_node_text(page: LexborHTMLParser, selector: str) -> str:
    """Return the text of the first node that a selector matches, with single spaces; "" if none."""
    node = page.css_first(selector)
    return "" if node is None else " ".join(node.text().split())


def drop_see_more(text: str) -> str:
    r"""Return the whole text that a "See more" button opens, once and without the button.

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


def layout_error(page: str, problem: str) -> RecordError:
    """Return the error of a page that is the requested one and cannot be read as known.

    Args:
        page: Which page, for a person.
        problem: What differs from the known layout.
    """
    return RecordError(Reason.MALFORMED, f"{page}: {problem}; IMDbPro's layout has changed")
