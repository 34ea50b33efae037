"""Log lines as JSON objects for machines, with the film, asset and run that they are about."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from pipeline.core.errors import ConfigurationError
from resources.http.redaction import redact

FORMATS = ("text", "json")

_ABOUT: ContextVar[dict[str, object] | None] = ContextVar("marquee_log", default=None)


@contextmanager
def logging_about(**fields: object) -> Iterator[None]:
    """Have every line of this thread bear these fields, such as `film=597`."""
    before = _ABOUT.get()
    _ABOUT.set({**(before or {}), **fields})
    try:
        yield
    finally:
        _ABOUT.set(before)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message; film, asset, run and job where known.

    Example:
        >>> record = logging.LogRecord("marquee", 30, "", 0, "cut off", None, None)
        >>> with logging_about(film=597, asset="posters"):
        ...     line = json.loads(JsonFormatter().format(record))
        >>> line["level"], line["message"], line["film"], line["asset"]
        ('warning', 'cut off', 597, 'posters')
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; secrets are hidden."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        dagster = getattr(record, "dagster_meta", None)
        if isinstance(dagster, dict):
            line["message"] = redact(str(dagster.get("orig_message") or record.getMessage()))
            found = {key: dagster.get(name) for key, name in _OF_DAGSTER.items()}
            line |= {key: value for key, value in found.items() if value}
        else:
            line["message"] = redact(record.getMessage())
        line |= _ABOUT.get() or {}
        if record.exc_text or record.exc_info:
            error = record.exc_text or self.formatException(record.exc_info or (None, None, None))
            line["error"] = redact(error)
        return json.dumps(line, ensure_ascii=False, default=str)


_OF_DAGSTER = {"run": "run_id", "job": "job_name", "asset": "step_key"}
"""Our field by the name that Dagster has for it; a step is named after its asset."""


def is_json(form: str) -> bool:
    """Whether lines are JSON, by the setting `MARQUEE_LOG`.

    Raises:
        ConfigurationError: There is no such form.
    """
    if form and form not in FORMATS:
        raise ConfigurationError(
            f"MARQUEE_LOG is {form!r}; it must be one of {', '.join(FORMATS)}."
        )
    return form == "json"


def open_handler(form: str) -> logging.Handler:
    """Return the handler of a process's log: its error stream, plain or as JSON.

    Raises:
        ConfigurationError: There is no such form.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if is_json(form) else logging.Formatter("%(message)s"))
    return handler
