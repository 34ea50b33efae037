"""Hooks of schemathesis, which cannot draw: what it sends as a poster is one, if it is valid, and
what it sends as a trailer is a video.
"""

import base64
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import schemathesis
from PIL import Image


def _draw() -> str:
    content = BytesIO()
    Image.new("L", (60, 90), 128).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def _film() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "trailer.mp4")
        with av.open(str(path), "w") as file:
            stream = file.add_stream("mpeg4", rate=24)
            stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
            for number in range(48):
                pixels = np.full((96, 128, 3), 5 * number, np.uint8)
                file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            file.mux(stream.encode())
        return path.read_bytes()


TRAILER = _film()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Replace the description of a poster, "a picture in base64", by one picture."""
    body = raw_schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    body["schema"]["properties"]["poster_base64"] = {"enum": [_draw()]}


@schemathesis.hook
def map_body(context, body):
    """Put a video in the place of bytes."""
    return TRAILER if context.operation.path == "/uploads" else body
