"""Hooks of schemathesis, which cannot draw: what it sends as a poster is one, if it is valid."""

import base64
from io import BytesIO

import schemathesis
from PIL import Image


def _draw() -> str:
    content = BytesIO()
    Image.new("RGB", (300, 450), "navy").save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


POSTER = _draw()


@schemathesis.hook
def map_body(context, body):
    """Put a picture in the place of a text that is none."""
    if isinstance(body, dict) and isinstance(body.get("poster_base64"), str):
        return {**body, "poster_base64": POSTER}
    return body
