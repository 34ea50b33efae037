"""The OpenAPI description of the server, from the same limits that inputs are checked by."""

from importlib.metadata import version
from typing import Any

from assets.serve.movie_pictures import FRAME, PICTURES, SAMPLED
from assets.serve.request_fields import OWN_FIELDS, UPLOAD_NAME
from pipeline.core.metadata import CERTIFICATIONS, GENRES
from pipeline.core.movie_ids import MAX_ID
from pipeline.models.systems.registry import SYSTEMS
from pipeline.predict.inputs import (
    JOBS,
    MAX_BUDGET_USD,
    MAX_LISTED,
    MAX_PLOT_CHARS,
    MAX_RUNTIME_MIN,
    MAX_TITLE_CHARS,
    RELEASE_YEARS,
)
from pipeline.predict.why import PARTS

_VISIBLE = {"type": "string", "minLength": 1, "pattern": r"\S"}
"""A text that is not only spaces."""

_FIRST, _LAST = RELEASE_YEARS
_TITLE = {**_VISIBLE, "maxLength": MAX_TITLE_CHARS}
_WHO = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_LISTED,
    "items": {
        "oneOf": [_TITLE, {"type": "integer", "minimum": 1, "maximum": MAX_ID}],
    },
    "description": "names, or ids of TMDB",
}
_ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}

_VIDEO = {"type": "string", "format": "binary", "minLength": 1}
_PICTURE = {
    "anyOf": [{"enum": [*PICTURES, SAMPLED]}, {"type": "string", "pattern": f"^{FRAME}[0-9]+$"}]
}

INPUTS: dict[str, Any] = {
    "tmdb_id": {**_ID, "description": "a film that the store knows"},
    "title": _TITLE,
    "plot": {**_VISIBLE, "maxLength": MAX_PLOT_CHARS},
    "budget_usd": {"type": "number", "minimum": 1, "maximum": MAX_BUDGET_USD},
    "release_date": {
        "type": "string",
        "format": "date",
        "pattern": "^(18(8[89]|9[0-9])|19[0-9]{2}|20[0-9]{2}|2100)-",
        "description": f"from {_FIRST}-01-01 to {_LAST}-12-31",
    },
    "runtime_min": {"type": "number", "minimum": 1, "maximum": MAX_RUNTIME_MIN},
    "genres": {"type": "array", "minItems": 1, "items": {"enum": list(GENRES)}},
    "cast": _WHO,
    "crew": {
        "type": "object",
        "minProperties": 1,
        "properties": dict.fromkeys(JOBS, _WHO),
        "additionalProperties": False,
    },
    "companies": _WHO,
    "language": {"type": "string", "pattern": "^[a-z]{2}$"},
    "countries": {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "pattern": "^[A-Z]{2}$"},
    },
    "certification": {"enum": list(CERTIFICATIONS)},
    "poster_base64": {"type": "string", "description": "JPEG, PNG or WebP, at most 20 MB"},
    "trailer_upload": {
        "type": "string",
        "pattern": f"^{UPLOAD_NAME.pattern}$",
        "description": "as `PUT /uploads` returned it",
    },
    "systems": {"type": "array", "items": {"enum": [system.name for system in SYSTEMS]}},
    "explain": {"type": "boolean", "description": "answers without each of the inputs, too"},
    "parts": {
        "type": "array",
        "items": {"enum": list(PARTS)},
        "description": "of which inputs words, areas or frames are explained; it takes seconds",
    },
    "comparable": {"type": "boolean", "description": "the nearest films, as of the film's day"},
}

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["status", "message", "field", "allowed", "request_id"],
            "properties": {
                "status": {"type": "integer"},
                "message": {"type": "string"},
                "field": {"type": ["string", "null"]},
                "allowed": {"type": ["string", "null"]},
                "request_id": {"type": "string"},
            },
        }
    },
}

_WORDS = {
    "400": "a field cannot be used; `field` and `allowed` name it",
    "401": "a key is required",
    "403": "the key is wrong",
    "404": "there is no such film, picture, file or version",
    "408": "the request took too long to arrive",
    "413": "the request is too large",
    "429": "too many requests; `Retry-After` says when",
    "503": "the server is busy; `Retry-After` says when",
    "504": "the answer took too long",
}


_COMPARED = (
    {
        "name": "system", "in": "query", "required": True,
        "schema": {"enum": [system.name for system in SYSTEMS]},
    },
    *(
        {"name": name, "in": "query", "required": True, "schema": _ID}
        for name in ("first", "second")
    ),
)  # fmt: skip


def describe_api() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "marquee", "version": version("marquee")},
        "paths": _describe_paths(),
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
            "schemas": {"Error": _ERROR},
        },
    }


def _describe_paths() -> dict[str, Any]:
    key = [{"key": []}, {}]
    title = {"name": "title", "in": "query", "required": True, "schema": _TITLE}
    tmdb_id = {"name": "tmdb_id", "in": "path", "required": True, "schema": _ID}
    name = {"name": "name", "in": "path", "required": True, "schema": _PICTURE}
    picture = {"content": {"image/jpeg": {}, "image/png": {}}}
    return {
        "/predict": {
            "post": {
                "summary": "Predict for one film; what is not given is masked.",
                "requestBody": _describe_body(),
                "security": key,
                "responses": _responses(*sorted(set(_WORDS) - {"200"})),
            }
        },
        "/uploads": {
            "put": {
                "summary": "Send a trailer, to be asked about within the hour.",
                "requestBody": {
                    "required": True,
                    "content": {"application/octet-stream": {"schema": _VIDEO}},
                },
                "security": key,
                "responses": _responses("400", "401", "403", "408", "413", "429", "503", "504"),
            }
        },
        "/films": {"get": _get("Find films by title.", "400", parameters=[title])},
        "/films/{tmdb_id}": {
            "get": _get("Predict for a film of the store.", "404", parameters=[tmdb_id])
        },
        "/films/{tmdb_id}/facts": {
            "get": _get("Describe a film of the store.", "404", parameters=[tmdb_id])
        },
        "/films/{tmdb_id}/pictures/{name}": {
            "get": _get("Draw a film's picture.", "404", parameters=[tmdb_id, name], **picture)
        },
        "/models": {"get": _get("List all versions of all models.")},
        "/models/compare": {
            "get": _get("Compare two versions of a system.", "400", "404", parameters=_COMPARED)
        },
        "/healthz": {"get": _get("Say whether the server is up.")},
    }


def _describe_body() -> dict[str, Any]:
    schema = {
        "type": "object",
        "minProperties": 1,
        "properties": INPUTS,
        "anyOf": [{"required": [name]} for name in OWN_FIELDS],
        "additionalProperties": False,
    }
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _get(summary: str, *errors: str, parameters: Any = (), content: Any = None) -> dict[str, Any]:
    responses = _responses("401", "403", "429", "503", "504", *errors)
    if content:
        responses["200"]["content"] = content
    return {
        "summary": summary,
        "parameters": list(parameters),
        "security": [{"key": []}, {}],
        "responses": responses,
    }


def _responses(*errors: str) -> dict[str, Any]:
    def content(schema: dict[str, Any]) -> dict[str, Any]:
        return {"application/json": {"schema": schema}}

    error = {"$ref": "#/components/schemas/Error"}
    return {
        "200": {"description": "the answer", "content": content({"type": "object"})},
        **{
            status: {"description": _WORDS[status], "content": content(error)}
            for status in sorted(errors)
        },
    }
