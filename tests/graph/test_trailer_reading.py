"""One decoding of a trailer serves frames and clips, and the settings say which."""

from dataclasses import replace

import av
import numpy as np
import pytest

from assets.frames.trailer_reading import read_frames, read_sound
from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.errors import ConfigurationError
from pipeline.core.presets import PRESETS, Preset
from pipeline.media.audio import DURATION_S, SAMPLE_RATE_HZ
from pipeline.media.clip_file import read_clips
from pipeline.media.shots import find_shots
from pipeline.media.timeline import read_timeline
from pipeline.media.trailer import decode_frames
from resources.run_context import open_run_context
from resources.settings import Settings
from resources.studio.catalogue.draws import chance
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.media.rendering import draw_duration_s
from resources.studio.opening import trailer_cache
from resources.trailers.options import TrailerOptions, trailer_options

SEED = 597
STEP = {step.name: step for step in MOVIE_ASSETS}


@pytest.fixture(scope="module")
def trailer():
    """A trailer that the studio rendered, of more than 30 s."""
    catalogue = GeneratedCatalogue(200, 7, trailer_cache())
    for tmdb_id in catalogue.movie_ids():
        for video in catalogue.details(tmdb_id)["videos"]["results"]:
            is_long = draw_duration_s(chance(f"7/{video['key']}", "trailer")) > 33
            if is_long and (path := catalogue.trailer(video["key"])):
                return path
    raise AssertionError("the studio has no trailer of more than 33 s")


def read(path, beat=lambda: None, **options):
    return read_frames(path, SEED, TrailerOptions(**options), beat)


@pytest.fixture(scope="module")
def with_clips(trailer):
    return read(trailer, cuts_clips=True)


def test_frames_are_the_same_to_the_byte_with_clips_and_without(trailer, with_clips):
    alone = read(trailer)
    assert alone.clips is None
    assert np.array_equal(alone.picked.frames, with_clips.picked.frames)
    assert alone.picked.pts_s.tolist() == with_clips.picked.pts_s.tolist()
    assert alone.figures.items() <= with_clips.figures.items()


@pytest.fixture(scope="module")
def stored(with_clips, tmp_path_factory):
    """The clips as they are read back from their file."""
    path = tmp_path_factory.mktemp("clips") / "clips.mp4"
    path.write_bytes(with_clips.clips)
    return list(read_clips(path))


def decode_clip(trailer, timeline, pts_s):
    """A clip's frames decoded one by one from the trailer itself."""
    pts = np.rint(pts_s / float(timeline.time_base)).astype(int)
    decoded = decode_frames(trailer, pts.tolist())
    return decoded.frames[np.searchsorted(decoded.pts, pts)]  # some stand twice


def test_clips_lie_within_shots_and_show_what_the_trailer_shows(trailer, with_clips, stored):
    timeline = read_timeline(trailer)
    starts_s = timeline.seconds(find_shots(trailer))
    shots = np.searchsorted(starts_s, with_clips.clip_pts_s, side="right")
    assert (shots == shots[:, :1]).all()
    assert len(stored) == len(with_clips.clip_pts_s) == with_clips.figures["clips"] > 10
    for row in (0, len(stored) // 2, len(stored) - 1):
        shown = decode_clip(trailer, timeline, with_clips.clip_pts_s[row])
        assert np.abs(stored[row].astype(float) - shown).mean() < 3


def test_stored_clips_are_embedded_as_those_of_the_trailer_itself(trailer, with_clips, stored):
    """With random weights, which tell clips apart less than published ones, but all of a clip's
    pixels go into them: cosines about the mean of the clips are looked at too."""
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.encode import encode_arrays
    from pipeline.embeddings.pixel_networks import build_pixel_network

    backbone = BACKBONES["shufflenet3d"]
    network = build_pixel_network(backbone, None)
    timeline = read_timeline(trailer)
    rows = np.linspace(0, len(stored) - 1, 4).astype(int)
    raw = [decode_clip(trailer, timeline, with_clips.clip_pts_s[row]) for row in rows]
    kept = [stored[row] for row in rows]
    items = [(0, np.stack(kept)), (1, np.stack(raw))]
    vectors = dict(encode_arrays(items, network, backbone))
    assert cosines(vectors[0], vectors[1]).min() >= 0.999
    middle = vectors[1].mean(axis=0)
    assert cosines(vectors[0] - middle, vectors[1] - middle).min() >= 0.98


def cosines(one, other):
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / lengths


def test_every_packet_and_frame_is_a_sign_of_life_where_clips_are_cut(trailer):
    beats = []
    read(trailer, lambda: beats.append(1), cuts_clips=True)
    assert len(beats) >= 2 * len(read_timeline(trailer).pts)  # its packet, and the frame itself


def test_keyframes_come_first_where_they_are_asked_for(trailer):
    timeline = read_timeline(trailer)
    reading = read(trailer, from_keyframes=True)
    keys_s = timeline.seconds(timeline.key_pts)
    of_keys = np.isin(reading.picked.pts_s, keys_s).sum()
    assert of_keys > 2 * np.isin(read(trailer).picked.pts_s, keys_s).sum()
    assert reading.figures["frames_decoded"] == max(15, min(100, len(keys_s)))


def test_repeats_go_and_are_counted_where_that_is_asked_for(tmp_path):
    path = tmp_path / "slides.mp4"
    rng, slide = np.random.default_rng(1), np.empty(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for i in range(120):
            if i % 10 == 0:
                slide = rng.integers(20 + i, 120 + i, (8, 8, 3), dtype=np.uint8).repeat(8, axis=0)
            frame = av.VideoFrame.from_ndarray(slide.repeat(8, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    plain, distinct = read(path).figures, read(path, drops_repeats=True).figures
    assert "frames_duplicate" not in plain
    assert distinct["frames_duplicate"] > 40
    n_left = plain["frames_informative"] - distinct["frames_duplicate"]
    assert 5 <= distinct["frames_informative"] == n_left <= 12


def test_whole_sound_is_kept_where_that_is_asked_for(trailer):
    beginning = read_sound(trailer, TrailerOptions(), lambda: None)
    whole = read_sound(trailer, TrailerOptions(keeps_whole_sound=True), lambda: None)
    assert len(beginning) == DURATION_S * SAMPLE_RATE_HZ < len(whole)
    assert np.array_equal(whole[: len(beginning)], beginning)


def test_a_word_that_means_nothing_is_refused_by_name():
    small = PRESETS["small"]
    assert trailer_options(Settings(), small, cuts_clips=False).from_keyframes
    assert not trailer_options(Settings(frames="any"), small, cuts_clips=False).from_keyframes
    with pytest.raises(ConfigurationError, match="MARQUEE_FRAMES is 'keyframe'"):
        trailer_options(Settings(frames="keyframe"), Preset("bare"), cuts_clips=False)
    with pytest.raises(ConfigurationError, match="MARQUEE_SOUND is '45'"):
        trailer_options(Settings(sound="45"), Preset("bare"), cuts_clips=False)


def test_options_of_trailers_invalidate_movies(open_site):
    site = open_site(size=1)

    def versions(**settings):
        with open_run_context(site.settings.model_copy(update=settings)) as run_context:
            clipless = replace(run_context.preset, clip_backbone="")
            names = ("trailer_frames", "trailer_audio")
            with_clips = [STEP[name].settings_version(run_context) for name in names]
            run_context = replace(run_context, preset=clipless)
            return with_clips, [STEP[name].settings_version(run_context) for name in names]

    assert versions() == (["clips", ""], ["", ""])
    assert versions(frames="keyframes") == (["keyframes clips", ""], ["keyframes", ""])
    assert versions(frames="distinct", sound="whole")[1] == ["distinct", "whole"]


def test_a_build_keeps_frames_and_clips_of_every_trailer(open_site):
    site = open_site(size=3, stages=("crawl", "media", "frames"))
    rows = {i: row for i, row in site.rows("trailer_frames").items() if row.status == "ok"}
    assert rows
    with site.run_context() as run_context:
        for tmdb_id, row in rows.items():
            arrays = run_context.store.read_arrays(
                run_context.store.path("frames", f"{tmdb_id}.npz")
            )
            path = site.folder / "store" / "clips" / f"{tmdb_id}.mp4"
            assert len(arrays["clip_pts_s"]) == row.metadata["clips"]
            assert sum(1 for _ in read_clips(path)) == row.metadata["clips"]
            assert len(arrays["frames"]) == row.metadata["frames_kept"]
