"""Keeps secrets out of what is written: our messages, and the log lines of the HTTP library.

What belongs here: the one list of secrets of this process. What does not: where they come from.
"""

import logging

HIDDEN = "[hidden]"
MIN_SECRET_CHARS = 8
"""A shorter text is a word, such as the studio's own key, and no secret."""

_SECRETS: set[str] = set()


class _RedactingFilter(logging.Filter):
    """Redacts a line of a library that logs whole addresses, keys included."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if redacted := redact(text) if text else "":
            record.msg, record.args = redacted, ()
        return True


_FILTER = _RedactingFilter()
_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry", "requests")


def keep_secret(*secrets: str) -> None:
    """Never show these texts again."""
    _SECRETS.update(secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def redact(text: str) -> str:
    """Give the text with every secret hidden, the longest first.

    Example:
        >>> keep_secret("k3y-of-a-doctest")
        >>> redact("/movie/1?api_key=k3y-of-a-doctest")
        '/movie/1?api_key=[hidden]'
    """
    for secret in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
