import io
import os
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import av
import numpy as np
import pytest
from PIL import Image

from resources.studio.catalogue import words
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.media.sound import SAMPLE_RATE_HZ, compose_loop
from resources.studio.truth.revenue_truth import (
    NOISE_SD,
    effects,
    expected_log10_revenue,
    reachable_accuracy,
    revenue_usd,
)

N_FILMED = 32


@pytest.fixture(scope="module")
def catalogue(studio_cache):
    return GeneratedCatalogue(3_000, 11, studio_cache)


def explained(features, wanted):
    """R² of ridge regression, each movie predicted from all the others."""
    features = np.asarray(features, float)
    features = (features - features.mean(0)) / (features.std(0) + 1e-9)
    features = np.hstack([features, np.ones((len(features), 1))])
    gram = features.T @ features + np.eye(features.shape[1])
    hat = features @ np.linalg.solve(gram, features.T)
    wanted = np.asarray(wanted)
    missed = (wanted - hat @ wanted) / (1 - np.diag(hat))
    return 1 - (missed**2).sum() / ((wanted - wanted.mean()) ** 2).sum()


def all_traits(catalogue):
    return [catalogue.traits(tmdb_id) for tmdb_id in catalogue.movie_ids()]


def test_every_term_has_the_size_that_is_documented(catalogue):
    terms = [effects(traits, catalogue.seed) for traits in all_traits(catalogue)]
    documented = {
        "base": 0.0, "budget": 0.30, "genre": 0.11, "franchise": 0.14, "cast": 0.15, "plot": 0.22,
        "poster": 0.22, "picture": 0.25, "sound": 0.22,
    }  # fmt: skip
    for name, sd in documented.items():
        assert np.std([term[name] for term in terms]) == pytest.approx(sd, abs=0.02), name


def test_revenue_is_the_expected_one_plus_noise_of_the_size_stated(catalogue):
    missed = [
        np.log10(revenue_usd(catalogue.traits(tmdb_id), catalogue.seed))
        - expected_log10_revenue(catalogue, tmdb_id)
        for tmdb_id in catalogue.movie_ids()
    ]
    assert np.mean(missed) == pytest.approx(0, abs=0.015)
    assert np.std(missed) == pytest.approx(NOISE_SD, abs=0.01)


def test_tmdb_and_imdbpro_know_the_same_revenue(catalogue):
    for tmdb_id in catalogue.movie_ids()[:200]:
        movie = catalogue.summary(tmdb_id)
        known = catalogue.box_office(movie["imdb_id"])
        if known and known["currency"] == "$" and movie["revenue"]:
            assert known["gross_world"] == movie["revenue"]


def test_reachable_accuracy_agrees_with_simulation():
    rng = np.random.default_rng(0)
    means, edges = rng.normal(7.4, 0.6, 300), np.linspace(6.5, 8.3, 7)
    draws = means + 0.2 * rng.standard_normal((4_000, 300))
    classes = np.searchsorted(edges, draws)
    most_frequent = [np.bincount(column).max() / len(column) for column in classes.T]
    assert reachable_accuracy(means, edges, 0.2) == pytest.approx(np.mean(most_frequent), abs=0.01)


def test_reachable_accuracy_falls_with_noise():
    means, edges = np.linspace(6, 9, 50), np.linspace(6.5, 8.3, 7)
    figures = [reachable_accuracy(means, edges, sd) for sd in (0.001, 0.05, 0.1, 0.2, 0.3)]
    assert figures == sorted(figures, reverse=True)
    assert figures[0] > 0.95
    assert all(0 < figure <= 1 for figure in figures)


def test_words_of_the_overview_show_the_plot_term(catalogue):
    movies = [catalogue.summary(tmdb_id) for tmdb_id in catalogue.movie_ids()[:150]]
    movies = [movie for movie in movies if movie["overview"]]
    vocabulary = words.HIGH_CONCEPTS + words.QUIET_CONCEPTS
    features = [[word in m["overview"].lower() for word in vocabulary] for m in movies]
    plot = [catalogue.traits(movie["id"]).high_concepts for movie in movies]
    assert explained(features, plot) > 0.9


def test_mean_colour_of_the_poster_shows_its_warmth(catalogue):
    posters = [traits for traits in all_traits(catalogue)[:60] if traits.has_poster][:N_FILMED]
    colours = [
        np.asarray(Image.open(io.BytesIO(catalogue.poster(f"/p{traits.tmdb_id}.jpg", 92)))).mean(
            (0, 1)
        )
        for traits in posters
    ]
    assert explained(colours, [traits.warmth for traits in posters]) > 0.8


@pytest.fixture(scope="module")
def filmed(catalogue):
    """Traits of some movies with mean colours of frames and band energies of their trailers."""
    chosen = [t for t in all_traits(catalogue)[:80] if t.has_trailer and t.sound == "music"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        shown = list(pool.map(lambda t: look_and_listen(catalogue, t), chosen[:N_FILMED]))
    return chosen[:N_FILMED], shown


def extremes(catalogue, trait):
    """Return the trailers, with music, of the movies with the least and the most of a trait."""
    shown = [t for t in all_traits(catalogue)[:200] if t.has_trailer and t.sound == "music"]
    ordered = sorted(shown, key=lambda traits: getattr(traits, trait))
    return [look_and_listen(catalogue, traits) for traits in (ordered[0], ordered[-1])]


def test_a_vivid_movie_has_bright_frames(catalogue):
    (pale, _), (vivid, _) = extremes(catalogue, "vividness")
    assert vivid.mean() > pale.mean() + 10


def test_a_movie_of_high_pitch_sounds_higher(catalogue):
    (_, low), (_, high) = extremes(catalogue, "pitch")
    assert np.argmax(high) > np.argmax(low) + 1


def test_spectrum_of_the_composed_sound_shows_the_pitch(catalogue):
    traits = all_traits(catalogue)[:N_FILMED]
    loops = [compose_loop(t.pitch, random.Random(t.tmdb_id))[0] for t in traits]
    bands = [energies(loop[: 80 * 1024].astype(np.float64)) for loop in loops]
    assert explained(bands, [t.pitch for t in traits]) > 0.5


def look_and_listen(catalogue, traits):
    """Return the mean colour of a trailer's keyframes and the energies of its sound."""
    path = catalogue.trailer(f"mv_{traits.tmdb_id}")
    with av.open(path) as container:
        container.streams.video[0].codec_context.skip_frame = "NONKEY"
        colours = [f.to_ndarray(format="rgb24").mean((0, 1)) for f in container.decode(video=0)]
    with av.open(path) as container:
        samples = np.concatenate(
            [f.to_ndarray()[0] for f, _ in zip(container.decode(audio=0), range(81), strict=False)]
        )
    return np.mean(colours, axis=0), energies(samples[: 80 * 1024])


def energies(samples):
    """Return the logarithms of the energies of 24 bands."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    edges = np.geomspace(90, 4_000, 25)
    bands = [power[(hz >= low) & (hz < high)].sum() for low, high in pairwise(edges)]
    return np.log10(np.array(bands) + 1)


@pytest.mark.slow
def test_colours_of_the_frames_show_the_picture_term(filmed):
    traits, shown = filmed
    # of red, green and blue alone: the hues of the genres are in them too
    assert explained([one[0] for one in shown], [t.vividness for t in traits]) > 0.7


@pytest.mark.slow
def test_spectrum_of_the_sound_shows_the_sound_term(filmed):
    traits, shown = filmed
    assert explained([one[1] for one in shown], [t.pitch for t in traits]) > 0.5


def test_missing_media_keep_their_term(catalogue):
    unseen = next(traits for traits in all_traits(catalogue) if not traits.has_poster)
    assert effects(unseen, catalogue.seed)["poster"] != 0
