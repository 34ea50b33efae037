"""The user's own trailers before the host's: which is taken, and what is reported of the others."""

from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.core.errors import ConfigurationError, PausedError, TrailerError
from pipeline.core.outcomes import Reason
from pipeline.core.records import MovieRecord, Video
from pipeline.media.trailer import probe
from resources.settings import Settings
from resources.trailers.cooldown import Cooldown, InMemoryNotes
from resources.trailers.fetched_trailer import NoTrailerError
from resources.trailers.options import TrailerLimits
from resources.trailers.own_folder import TrailerFolder
from resources.trailers.trailer_host import TrailerHost
from resources.trailers.trailer_sources import TrailerSources, open_sources, request_trailer

REAL = Path(__file__).resolve().parents[2] / "../shared/data/videos"
KEY = "CHekzSiZjrY"


def write_video(path, seconds=1):
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height = 32, 32
        for number in range(2 * seconds):
            frame = np.full((32, 32, 3), number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def movie(*videos, imdb_id="tt0120338"):
    return MovieRecord(597, "Titanic", imdb_id=imdb_id, videos=videos)


def listed(key=KEY, site="YouTube"):
    return Video(key, site, "Trailer", is_official=True)


@pytest.fixture
def place(server, tmp_path):
    """The user's folder, the staging folder, and what fetches from both."""

    class Place:
        own = tmp_path / "own"
        staging = tmp_path / "staging"
        url = f"{server.url}/{{key}}"
        pauses = Cooldown(InMemoryNotes(), url)
        opened = 0

        def fetch(self, record, look_into=probe, **limits):
            limits = TrailerLimits(**limits)

            def open_host():
                self.opened += 1
                return TrailerHost(self.url, cooldown=self.pauses, limits=limits)

            sources = TrailerSources(open_host, TrailerFolder(self.own), limits)
            try:
                return sources.fetch(request_trailer(record), self.staging, look_into)
            finally:
                sources.close()

    Place.own.mkdir()
    Place.staging.mkdir()
    return Place()


def test_own_trailer_is_taken_and_nobody_is_asked(place, server):
    content = write_video(place.own / "597.mp4")
    fetched = place.fetch(movie(listed()))
    assert (fetched.name, fetched.is_own, fetched.tried) == ("597.mp4", True, ())
    assert fetched.path.read_bytes() == content
    assert fetched.info.width_px == 32
    assert not server.count()
    assert place.opened == 0


def test_movie_without_any_video_listed_may_have_an_own_one(place):
    write_video(place.own / "tt0120338.mp4")
    assert place.fetch(movie()).is_own


def test_movie_without_an_own_one_is_asked_for(place, server, tmp_path):
    server.reply(f"/{KEY}", body=write_video(tmp_path / "x"), content_type="video/mp4")
    fetched = place.fetch(movie(listed()))
    assert (fetched.name, fetched.is_own) == (KEY, False)


def test_damaged_own_trailer_is_reported_by_name_and_the_host_is_asked(
    place, server, tmp_path, caplog
):
    (place.own / "597.mp4").write_bytes(b"no video at all")
    server.reply(f"/{KEY}", body=write_video(tmp_path / "x"), content_type="video/mp4")
    fetched = place.fetch(movie(listed()))
    assert (fetched.name, fetched.is_own) == (KEY, False)
    assert [(a.name, a.reason) for a in fetched.tried] == [("597.mp4", Reason.MALFORMED)]
    assert "Movie 597, your own 597.mp4: cannot be opened as media" in caplog.text
    assert "Replace it" in caplog.text
    assert [path.name for path in place.staging.iterdir()] == [fetched.path.name]


def test_second_own_trailer_is_taken_when_the_first_is_damaged(place):
    (place.own / "597.mp4").write_bytes(b"no video at all")
    write_video(place.own / f"{KEY}.mp4")
    fetched = place.fetch(movie(listed()))
    assert (fetched.name, fetched.tried[0].name) == (f"{KEY}.mp4", "597.mp4")


def test_damaged_own_trailer_without_a_listed_one_is_refused_by_name(place):
    (place.own / "597.mp4").write_bytes(b"no video at all")
    with pytest.raises(NoTrailerError) as caught:
        place.fetch(movie())
    assert caught.value.reason is Reason.MALFORMED
    assert "597.mp4" in caught.value.detail
    assert set(caught.value.metadata["tried"]) == {"597.mp4"}
    assert not list(place.staging.iterdir())


def test_both_failures_are_reported_where_neither_can_be_had(place):
    (place.own / "597.mp4").write_bytes(b"no video at all")
    with pytest.raises(NoTrailerError) as caught:
        place.fetch(movie(listed()))
    assert caught.value.reason is Reason.MALFORMED
    assert f"597.mp4 malformed, {KEY} gone" in caught.value.detail


def test_film_in_place_of_a_trailer_is_too_long(place):
    write_video(place.own / "597.mp4", seconds=20)
    with pytest.raises(NoTrailerError) as caught:
        place.fetch(movie(), max_duration_s=10.0)
    assert caught.value.reason is Reason.TOO_LONG
    assert "20 s, more than 10 s" in caught.value.detail


def test_host_s_video_that_proves_too_long_makes_room_for_the_next(place, server, tmp_path):
    long, short = "aaaaaaaaaaa", "bbbbbbbbbbb"
    server.reply(f"/{long}", body=write_video(tmp_path / "x", 20), content_type="video/mp4")
    server.reply(f"/{short}", body=write_video(tmp_path / "y"), content_type="video/mp4")
    fetched = place.fetch(movie(listed(long), listed(short)), max_duration_s=10.0)
    assert (fetched.name, fetched.tried[0].reason) == (short, Reason.TOO_LONG)


def test_movie_with_videos_elsewhere_alone_is_reported_so(place, server):
    with pytest.raises(NoTrailerError) as caught:
        place.fetch(movie(listed("76979871", "Vimeo")))
    assert caught.value.reason is Reason.NOT_LISTED
    assert caught.value.detail == "videos elsewhere are not fetched: 1 at Vimeo"
    assert not server.count()


def test_number_of_a_video_elsewhere_is_not_taken_for_a_tmdb_id(place):
    write_video(place.own / "76979871.mp4")
    with pytest.raises(NoTrailerError):
        place.fetch(movie(listed("76979871", "Vimeo")))


def test_own_trailers_are_taken_while_the_host_rests_and_other_movies_are_left_alone(place):
    write_video(place.own / "597.mp4")
    place.pauses.begin(Reason.BOT_CHECK)
    assert place.fetch(movie(listed())).is_own
    (place.own / "597.mp4").unlink()
    with pytest.raises(PausedError):
        place.fetch(movie(listed()))


def test_damaged_own_trailer_of_a_movie_whose_host_rests_has_its_row(place):
    (place.own / "597.mp4").write_bytes(b"no video at all")
    place.pauses.begin(Reason.BOT_CHECK)
    with pytest.raises(NoTrailerError) as caught:
        place.fetch(movie(listed()))
    assert caught.value.reason is Reason.BOT_CHECK
    assert "597.mp4 malformed" in caught.value.detail


def test_probe_that_breaks_leaves_no_copy(place):
    write_video(place.own / "597.mp4")

    def refuse(path):
        raise TrailerError(Reason.NO_VIDEO_TRACK, "only sound")

    with pytest.raises(NoTrailerError):
        place.fetch(movie(), look_into=refuse)
    assert not list(place.staging.iterdir())


@pytest.mark.real
@pytest.mark.skipif(
    not REAL.is_dir(), reason="the folder of real videos is not beside the checkout"
)
@pytest.mark.parametrize(
    "name", ["big_buck_bunny_30s_1280x720.webm", "sintel_trailer_52s_480x204.mp4"]
)
def test_real_video_is_taken_whole(place, name):
    (place.own / f"597{Path(name).suffix}").write_bytes((REAL / name).read_bytes())
    fetched = place.fetch(movie())
    assert fetched.path.read_bytes() == (REAL / name).read_bytes()
    assert fetched.info.duration_s > 20


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"trailer_lines": "many"}, "MARQUEE_TRAILER_LINES"),
        ({"trailer_lines": "480.5"}, "MARQUEE_TRAILER_LINES"),
        ({"trailer_lines": "1"}, "MARQUEE_TRAILER_LINES"),
        ({"trailer_lines": "-480"}, "MARQUEE_TRAILER_LINES"),
        ({"trailers": "/no/such/folder"}, "MARQUEE_TRAILERS"),
        ({"youtube_cookies": "/no/such/file"}, "MARQUEE_YOUTUBE_COOKIES"),
    ],
)
def test_wrong_setting_is_reported_before_anything_is_fetched(settings, named):
    with pytest.raises(ConfigurationError, match=named):
        open_sources(Settings(**settings), InMemoryNotes(), lambda: 0.0)


def test_settings_are_obeyed(tmp_path):
    settings = Settings(trailer_lines="720", trailers=str(tmp_path))
    sources = open_sources(settings, InMemoryNotes(), lambda: 0.0)
    assert sources.host.is_youtube
    assert sources.host._limits.max_height_px == 720
    sources.close()
