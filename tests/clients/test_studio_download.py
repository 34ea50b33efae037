from typing import Any

import pytest
import yt_dlp

from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.servers.running import start_studio


@pytest.fixture(scope="module")
def studio(studio_cache):
    with start_studio(GeneratedCatalogue(10, 7, studio_cache)) as up:
        yield up


def download(url, folder) -> Any:
    options = {
        "quiet": True, "no_warnings": True, "noprogress": True, "retries": 0, "cachedir": False,
        "outtmpl": str(folder / "%(id)s.%(ext)s"),
    }  # fmt: skip
    with yt_dlp.YoutubeDL(options) as client:
        return client.extract_info(url)


def test_yt_dlp_downloads_a_trailer_by_its_generic_extractor(studio, tmp_path):
    url = studio.urls["TRAILER_URL_TEMPLATE"].format(key="mv_90000001")
    info = download(url, tmp_path)
    assert (info["extractor"], info["ext"], info["id"]) == ("generic", "mp4", "mv_90000001")
    assert (tmp_path / "mv_90000001.mp4").stat().st_size > 100_000


def test_yt_dlp_says_that_a_trailer_is_gone(studio, tmp_path):
    url = studio.urls["TRAILER_URL_TEMPLATE"].format(key="mv_12345678")
    with pytest.raises(yt_dlp.utils.DownloadError, match="404"):
        download(url, tmp_path)
