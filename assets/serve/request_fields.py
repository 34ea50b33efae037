"""What a request asks for, from its JSON object."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.predict.input_files import MAX_POSTER_BYTES
from pipeline.core.errors import InputError
from pipeline.models.systems.registry import SYSTEMS
from pipeline.predict.inputs import FIELDS, MovieInputs
from pipeline.predict.why import PARTS

POSTER = "poster_base64"
UPLOAD, UPLOAD_NAME = "trailer_upload", re.compile("[0-9a-f]{64}")
OWN_FIELDS = (*(name for name in FIELDS if name not in ("poster", "trailer")), POSTER, UPLOAD)
"""Fields of a request: a server reads no file that a request names."""

SWITCHES = ("explain", "comparable")
OPTIONS = ("systems", "parts", *SWITCHES)
"""What a request may ask for beside answers."""


@dataclass(frozen=True)
class Asked:
    """What a request asks for; see `Predictor.predict`."""

    inputs: MovieInputs
    systems: tuple[str, ...]
    parts: tuple[str, ...]
    explain: bool = False
    comparable: bool = False


FindUpload = Callable[[str], Path | None]
"""Returns the path of a file that was sent; None where it is not kept."""


def read_request(values: Mapping[str, Any], find_upload: FindUpload) -> Asked:
    """Read what a request's JSON object asks for.

    Raises:
        InputError: A field is unknown or cannot be used.
    """
    known = (*OWN_FIELDS, *OPTIONS)
    if unknown := sorted(set(values) - set(known)):
        raise InputError(str(unknown[0])[:80], "there is no such field", ", ".join(known))
    given = {name: value for name, value in values.items() if name in FIELDS and value is not None}
    if values.get(POSTER) is not None:
        given["poster"] = _decode(values[POSTER])
    if values.get(UPLOAD) is not None:
        given["trailer"] = _find(values[UPLOAD], find_upload)
    systems = _choose(values, "systems", [system.name for system in SYSTEMS])
    parts = _choose(values, "parts", PARTS)
    switches = {name: values.get(name, False) for name in SWITCHES}
    for name, value in switches.items():
        if not isinstance(value, bool):
            raise InputError(name, f"got {value!r}"[:80], "true or false")
    return Asked(MovieInputs(**given), systems, parts, **switches)


def _choose(values: Mapping[str, Any], name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return a list of known names; empty where it is not given."""
    chosen = values.get(name) or ()
    if not isinstance(chosen, list | tuple) or any(one not in known for one in chosen):
        raise InputError(name, f"got {chosen!r}"[:80], f"a list of {', '.join(known)}")
    return tuple(chosen)


class NoUploadError(InputError):
    """The file was not sent, or is not kept any more."""

    def __init__(self) -> None:
        super().__init__(UPLOAD, "there is no such file", _UPLOADED)


_UPLOADED = "what `PUT /uploads` returned within the last hour, of the latest files"


def _find(value: Any, find_upload: FindUpload) -> Path:
    if not isinstance(value, str) or not UPLOAD_NAME.fullmatch(value):
        raise InputError(UPLOAD, f"got {value!r}"[:80], _UPLOADED)
    path = find_upload(value)
    if path is None:
        raise NoUploadError
    return path


def _decode(value: Any) -> bytes:
    allowed = f"a JPEG, PNG or WebP of at most {MAX_POSTER_BYTES // 2**20} MB, in base64"
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise InputError(POSTER, "it is not base64", allowed) from None
