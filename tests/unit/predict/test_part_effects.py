"""Effects of parts, and the check that says when their order means nothing."""

import numpy as np
import pytest

from pipeline.predict.part_effects import measure_effects
from pipeline.predict.parts import Part, divide_poster, group_words, keep_areas, keep_words
from pipeline.predict.predictions import Answer, Number, Prediction
from pipeline.predict.why import make_why, remark_on_parts
from pipeline.predict.wording import describe_parts

WEIGHTS = np.array([4.0, -3.0, 2.0, 1.0, 0.5, 0.0])


def test_parts_that_add_up_have_their_own_effects_and_are_relied_on():
    calls = []

    def outcome(kept):
        calls.extend(kept)
        return np.stack([kept @ WEIGHTS, np.full(len(kept), 7.0)], axis=1)

    added, constant = measure_effects(6, outcome)
    assert np.allclose(added.values, WEIGHTS)
    assert added.agreement == pytest.approx(1.0)
    assert constant.values.tolist() == [0.0] * 6
    assert (constant.agreement, constant.is_stable) == (None, True)
    assert len(calls) == 1 + 6 + 12
    halves = np.array(calls[7:])
    assert (halves[0::2] == ~halves[1::2]).all()


def test_parts_that_stand_in_for_each_other_are_not_relied_on():
    """Of two equal parts neither is missed alone; among halves they matter most."""

    def outcome(kept):
        either = 10.0 * kept[:, :2].any(axis=1)
        return (either + kept[:, 2:] @ np.array([0.3, 0.2, 0.1, 0.05]))[:, None]

    def almost(kept):  # so that each of the two has an effect of its own
        return outcome(kept) + 0.01 * kept[:, :2].sum(axis=1, keepdims=True)

    (found,) = measure_effects(6, almost)
    assert np.abs(found.values[:2]).max() < np.abs(found.values[2:]).min()
    assert not found.is_stable
    prediction = Prediction(
        "box_office", "log10_revenue", "regression", None,
        Answer(number=Number(7.0, None, None, "log10 US dollars")),
    )  # fmt: skip
    why = make_why("plot", prediction, [Part(str(n), ()) for n in range(6)], found)["plot"]
    assert "Do not rely on this order" in why.note
    assert not why.is_stable


def test_answers_that_are_impossible_without_a_part_count_for_nothing():
    def outcome(kept):
        return np.where(kept[:, 1], kept @ WEIGHTS, np.nan)[:, None]

    (found,) = measure_effects(6, outcome)
    assert np.isnan(found.values[1])
    assert np.allclose(np.delete(found.values, 1), np.delete(WEIGHTS, 1))
    assert found.is_stable


@pytest.mark.parametrize("n_parts", [1, 2])
def test_one_or_two_parts_cannot_be_ranked(n_parts):
    (found,) = measure_effects(n_parts, lambda kept: kept.sum(axis=1, keepdims=True).astype(float))
    assert found.values.tolist() == [1.0] * n_parts
    assert found.agreement is None


def test_long_plots_are_divided_into_groups_of_words_that_cover_them():
    text = "  ".join(f"word{n}" for n in range(100))
    parts = group_words(text)
    assert len(parts) == 24
    assert keep_words(text, parts, np.ones(24, bool)).split() == text.split()
    assert keep_words(text, parts, np.arange(24) == 1).split() == parts[1].name.split()
    assert group_words("") == group_words(" ") == []


def test_areas_cover_a_poster_of_any_size_once():
    pixels = np.random.default_rng(0).integers(0, 255, (101, 67, 3), np.uint8)
    parts = divide_poster()
    assert (keep_areas(pixels, parts, np.ones(len(parts), bool)) == pixels).all()
    hidden = keep_areas(pixels, parts, np.zeros(len(parts), bool))
    assert (hidden == hidden[0, 0]).all()
    changed = [
        (keep_areas(pixels, parts, np.arange(len(parts)) != n) != pixels).any(axis=2)
        for n in range(len(parts))
    ]
    assert np.sum(changed, axis=0).max() == 1


def test_wanted_input_of_which_no_part_moves_anything_is_named():
    prediction = Prediction("genre", "genres", "labels", None, None)
    (plot, poster) = remark_on_parts([prediction], ["plot", "poster", "plot"])
    assert plot.startswith("plot: no part of it moves an answer")
    assert poster.startswith("poster: ")


def test_effects_too_small_to_see_are_not_listed():
    prediction = Prediction(
        "genre", "genres", "labels", None, Answer(labels=(), probabilities={"drama": 0.4})
    )
    (tiny,) = measure_effects(3, lambda kept: 0.001 * kept.sum(axis=1, keepdims=True))
    why = make_why("plot", prediction, group_words("A man runs"), tiny)["plot"]
    assert why.unit == "probability of drama"
    assert describe_parts(why) == "none of them alone moves it"
