"""Keep secrets out of what is written: our messages, and the log lines of libraries."""

import base64
import logging
import re
import threading
import traceback
from collections.abc import Iterable, Mapping
from urllib.parse import quote

HIDDEN = "[hidden]"
MIN_SECRET_CHARS = 8
"""A shorter text is a word, such as the studio's own key, and no secret."""

_LOCK = threading.Lock()
_SECRETS: set[str] = set()
_forms: re.Pattern | None = None


class _RedactingFilter(logging.Filter):
    """Redact a line of a library that logs whole addresses, keys included."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info and record.exc_info[1]:
            record.exc_text = redact("".join(traceback.format_exception(record.exc_info[1])))
            record.exc_info = None
        return True


_FILTER = _RedactingFilter()
_LOGGERS = (
    "urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry", "requests",
    "marquee", "marquee.trailers",
)  # fmt: skip


def keep_secret(*secrets: str) -> None:
    """Register texts that must never be shown, however they are written (see `spellings`)."""
    global _forms
    new = {secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS} - _SECRETS
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
    if new:
        with _LOCK:
            _SECRETS.update(new)
            forms = {form for secret in _SECRETS for form in spellings(secret)}
            longest_first = sorted(forms, key=len, reverse=True)
            _forms = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def spellings(secret: str) -> set[str]:
    """Return the ways in which a server may hand a secret back: plain, in an address, in base64.

    Example:
        >>> sorted(spellings("k3y/of=a doctest"))[:3]
        ['azN5L29mPWEgZG9jdGVzd', 'k3y%2Fof%3Da%20doctest', 'k3y%2Fof%3Da+doctest']
    """
    raw = secret.encode("utf-8", "surrogateescape")
    in_addresses = {quote(raw, safe=""), quote(raw, safe="").replace("%20", "+"), quote(raw)}
    return {secret, *in_addresses} | {form for start in range(3) for form in _in_base64(raw, start)}


def _in_base64(raw: bytes, start: int) -> tuple[str, str]:
    """Return the characters that stand for `raw` alone where it begins at byte `start` of three."""
    whole = (start + len(raw)) * 8 // 6
    text = base64.b64encode(b"\0" * start + raw).decode()[-(-start * 8 // 6) : whole]
    return text, text.translate(str.maketrans("+/", "-_"))


def redact(text: str) -> str:
    """Return the text with every secret hidden, the longest first.

    Example:
        >>> keep_secret("k3y-of-a-doctest")
        >>> redact("/movie/1?api_key=k3y-of-a-doctest")
        '/movie/1?api_key=[hidden]'
    """
    return _forms.sub(HIDDEN, text) if _forms and text else text


def redact_values(value: object) -> object:
    """Redact every text in lists and mappings of JSON values.

    Example:
        >>> keep_secret("k3y-of-a-doctest")
        >>> redact_values({"tried": [["k3y-of-a-doctest", 1]]})
        {'tried': [['[hidden]', 1]]}
    """
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact_values(name): redact_values(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_values(item) for item in value]
    return value


def holds_secret(body: bytes, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets stands in the body as it is."""
    return any(len(s) >= MIN_SECRET_CHARS and s.encode() in body for s in secrets)
