"""Answers about films of the store are remembered, within bounds, until anything changes."""

from datetime import date
from itertools import count

from assets.serve.answer_cache import MAX_ANSWERS, AnswerCache
from assets.serve.request_fields import read_request

DAY = date(2030, 1, 1)


def asker():
    """Return what asks a new cache; each answer that is made has another number."""
    cache, numbers = AnswerCache(), count()

    def ask(values, version="a", today=DAY):
        asked = read_request(values, lambda _: None)
        return cache.find(asked, version, today, lambda: {"number": next(numbers)})["number"]

    return ask


def test_film_that_is_asked_about_again_has_the_same_answer():
    ask = asker()
    assert [ask({"tmdb_id": 1}), ask({"tmdb_id": 2}), ask({"tmdb_id": 1})] == [0, 1, 0]
    assert ask({"tmdb_id": 1, "systems": ["genre"]}) == 2
    assert ask({"tmdb_id": 1, "explain": True}) == 3


def test_other_features_models_or_days_make_other_answers():
    ask = asker()
    assert ask({"tmdb_id": 1}) == 0
    assert ask({"tmdb_id": 1}, version="b") == 1
    assert ask({"tmdb_id": 1}, version="b", today=DAY.replace(day=2)) == 2
    assert ask({"tmdb_id": 1}, version="a") == 3


def test_what_somebody_gave_is_not_kept():
    ask = asker()
    assert [ask({"tmdb_id": 1, "plot": "A man."}), ask({"tmdb_id": 1, "plot": "A man."})] == [0, 1]
    assert [ask({"plot": "A man."}), ask({"plot": "A man."})] == [2, 3]


def test_answers_that_were_asked_for_longest_ago_are_forgotten():
    ask = asker()
    for tmdb_id in range(1, MAX_ANSWERS + 1):
        ask({"tmdb_id": tmdb_id})
    assert ask({"tmdb_id": 1}) == 0
    ask({"tmdb_id": MAX_ANSWERS + 1})  # film 2 goes
    assert ask({"tmdb_id": 1}) == 0
    assert ask({"tmdb_id": 2}) == MAX_ANSWERS + 1
