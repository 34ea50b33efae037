import io
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest
import requests
from PIL import Image
from present import present

from resources.studio.catalogue.draws import chance
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.media.rendering import draw_duration_s
from resources.studio.media.sound import LOOP_SAMPLES
from resources.studio.servers.running import start_studio
from resources.studio.servers.tmdb_api import POSTER_WIDTHS_PX

FIRST = 90_000_001


@pytest.fixture(scope="module")
def catalogue(studio_cache):
    return GeneratedCatalogue(300, 7, studio_cache)


@pytest.fixture(scope="module")
def studio(catalogue):
    with start_studio(catalogue) as up:
        yield up


def first_with(catalogue, **wanted):
    """Find the first movie with a poster and a trailer and these traits."""
    wanted = {"has_poster": True, "has_trailer": True, "sound": "music"} | wanted
    for tmdb_id in catalogue.movie_ids():
        traits = catalogue.traits(tmdb_id)
        if all(getattr(traits, name) == value for name, value in wanted.items()):
            return tmdb_id
    raise AssertionError(f"no movie with {wanted}")


def trailer_url(studio, tmdb_id, letters="mv"):
    return studio.urls["TRAILER_URL_TEMPLATE"].format(key=f"{letters}_{tmdb_id}")


@pytest.mark.parametrize("size", POSTER_WIDTHS_PX)
def test_poster_comes_in_tmdbs_sizes(studio, catalogue, size):
    url = f"{studio.urls['TMDB_IMAGE_URL']}/{size}/p{first_with(catalogue)}.jpg"
    answer = requests.get(url, timeout=60)
    assert answer.headers["Content-Type"] == "image/jpeg"
    width = POSTER_WIDTHS_PX[size]
    assert Image.open(io.BytesIO(answer.content)).size == (width, width * 3 // 2)


@pytest.mark.parametrize("path", ["/w500/nobody.jpg", "/w501/p90000001.jpg", "/w500/p89.jpg"])
def test_unknown_image_is_not_found(studio, path):
    assert requests.get(studio.urls["TMDB_IMAGE_URL"] + path, timeout=60).status_code == 404


def test_movie_without_poster_has_neither_path_nor_picture(studio, catalogue):
    tmdb_id = first_with(catalogue, has_poster=False)
    assert catalogue.details(tmdb_id)["poster_path"] is None
    url = f"{studio.urls['TMDB_IMAGE_URL']}/w500/p{tmdb_id}.jpg"
    assert requests.get(url, timeout=60).status_code == 404


def test_poster_is_the_same_every_time_and_differs_between_movies(catalogue):
    first, second = f"/p{first_with(catalogue)}.jpg", f"/p{FIRST + 11}.jpg"
    again = GeneratedCatalogue(50, 7, catalogue.cache)
    assert catalogue.poster(first, 342) == again.poster(first, 342)
    assert catalogue.poster(first, 342) != catalogue.poster(second, 342)


def test_edited_poster_path_is_a_new_poster_of_the_same_warmth(tmp_path):
    catalogue = GeneratedCatalogue(20, 7, tmp_path)
    tmdb_id = first_with(catalogue)
    before = catalogue.poster(f"/p{tmdb_id}.jpg", 92)
    catalogue.edit(tmdb_id, {"poster_path": "/other.jpg"})
    after = catalogue.poster("/other.jpg", 92)
    assert after != before
    colours = [np.asarray(Image.open(io.BytesIO(one))).mean((0, 1)) for one in (before, after)]
    assert np.abs(colours[0] - colours[1]).max() < 25


def test_trailer_is_h264_and_aac_with_black_ends_and_a_title_card(studio, catalogue):
    tmdb_id = first_with(catalogue)
    content = requests.get(trailer_url(studio, tmdb_id), timeout=60).content
    assert content.index(b"moov") < content.index(b"mdat")  # can be played while it loads
    with av.open(io.BytesIO(content)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec.name, audio.codec.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (256, 144, 12)
        assert (audio.rate, audio.channels) == (22_050, 2)
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video)])
    assert frames[:6].max() == 0
    assert frames[-6:].max() <= 2  # what the encoder leaves
    assert 3 < frames[12].mean() < frames[len(frames) // 3].mean()
    deviations = frames[20:-20].std((1, 2)).mean(1)
    is_card = deviations < 0.5 * np.median(deviations)
    assert 12 <= is_card.sum() <= 36
    steps = np.abs(np.diff(frames[20:-20].astype(np.int16), axis=0)).mean((1, 2, 3))
    cuts = (steps > 1.8 * np.median(steps)).sum()
    assert cuts >= 3
    assert np.median(steps) > 0.5  # something moves


def test_sound_lasts_as_long_as_the_picture(catalogue):
    path = catalogue.trailer(f"mv_{first_with(catalogue)}")
    with av.open(path) as container:
        lengths = [float(present(s.duration) * present(s.time_base)) for s in container.streams]
        samples = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
    assert lengths[0] == pytest.approx(lengths[1], abs=0.1)
    assert 0.05 < samples.std() < 0.5
    assert np.abs(samples).max() < 1
    # The loop closes without a click: no step is larger where it starts again.
    steps = np.abs(np.diff(samples[0]))
    assert steps[LOOP_SAMPLES - 3000 : LOOP_SAMPLES + 3000].max() <= 1.2 * steps.max()


def test_some_trailers_have_no_sound_track_and_some_a_silent_one(catalogue):
    without = catalogue.trailer(f"mv_{first_with(catalogue, sound='none')}")
    with av.open(without) as container:
        assert not container.streams.audio
    silent = catalogue.trailer(f"mv_{first_with(catalogue, sound='silent')}")
    with av.open(silent) as container:
        assert max(np.abs(frame.to_ndarray()).max() for frame in container.decode(audio=0)) < 1e-4


def test_some_trailers_are_longer_than_the_sound_that_is_kept():
    durations = np.array(
        [draw_duration_s(chance(f"7/mv_{FIRST + index}", "trailer")) for index in range(1_000)]
    )
    assert 0.03 < (durations > 30).mean() < 0.09
    assert durations.min() >= 8
    assert durations.max() <= 34


def test_trailer_that_is_not_listed_is_not_found(studio, catalogue):
    without = first_with(catalogue, has_trailer=False)
    listed = [video["key"] for video in catalogue.details(without)["videos"]["results"]]
    assert not any(key.startswith("mv") for key in listed)
    for letters, tmdb_id in (("mv", without), ("ft", FIRST), ("mv", 12_345_678)):
        assert requests.get(trailer_url(studio, tmdb_id, letters), timeout=60).status_code == 404


def test_trailer_answers_head_and_ranges(studio, catalogue):
    url = trailer_url(studio, first_with(catalogue))
    whole = requests.get(url, timeout=60)
    assert whole.headers["Content-Type"] == "video/mp4"
    head = requests.head(url, timeout=60)
    assert int(head.headers["Content-Length"]) == len(whole.content)
    assert head.headers["Accept-Ranges"] == "bytes"
    part = requests.get(url, headers={"Range": "bytes=100-199"}, timeout=60)
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    beyond = requests.get(url, headers={"Range": "bytes=999999999-"}, timeout=60)
    assert beyond.status_code == 416


def test_trailers_are_the_same_whoever_films_them_and_filmed_once(tmp_path):
    first, second = (GeneratedCatalogue(20, 7, tmp_path / name) for name in "ab")
    key = f"mv_{first_with(first)}"
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(first.trailer, [key] * 8))
    assert len(paths) == 1
    filmed_at = present(paths.pop()).stat().st_mtime_ns
    assert present(first.trailer(key)).stat().st_mtime_ns == filmed_at
    assert [path.name for path in present(first.trailer(key)).parent.iterdir()] == [f"{key}.mp4"]
    assert present(first.trailer(key)).read_bytes() == present(second.trailer(key)).read_bytes()


def test_other_letters_are_another_cut_of_the_same_movie(catalogue):
    tmdb_id = first_with(catalogue)
    one, other = (catalogue.trailer(f"{letters}_{tmdb_id}") for letters in ("mv", "mw"))
    assert one.read_bytes() != other.read_bytes()
