from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.merging import BOX_OFFICE_KEY, PROVENANCE_KEY, is_known, merge_sources

values = st.one_of(st.none(), st.just(""), st.just(0), st.just([]), st.integers(1, 9), st.text())
fields = st.dictionaries(st.sampled_from(["title", "budget", "overview", "genres"]), values)


def video(key):
    return {"site": "YouTube", "key": key}


def test_tmdb_alone_is_kept_as_it_came():
    answer = {"id": 7, "budget": 0, "something_new": {"x": 1}}
    assert merge_sources([("tmdb", answer)]) == answer


def test_dump_fills_only_what_tmdb_does_not_know():
    merged = merge_sources(
        [("tmdb", {"budget": 0, "revenue": 5}), ("d", {"budget": 3, "revenue": 9})]
    )
    assert (merged["budget"], merged["revenue"]) == (3, 5)
    assert merged[PROVENANCE_KEY] == {"budget": "d", "revenue": "tmdb"}


def test_empty_credits_do_not_hide_a_dumps_credits():
    full = {"cast": [{"id": 1}], "crew": []}
    merged = merge_sources(
        [("tmdb", {"credits": {"cast": [], "crew": []}}), ("d", {"credits": full})]
    )
    assert merged["credits"] == full


def test_videos_of_all_sources_are_candidates_each_once():
    answers = [
        ("tmdb", {"videos": {"results": [video("a")]}}),
        ("d", {"videos": {"results": [video("a"), video("b")]}}),
    ]
    merged = merge_sources(answers)
    assert [v["key"] for v in merged["videos"]["results"]] == ["a", "b"]
    assert merged[PROVENANCE_KEY]["videos"] == "tmdb, d"


def test_broken_videos_of_one_source_do_not_cost_the_others():
    for broken in (None, [], "x", {"results": "x"}, {"results": [None]}):
        merged = merge_sources(
            [("tmdb", {"videos": {"results": [video("a")]}}), ("d", {"videos": broken})]
        )
        assert [v["key"] for v in merged["videos"]["results"]] == ["a"]


def test_figures_of_the_box_office_stand_side_by_side():
    merged = merge_sources(
        [("d", {BOX_OFFICE_KEY: [{"source": "d"}]}), ("e", {BOX_OFFICE_KEY: [{"source": "e"}]})]
    )
    assert [one["source"] for one in merged[BOX_OFFICE_KEY]] == ["d", "e"]


@given(st.lists(st.tuples(st.sampled_from(["tmdb", "d", "e"]), fields), max_size=4))
def test_first_source_that_knows_a_field_gives_it(answers):
    merged = merge_sources(answers)
    for name in {name for _, one in answers for name in one}:
        known = [one[name] for _, one in answers if is_known(one.get(name))]
        assert is_known(merged[name]) == bool(known)
        if known:
            assert merged[name] == known[0]


@given(st.lists(st.tuples(st.sampled_from(["tmdb", "d"]), fields), max_size=4))
def test_every_known_field_of_a_dump_has_its_source(answers):
    merged = merge_sources(answers)
    provenance = merged.get(PROVENANCE_KEY)
    if provenance is not None:
        assert set(provenance) == {
            n for n, v in merged.items() if n != PROVENANCE_KEY and is_known(v)
        }
