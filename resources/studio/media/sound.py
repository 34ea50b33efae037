"""Composes the sound of a trailer: a loop of tones and beats whose pitch and pace are planted."""

import random

import numpy as np

from resources.studio.catalogue.traits import WIDEST

SAMPLE_RATE_HZ = 22_050
PACKET_SAMPLES = 1024
"""Samples in one AAC packet."""
LOOP_PACKETS = 86
LOOP_SAMPLES = LOOP_PACKETS * PACKET_SAMPLES
LOOP_S = LOOP_SAMPLES / SAMPLE_RATE_HZ
"""About 4 s. Every tone and beat fits it a whole number of times, so it repeats seamlessly."""
LOWEST_HZ, HIGHEST_HZ = 110.0, 880.0
SLOWEST_BPM, FASTEST_BPM = 60.0, 150.0


def tone_hz(pitch: float) -> float:
    """Return the ground tone, three octaves from the lowest pitch to the highest.

    Example:
        >>> tone_hz(-WIDEST), tone_hz(WIDEST)
        (110.0, 880.0)
    """
    share = (pitch / WIDEST + 1) / 2
    return round(LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** share, 6)


def compose_loop(pitch: float, rng: random.Random) -> np.ndarray:
    """Compose the loop: float32 (2, `LOOP_SAMPLES`), within ±1.

    Args:
        pitch: Of the ground tone and the pace, in [-WIDEST, WIDEST].
        rng: Chance, for the accompaniment.
    """
    time_share = np.arange(LOOP_SAMPLES, dtype=np.float32) / LOOP_SAMPLES
    bpm = SLOWEST_BPM + (FASTEST_BPM - SLOWEST_BPM) * (pitch / WIDEST + 1) / 2
    beats = round(bpm * LOOP_S / 60)
    since_beat = (time_share * beats) % 1
    pulse = np.exp(-5 * since_beat)
    ground = tone_hz(pitch)
    third = rng.choice((1.2, 1.25))
    tones = sum(
        strength * _tone(ground * ratio, time_share)
        for ratio, strength in ((1, 0.30), (third, 0.12), (1.5, 0.12), (2, 0.06))
    )
    melody = tones * (0.45 + 0.55 * pulse)
    noise = np.random.default_rng(rng.getrandbits(32))
    hiss = noise.standard_normal(LOOP_SAMPLES, dtype=np.float32)
    drum = hiss * (0.05 * np.exp(-18 * since_beat) + 0.004)
    sway = 0.15 * np.sin(2 * np.pi * time_share)
    return np.stack([melody * (1 + sway) + drum, melody * (1 - sway) + drum]).astype(np.float32)


def _tone(hz: float, time_share: np.ndarray) -> np.ndarray:
    # A float32 phase would be off after a few hundred turns, so only its fraction is kept.
    turns = (time_share.astype(np.float64) * round(hz * LOOP_S)) % 1
    return np.sin(2 * np.pi * turns.astype(np.float32))
