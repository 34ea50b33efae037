"""A hook of schemathesis, which cannot draw: the only poster that it sends as a valid one."""

import base64
from io import BytesIO

import schemathesis
from PIL import Image


def _draw() -> str:
    content = BytesIO()
    Image.new("L", (60, 90), 128).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Replace the description of a poster, "a picture in base64", by one picture; leave out the
    route of videos.
    """
    del raw_schema["paths"]["/uploads"]  # no schema describes a video; see test_serve.py
    body = raw_schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    body["schema"]["properties"]["poster_base64"] = {"enum": [_draw()]}
