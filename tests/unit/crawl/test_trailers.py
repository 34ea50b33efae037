"""Which of a movie's videos stands for it."""

from datetime import date

import pytest

from pipeline.crawl.trailers import rank_trailers
from pipeline.records import Video

RELEASE = date(2020, 6, 15)


def video(key, **fields):
    given = {
        "site": "YouTube",
        "kind": "Trailer",
        "language": "en",
        "is_official": True,
        "published_at": "2020-01-01T00:00:00.000Z",
    }
    return Video(key, **{**given, **fields})


def rank(*videos, language="en", release_date=RELEASE):
    return "".join(found.key for found in rank_trailers(videos, language, release_date))


def test_official_comes_before_unofficial():
    assert rank(video("a", is_official=False), video("b", kind="Clip")) == "ba"


def test_trailer_comes_before_teaser_before_clip():
    kinds = {"a": "Clip", "b": "Teaser", "c": "Trailer"}
    assert rank(*(video(key, kind=kind) for key, kind in kinds.items())) == "cba"


@pytest.mark.parametrize("kind", ["Featurette", "Behind the Scenes", "Bloopers", ""])
def test_other_kinds_do_not_stand_for_a_movie(kind):
    assert rank(video("a", kind=kind)) == ""


def test_own_language_comes_before_english_before_others():
    languages = {"a": "fr", "b": "", "c": "en", "d": "ko"}
    videos = [video(key, language=language) for key, language in languages.items()]
    assert rank(*videos, language="ko") == "dcab"
    assert rank(*videos, language="") == "cabd"


def test_latest_before_release_comes_first_then_the_earliest_after_it():
    days = {"a": "2020-07-01", "b": "2020-01-01", "c": "2021-01-01", "d": "2020-06-15", "e": ""}
    assert rank(*(video(key, published_at=day) for key, day in days.items())) == "dbace"


def test_without_release_date_the_latest_comes_first():
    days = {"a": "2020-01-01", "b": "2021-01-01"}
    videos = [video(key, published_at=day) for key, day in days.items()]
    assert rank(*videos, release_date=None) == "ba"


def test_language_counts_more_than_the_day():
    assert rank(video("a", language="fr", published_at="2020-06-01"), video("b")) == "ba"


def test_equal_ones_keep_their_order():
    assert rank(video("b"), video("a"), video("c")) == "bac"


@pytest.mark.parametrize("site", ["Vimeo", "", "Dailymotion"])
def test_site_that_cannot_be_fetched_is_left_out(site):
    assert rank(video("a", site=site), video("b", site="youtube")) == "b"


def test_video_listed_twice_is_tried_once():
    assert rank(video("a"), video("b"), video("a", kind="Clip")) == "ab"


def test_no_video_gives_no_candidate():
    assert rank() == ""


def test_senseless_day_comes_last():
    assert rank(video("a", published_at="soon"), video("b", published_at="2030-01-01")) == "ba"
