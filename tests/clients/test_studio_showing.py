"""What the studio plants of genres, scores and profit, and what its media show of them."""

import io
import random
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from resources.studio.catalogue import words
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.catalogue.traits import (
    KEPT_SHARE,
    MEDIA,
    MISLEADING_SHARE,
    SHOWN_GENRES,
    draw_traits,
)
from resources.studio.media.drawing import draw_poster
from resources.studio.media.scenes import HEIGHT_PX, Backdrop, choose_look
from resources.studio.media.tints import genre_look
from resources.studio.truth.genre_truth import (
    GENRE_IDS,
    first_genre_probabilities,
    genre_probabilities,
    label_probabilities,
    list_states,
)
from resources.studio.truth.profit_truth import profit_probabilities
from resources.studio.truth.revenue_truth import revenue_usd
from resources.studio.truth.score_truth import (
    CONTRAST_SD,
    SCORE_NOISE_SD,
    VIVIDNESS_SD,
    WARMTH_SD,
    expected_score,
)

TEN = tuple(genre_id for genre_id in SHOWN_GENRES if genre_id != 16)
COMEDY, HORROR = 35, 27


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    return GeneratedCatalogue(3_000, 11, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def ids(catalogue):
    return catalogue.movie_ids()[:600]


@pytest.fixture(scope="module")
def all_traits(catalogue):
    return [catalogue.traits(tmdb_id) for tmdb_id in catalogue.movie_ids()]


def has_genres(all_traits, genre_ids):
    return np.array([[one in traits.genre_ids for one in genre_ids] for traits in all_traits])


@pytest.mark.parametrize("medium", MEDIA)
def test_media_show_and_mislead_as_often_as_documented(all_traits, medium):
    has = has_genres(all_traits, SHOWN_GENRES)
    shown = np.array(
        [[one in getattr(t, f"{medium}_genre_ids") for one in SHOWN_GENRES] for t in all_traits]
    )
    assert shown[has].mean() == pytest.approx(KEPT_SHARE, abs=0.015)
    assert shown[~has].mean() == pytest.approx(MISLEADING_SHARE, abs=0.004)


def test_the_first_genre_leads_where_it_shows(all_traits):
    for traits in all_traits[:300]:
        if traits.genre_ids[0] in traits.poster_genre_ids:
            assert traits.poster_genre_ids[0] == traits.genre_ids[0]


def test_states_have_the_shares_that_movies_are_drawn_with(all_traits):
    members, firsts, prior = list_states()
    assert prior.sum() == pytest.approx(1)
    np.testing.assert_allclose(
        prior @ members, has_genres(all_traits, GENRE_IDS).mean(axis=0), atol=0.025
    )
    leading = np.bincount(firsts, prior, len(GENRE_IDS))
    first_ids = [traits.genre_ids[0] for traits in all_traits]
    drawn = [first_ids.count(genre_id) / len(first_ids) for genre_id in GENRE_IDS]
    np.testing.assert_allclose(leading, drawn, atol=0.025)


def test_probabilities_of_genres_are_calibrated_and_rise_with_every_medium(
    catalogue, ids, all_traits
):
    has = has_genres(all_traits[: len(ids)], TEN)
    ids, has = np.array(ids)[has.any(axis=1)], has[has.any(axis=1)]
    scores = []
    for media in ((), ("trailer",), ("trailer", "poster"), MEDIA):
        found = label_probabilities(catalogue, ids, TEN, media)
        assert found.mean() == pytest.approx(has.mean(), abs=0.01)
        scores.append(average_precision_score(has.ravel(), found.ravel()))
    assert scores == sorted(scores)
    assert 0.80 < scores[1] < 0.97
    one = genre_probabilities(catalogue, ids[0], ("trailer",))
    assert one[TEN[0]] == pytest.approx(
        label_probabilities(catalogue, ids[:1], GENRE_IDS)[0, GENRE_IDS.index(TEN[0])]
    )


def test_the_poster_shows_which_genre_comes_first(catalogue, ids, all_traits):
    firsts = np.array([traits.genre_ids[0] for traits in all_traits[: len(ids)]])
    rows = np.isin(firsts, SHOWN_GENRES)
    found = first_genre_probabilities(catalogue, np.array(ids)[rows], SHOWN_GENRES)
    guessed = np.array(SHOWN_GENRES)[found.argmax(axis=1)]
    assert 0.85 < balanced_accuracy_score(firsts[rows], guessed) < 0.98
    assert found.max(axis=1).mean() == pytest.approx((guessed == firsts[rows]).mean(), abs=0.03)


def test_the_poster_parts_comedy_from_horror(catalogue, ids, all_traits):
    firsts = np.array([traits.genre_ids[0] for traits in all_traits[: len(ids)]])
    rows = np.isin(firsts, (COMEDY, HORROR))
    found = first_genre_probabilities(catalogue, np.array(ids)[rows], (COMEDY, HORROR))
    assert 0.93 < balanced_accuracy_score(firsts[rows] == HORROR, found[:, 1] > 0.5) < 1
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_score_is_the_expected_one_plus_noise_of_the_size_stated(catalogue, ids, all_traits):
    scores = np.array([catalogue.summary(i)["vote_average"] for i in ids[:600]])
    seen = np.array([expected_score(catalogue, i) for i in ids[:600]])
    whole = np.array([t.has_poster and t.has_trailer for t in all_traits[:600]])
    assert (scores - seen)[whole].std() == pytest.approx(SCORE_NOISE_SD, abs=0.05)
    total = (CONTRAST_SD**2 + VIVIDNESS_SD**2 + WARMTH_SD**2 + SCORE_NOISE_SD**2) ** 0.5
    assert scores.std() == pytest.approx(total, abs=0.08)
    blind = [expected_score(catalogue, i, ()) for i in ids[:3]]
    assert len(set(blind)) == 1


def test_profit_follows_from_revenue_and_budget_as_likely_as_stated(catalogue, ids, all_traits):
    profits = [
        np.log10(revenue_usd(traits, catalogue.seed)) >= traits.log10_budget
        for traits in all_traits[: len(ids)]
    ]
    poster, everything = (
        profit_probabilities(catalogue, ids, media) for media in (("poster",), MEDIA)
    )
    for found in (poster, everything):
        assert found.mean() == pytest.approx(np.mean(profits), abs=0.04)
    low, high = np.quantile(poster, [0.25, 0.75])
    assert np.mean(np.array(profits)[poster >= high]) > np.mean(np.array(profits)[poster <= low])
    assert 0.6 < roc_auc_score(profits, poster) < roc_auc_score(profits, everything) - 0.05


def test_overview_speaks_of_the_genres_that_the_plot_shows(catalogue, all_traits):
    for traits in all_traits[:100]:
        overview = catalogue.summary(traits.tmdb_id)["overview"]
        found = {i for i, lines in words.GENRE_LINES.items() if any(x in overview for x in lines)}
        assert found == (set(traits.plot_genre_ids) if overview else set())


@pytest.mark.parametrize("genre_id", SHOWN_GENRES)
def test_poster_wears_the_looks_of_its_genres_and_keeps_its_brightness(genre_id):
    plain, tinted = (
        np.asarray(Image.open(io.BytesIO(draw_poster("A", 0.2, "key", 200, ids))).convert("YCbCr"))
        for ids in ((), (genre_id,))
    )
    hue, _ = genre_look(genre_id)
    sky = tinted[15:40, 15:-15, 1:].reshape(-1, 2) - 128.0
    nearest = np.median(sky[np.abs(sky).max(axis=1) > 30], axis=0)
    assert np.dot(nearest, hue) / np.linalg.norm(nearest) / np.linalg.norm(hue) > 0.97
    assert abs(float(plain[..., 0].mean()) - float(tinted[..., 0].mean())) < 12


def film_one(traits):
    """Show one frame of a movie: its luma."""
    backdrop = Backdrop(random.Random(traits.tmdb_id))
    look = choose_look(traits.vividness, traits.contrast, traits.trailer_genre_ids)
    return backdrop.render(look, 1, 1.0, 40)[0][:HEIGHT_PX]


def test_spread_of_the_frames_shows_the_contrast_and_their_mean_the_vividness():
    movies = [draw_traits(5, index) for index in range(60)]
    with ThreadPoolExecutor(2) as pool:
        frames = list(pool.map(film_one, movies))
    spread = [frame.std() for frame in frames]
    assert np.corrcoef(spread, [movie.contrast for movie in movies])[0, 1] > 0.8
    means = [frame[:90].mean() for frame in frames]
    assert np.corrcoef(means, [movie.vividness for movie in movies])[0, 1] > 0.85


def test_hues_of_the_sky_are_those_of_the_trailers_genres():
    look = choose_look(0.0, 0.0, (28, 27))
    frame = Backdrop(random.Random(1)).render(look, 1, 1.0, 0)[0]
    rgb = av.VideoFrame.from_ndarray(frame, format="yuv420p").to_ndarray(format="rgb24")
    left, right = rgb[:60, :150].mean((0, 1)), rgb[:60, 170:310].mean((0, 1))
    assert left[2] > left[0] + 40  # action is blue
    assert right[1] > right[2]
    assert abs(left.mean() - right.mean()) < 40
