"""Which of a movie's videos stands for it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.records import Video
from pipeline.crawl.tmdb.trailer_ranking import rank_trailers

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


def test_latest_of_one_day_comes_first():
    hours = {"a": "2020-01-01T08:00:00.000Z", "b": "2020-01-01T20:00:00.000Z"}
    assert rank(*(video(key, published_at=at) for key, at in hours.items())) == "ba"


def test_equal_ones_follow_their_keys():
    assert rank(video("b"), video("a"), video("c")) == "abc"


@pytest.mark.parametrize("site", ["Vimeo", "", "Dailymotion"])
def test_site_that_cannot_be_fetched_is_left_out(site):
    assert rank(video("a", site=site), video("b", site="youtube")) == "b"


def test_video_listed_twice_is_tried_once_where_its_better_listing_stands():
    assert rank(video("a", kind="Clip"), video("b", kind="Teaser"), video("a")) == "ab"


def test_no_video_gives_no_candidate():
    assert rank() == ""


def test_senseless_day_comes_last():
    assert rank(video("a", published_at="soon"), video("b", published_at="2030-01-01")) == "ba"


MOMENTS = ["", "soon", "2020-01-01", "2020-06-15T09:00:00.000Z", "2020-06-15T21:00:00.000Z",
           "2020-06-16T00:00:00.000Z", "2021-03-03T00:00:00Z"]  # fmt: skip
VIDEOS = st.builds(
    Video,
    key=st.sampled_from("abcdef"),
    site=st.sampled_from(["YouTube", "youtube", "Vimeo"]),
    kind=st.sampled_from(["Trailer", "Teaser", "Clip", "Featurette"]),
    name=st.sampled_from(["", "One"]),
    language=st.sampled_from(["", "en", "ko", "fr"]),
    is_official=st.booleans(),
    published_at=st.sampled_from(MOMENTS),
    size_px=st.sampled_from([0, 480, 1080]),
)
LANGUAGES = st.sampled_from(["", "en", "ko"])
RELEASES = st.sampled_from([None, RELEASE])


@given(st.lists(VIDEOS, max_size=8).flatmap(lambda v: st.tuples(st.just(v), st.permutations(v))),
       LANGUAGES, RELEASES)  # fmt: skip
def test_order_does_not_depend_on_how_tmdb_lists_them(lists, language, release):
    listed, shuffled = lists
    assert rank_trailers(listed, language, release) == rank_trailers(shuffled, language, release)


@given(st.lists(VIDEOS, max_size=8), LANGUAGES, RELEASES)
def test_every_candidate_is_kept_once_and_ranking_again_changes_nothing(videos, language, release):
    ranked = rank_trailers(videos, language, release)
    fit = {v.key for v in videos if v.site != "Vimeo" and v.kind != "Featurette"}
    assert [v.key for v in ranked] == list(dict.fromkeys(v.key for v in ranked))
    assert {v.key for v in ranked} == fit
    assert set(ranked) <= set(videos)
    assert rank_trailers(ranked, language, release) == ranked


@given(st.lists(VIDEOS, max_size=8), LANGUAGES, RELEASES)
def test_order_of_two_does_not_depend_on_the_others(videos, language, release):
    ranked = rank_trailers(videos, language, release)
    for place, first in enumerate(ranked):
        for second in ranked[place + 1 :]:
            assert rank_trailers([second, first], language, release) == (first, second)


def as_the_issue_says(video, language, release):
    """The four rules, written down once more in another way; smaller is better."""
    day = video.published_at[:10] if video.published_at[:2] == "20" else None
    if day is None:
        time = "c"
    elif release is None or day <= release.isoformat():
        time = "a" + "".join(chr(0x7F - ord(c)) for c in day)
    else:
        time = "b" + day
    spoken = {language: "1"} if language else {}
    return (
        {True: "official", False: "unofficial"}[video.is_official],
        {"Trailer": "1", "Teaser": "2", "Clip": "3"}[video.kind],
        {**{"en": "2"}, **spoken}.get(video.language, "3"),
        time,
    )


@given(st.lists(VIDEOS, max_size=8), LANGUAGES, RELEASES)
def test_order_is_that_of_the_rules(videos, language, release):
    ranked = [
        as_the_issue_says(v, language, release) for v in rank_trailers(videos, language, release)
    ]
    assert ranked == sorted(ranked)
