"""torchcodec's side of the benchmark of frames, in a process of its own."""

import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory


def run_torchcodec(path: Path, count: int, seed: int) -> float:
    """Return the CPU seconds of sampling `count` frames.

    Raises:
        RuntimeError: torchcodec does not load or cannot decode; says why in a line.
    """
    with TemporaryDirectory(prefix="marquee-bench-") as folder:
        libraries = _link_libraries(Path(folder))
        searched = [folder, *libraries, os.environ.get("LD_LIBRARY_PATH", "")]
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name, str(path), str(count), str(seed)],
            env={**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, searched))},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        errors = re.findall(r"^\w*(?:Error|Exception)\b.*", done.stderr, re.MULTILINE)
        raise RuntimeError(f"torchcodec does not work here: {(errors or ['no reason given'])[-1]}")
    return float(done.stdout)


def _link_libraries(folder: Path) -> set[str]:
    """Link PyAV's libraries under their usual names, such as libavutil.so.60."""
    found_at = importlib.util.find_spec("av")
    assert found_at
    assert found_at.origin
    package = Path(found_at.origin).parent
    found = set()
    for library in package.with_name("av.libs").glob("lib*.so.*"):
        if name := re.match(r"(lib(?:av|sw)[a-z]+)\b.*?\.so\.(\d+)", library.name):
            (folder / f"{name[1]}.so.{name[2]}").symlink_to(library)
            found.add(str(library.parent))
    return found


def _sample(path: str, count: int, seed: int) -> float:
    import numpy as np

    # as its own pages import it, although it lists no names
    from torchcodec.decoders import VideoDecoder  # pyright: ignore[reportPrivateImportUsage]

    from pipeline.frames.sampling import choose_pts

    VideoDecoder(path)  # loads what is loaded at first use
    began_s = time.process_time()
    decoder = VideoDecoder(path, seek_mode="exact", num_ffmpeg_threads=1)
    numbers = choose_pts(np.arange(decoder.metadata.num_frames), count, seed)
    decoder.get_frames_at(numbers.tolist())
    return time.process_time() - began_s


if __name__ == "__main__":
    print(_sample(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
