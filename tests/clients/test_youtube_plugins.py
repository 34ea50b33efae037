"""yt-dlp's plugins are code: none runs that the settings do not name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import ConfigurationError
from resources.settings import Settings
from resources.trailers.trailer_sources import open_sources

CODE = """
import sys
from pathlib import Path
from resources.trailers.downloader import open_downloader
from resources.trailers.options import TrailerLimits
plugins = Path(sys.argv[1]) if sys.argv[1:] else None
open_downloader(
    "http://127.0.0.1/{key}", TrailerLimits(), extractors=("generic",), is_near=True,
    plugins=plugins,
)
"""


def write_plugin(folder: Path, mark: Path) -> None:
    place = folder / "mine" / "yt_dlp_plugins" / "extractor"
    place.mkdir(parents=True)
    (place / "mine.py").write_text(f"open({str(mark)!r}, 'w').close()")


@pytest.mark.parametrize("is_named", [False, True])
def test_plugin_of_the_home_folder_runs_only_where_it_is_named(tmp_path, is_named):
    mark, plugins = tmp_path / "ran", tmp_path / "config" / "yt-dlp" / "plugins"
    write_plugin(plugins, mark)
    environment = {
        **os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }  # fmt: skip
    arguments = [str(plugins)] if is_named else []
    subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        env=environment, cwd=Path(__file__).parents[2], check=True,
    )  # fmt: skip
    assert mark.exists() is is_named


def test_folder_that_is_not_there_is_named(tmp_path):
    settings = Settings(youtube_plugins=str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="MARQUEE_YOUTUBE_PLUGINS is .*none"):
        open_sources(settings, None, lambda: 0.0)
