"""The peer's side of the posters' benchmark: a script for an environment with img2dataset alone.

It imports nothing of ours, for img2dataset wants a pandas that we do not have.
"""

import importlib
import json
import resource
import sys
from pathlib import Path

downloading = importlib.import_module("img2dataset.main")  # the package hides its module


class CountedDownloader(downloading.Downloader):
    """Notes the CPU time of every shard, in the process that works on it, imports left out."""

    def __call__(self, row):
        """Do a shard."""
        begun_s = _cpu_s()
        result = super().__call__(row)
        _note(self.output_folder, f"shard-{row[0]}", begun_s)
        return result


class CountedLogger(downloading.LoggerProcess):
    """Notes the CPU time of the process that watches the others, imports left out."""

    def run(self):
        """Watch until all shards are done."""
        begun_s = _cpu_s()
        super().run()
        _note(self.output_folder, "logger", begun_s)


def _note(folder: str, name: str, begun_s: float) -> None:
    Path(folder, f"{name}.cpu").write_text(json.dumps(_cpu_s() - begun_s))


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _main(urls: str, folder: str, images: str, processes: str, threads: str) -> None:
    downloading.Downloader = CountedDownloader
    downloading.LoggerProcess = CountedLogger
    begun_s = _cpu_s()
    downloading.download(
        url_list=urls,
        output_folder=folder,
        image_size=224,
        resize_mode="center_crop",
        encode_quality=95,
        output_format="files",
        processes_count=int(processes),
        thread_count=int(threads),
        number_sample_per_shard=-(-int(images) // int(processes)),
        enable_wandb=False,
    )
    _note(folder, "main", begun_s)


if __name__ == "__main__":
    _main(*sys.argv[1:])
