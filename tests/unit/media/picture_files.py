"""Picture files for tests, drawn or put together byte by byte."""

import io
import struct
import zlib

from PIL import Image

RED, BLUE = (250, 0, 0), (0, 0, 250)


def flag(mode="RGB", width=96, height=144):
    """Draw a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image.convert(mode)


def encode(image=None, format="JPEG", **options):
    file = io.BytesIO()
    (image or flag()).save(file, format, **options)
    return file.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, bits, colour, rows, *more):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [chunk(b"IHDR", head), *more, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def after_start(jpeg, marker, body):
    """Put a segment right behind a JPEG's first mark."""
    return jpeg[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]
