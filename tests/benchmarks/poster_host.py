"""An image host for benchmarks: posters that were drawn beforehand, after a wait."""

import asyncio
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import numpy as np

POSTERS = 24
"""Different posters; which one an address has follows from its text."""

WIDTH_PX = 500

GRAIN = 3.0
"""Standard deviation of the grain laid over the studio's smooth drawings, in grey levels: it makes
files of about 60 kB, as posters of that width have."""


@contextmanager
def poster_host(latency_s: float) -> Iterator[str]:
    """Run the host in a process of its own; give its address, without a slash at the end."""
    command = [sys.executable, "-m", "benchmarks.poster_host", str(latency_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


def draw_file(number: int) -> bytes:
    """Draw a poster of 500x750 with grain; give its JPEG file."""
    from PIL import Image

    from resources.studio.media.drawing import draw_poster

    drawn = draw_poster(f"Film {number}", number / POSTERS - 0.5, f"bench {number}", WIDTH_PX)
    pixels = np.asarray(Image.open(io.BytesIO(drawn))).astype(float)
    grain = np.random.default_rng(number).normal(0, GRAIN, pixels.shape[:2])
    file = io.BytesIO()
    grainy = (pixels + grain[..., None]).clip(0, 255).astype(np.uint8)
    Image.fromarray(grainy).save(file, "JPEG", quality=88)
    return file.getvalue()


class _Talk(asyncio.Protocol):
    """One connection; answers are ready as bytes, headers included."""

    answers: tuple[bytes, ...] = ()
    latency_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._heard = transport, b""

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            number = crc32(head.split(b" ", 2)[1]) % len(self.answers)
            is_last = b"connection: close" in head.lower()
            loop = asyncio.get_running_loop()
            loop.call_later(self.latency_s, self._answer, number, is_last)

    def _answer(self, number: int, is_last: bool) -> None:
        self._transport.write(self.answers[number])
        if is_last:
            self._transport.close()


async def _serve(latency_s: float) -> None:
    bodies = [draw_file(number) for number in range(POSTERS)]
    head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n"
    _Talk.answers = tuple(head.format(len(body)).encode() + body for body in bodies)
    _Talk.latency_s = latency_s
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Talk, "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/t/p", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
