"""Render trailers: scenes, cuts, black at both ends, a title card, sound, as H.264 + AAC mp4."""

import random
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from resources.studio.catalogue.draws import chance
from resources.studio.catalogue.traits import WIDEST, Traits
from resources.studio.media.scenes import (
    FASTEST_PX,
    HEIGHT_PX,
    SLOWEST_PX,
    WIDTH_PX,
    Backdrop,
    choose_look,
    darken,
    paint_title_card,
    scenery_colour,
)
from resources.studio.media.sound import LOOP_PACKETS, PACKET_SAMPLES, SAMPLE_RATE_HZ, compose_loop

FRAMES_PER_S = 12
DURATION_S = (8.0, 12.0)
"""Short, as teasers are: what is drawn and encoded is most of the studio's work."""
LONG_SHARE, LONG_S = 0.06, 34.0
"""Share of trailers that are longer than the 30 s of sound which the pipeline keeps; how long."""
KEYFRAME_FRAMES = 12
"""Frames from one keyframe to the next: a second, so that there is one in every scene."""
BLACK_S, FADE_S, CARD_S = 0.75, 0.75, 1.5
SCENE_S = (1.0, 2.2)
BACKDROPS = 2
JITTER = 0.15
"""Standard deviation of a scene's vividness about the movie's."""
PREROLL_PACKETS = 4
"""Encoded and dropped, so that the loop's packets are those of an endless tone."""


def render_trailer(path: Path, traits: Traits, title: str, key: str) -> None:
    """Encode a trailer; the same arguments give the same bytes.

    Args:
        path: The new mp4 file.
        traits: The movie's traits; `vividness`, `contrast`, `trailer_genre_ids`, `pitch` and
            `sound` show.
        title: Lettered on the title card.
        key: Decides the cut; another key is another trailer of the same movie.
    """
    rng = chance(key, "trailer")
    n_frames = round(draw_duration_s(rng) * FRAMES_PER_S)
    with av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as container:
        video = container.add_stream(
            "libx264", rate=FRAMES_PER_S,
            options={"preset": "ultrafast", "crf": "28", "g": str(KEYFRAME_FRAMES)},
        )  # fmt: skip
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        video.codec_context.thread_count = 1  # several trailers are rendered at once instead
        sound = iter(())
        if traits.sound != "none":
            audio = container.add_stream(
                "aac", rate=SAMPLE_RATE_HZ, layout="stereo", options={"aac_coder": "fast"}
            )
            audio.bit_rate = 64_000
            loop = compose_loop(traits.pitch, rng) * (traits.sound == "music")
            n_packets = -(-n_frames * SAMPLE_RATE_HZ // (FRAMES_PER_S * PACKET_SAMPLES))
            sound = _repeat_packets(_encode_loop(audio, loop), audio, n_packets)
        for array in _cut_frames(traits, title, n_frames, rng):
            frame = av.VideoFrame.from_ndarray(array, format="yuv420p")
            container.mux(video.encode(frame))
            container.mux([p for _, p in zip(range(4), sound, strict=False)])
        container.mux(video.encode())
        container.mux(list(sound))


def draw_duration_s(rng: random.Random) -> float:
    """Draw how long a trailer lasts; a few are long."""
    if rng.random() < LONG_SHARE:
        return LONG_S
    return rng.uniform(*DURATION_S)


def _cut_frames(
    traits: Traits, title: str, n_frames: int, rng: random.Random
) -> Iterator[np.ndarray]:
    """Yield black, a fade, scenes with a title card among them, a fade, black."""
    black, fade = round(BLACK_S * FRAMES_PER_S), round(FADE_S * FRAMES_PER_S)
    inner = n_frames - 2 * black
    dark = darken(paint_title_card("", (0, 0, 0)), 1.0)
    yield from [dark] * black
    for number, frame in enumerate(_play_scenes(traits, title, inner, rng)):
        from_end = min(number, inner - 1 - number)
        yield darken(frame, 1 - (from_end + 1) / (fade + 1)) if from_end < fade else frame
    yield from [dark] * black


def _play_scenes(
    traits: Traits, title: str, n_frames: int, rng: random.Random
) -> Iterator[np.ndarray]:
    backdrops = [Backdrop(rng) for _ in range(BACKDROPS)]
    card_at, card_frames = round(n_frames * rng.uniform(0.2, 0.5)), round(CARD_S * FRAMES_PER_S)
    played, has_shown_card = 0, False
    while played < n_frames:
        if played >= card_at and not has_shown_card:
            has_shown_card = True
            red, green, blue = scenery_colour(traits.vividness)
            scene = [paint_title_card(title, (red // 3, green // 3, blue // 3))] * card_frames
        else:
            scene = _play_scene(traits, rng.choice(backdrops), rng)
        scene = scene[: n_frames - played]
        yield from scene
        played += len(scene)


def _play_scene(traits: Traits, backdrop: Backdrop, rng: random.Random) -> list[np.ndarray]:
    mood = max(-WIDEST, min(WIDEST, rng.gauss(traits.vividness, JITTER)))
    pan_px = SLOWEST_PX + (FASTEST_PX - SLOWEST_PX) * (mood / WIDEST + 1) / 2
    return backdrop.render(
        choose_look(mood, traits.contrast, traits.trailer_genre_ids),
        round(rng.uniform(*SCENE_S) * FRAMES_PER_S), pan_px, rng.randrange(WIDTH_PX),
    )  # fmt: skip


def _encode_loop(audio: av.AudioStream, loop: np.ndarray) -> list[bytes]:
    """Encode the loop once, between a bit of its end and a bit of its start."""
    lead = PREROLL_PACKETS * PACKET_SAMPLES
    padded = np.concatenate([loop[:, -lead:], loop, loop[:, :lead]], axis=1)
    packets = []
    for start in range(0, padded.shape[1], PACKET_SAMPLES):
        block = np.ascontiguousarray(padded[:, start : start + PACKET_SAMPLES])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.rate, frame.pts = SAMPLE_RATE_HZ, start
        packets += [bytes(packet) for packet in audio.encode(frame)]
    return packets[PREROLL_PACKETS : PREROLL_PACKETS + LOOP_PACKETS]


def _repeat_packets(
    packets: list[bytes], audio: av.AudioStream, n_packets: int
) -> Iterator[av.Packet]:
    """Play the loop over and over: encoding it once is what keeps a trailer cheap."""
    for number in range(n_packets):
        packet = av.Packet(packets[number % len(packets)])
        packet.stream = audio
        packet.time_base = audio.codec_context.time_base
        packet.pts = packet.dts = number * PACKET_SAMPLES
        packet.duration = PACKET_SAMPLES
        packet.is_keyframe = True
        yield packet
