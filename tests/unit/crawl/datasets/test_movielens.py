"""MovieLens' trailers, by hand: ids that a spreadsheet ate, and videos of several movies."""

import pytest

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import RejectionReason
from pipeline.crawl.datasets.movielens import read, split_title
from pipeline.crawl.tmdb.responses import parse_details

TRAILERS = ("youtubeId", "movieId", "title")
LINKS = ("movieId", "imdbId", "tmdbId")


@pytest.fixture
def write_dump(write_table):
    def write(trailers, links):
        write_table("links.csv", LINKS, *links)
        return write_table("ml-youtube.csv", TRAILERS, *trailers)

    return write


def test_row_is_a_trailer_of_the_linked_movie(write_dump):
    path = write_dump([["K26_sDKnvMU", 1, "Toy Story (1995)"]], [[1, "0114709", 862]])
    taken = next(read(path))
    record = parse_details(taken.fields)
    assert (record.tmdb_id, record.imdb_id, record.title) == (862, "tt0114709", "Toy Story")
    assert [(v.key, v.site, v.kind) for v in record.videos] == [
        ("K26_sDKnvMU", "YouTube", "Trailer")
    ]
    assert record.release_date is None
    assert (taken.tmdb_id, taken.title, taken.year) == (862, "Toy Story", 1995)
    assert taken.fields["marquee_movielens"] == {"movieId": 1, "title": "Toy Story (1995)"}


@pytest.mark.parametrize(
    ("text", "title", "year"),
    [
        ("American President, The (1995)", "The American President", 1995),
        ("Misérables, Les (1995)", "Les Misérables", 1995),
        ("Léon: The Professional (a.k.a. The Professional) (Léon) (1994)",
         "Léon: The Professional", 1994),
        ("Jack's Back (1988) ", "Jack's Back", 1988),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", 2009),
        ("Bicycle, Spoon, Apple (Bicicleta, cullera, poma)", "Bicycle, Spoon, Apple", None),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("Room (0000)", "Room", None),
        ("(1995)", "", 1995),
        ("", "", None),
    ],
)  # fmt: skip
def test_title_and_year_are_split(text, title, year):
    assert split_title(text) == (title, year)


def test_id_that_a_spreadsheet_ate_is_refused_with_the_movies_name(write_dump, split):
    rows = [["#NAME?", 1, "Heat (1995)"], ["#NAME?", 2, "Casino (1995)"], ["XEH06oFfJSY/", 3, "X"],
            ["", 4, "Y"], ["K26_sDKnvMU", "", "Z"]]  # fmt: skip
    taken, refused = split(read(write_dump(rows, [])))
    assert taken == []
    assert [row.reason for row in refused] == [RejectionReason.MALFORMED] * 3 + [
        RejectionReason.EMPTY,
        RejectionReason.NO_ID,
    ]
    assert "Heat (1995): expected a YouTube id (a spreadsheet" in refused[0].detail


def test_video_of_two_movies_is_refused_for_both_and_says_where_the_other_stands(write_dump, split):
    rows = [["NfRrEUz62Lw", 303, "A (1995)"], ["lsmXhM4yfU0", 22, "B (1995)"],
            ["NfRrEUz62Lw", 67068, "A (1987)"]]  # fmt: skip
    taken, refused = split(read(write_dump(rows, [])))
    assert [row.title for row in taken] == ["B"]
    assert [row.reason for row in refused] == [RejectionReason.AMBIGUOUS] * 2
    assert refused[0].detail.endswith("at ml-youtube.csv line 4")
    assert refused[1].detail.endswith("at ml-youtube.csv line 2")


def test_same_row_twice_is_a_duplicate_and_no_ambiguity(write_dump, split):
    rows = [["NfRrEUz62Lw", 303, "A (1995)"]] * 2 + [["lsmXhM4yfU0", 303, "A (1995)"]]
    taken, refused = split(read(write_dump(rows, [])))
    assert len(taken) == 1
    assert [row.reason for row in refused] == [RejectionReason.DUPLICATE] * 2


def test_movie_without_a_tmdb_id_is_left_to_its_imdb_id(write_dump):
    path = write_dump([["K26_sDKnvMU", 1, "A (1995)"]], [[1, "12345678", ""]])
    taken = next(read(path))
    assert (taken.tmdb_id, taken.imdb_id) == (None, "tt12345678")
    assert "id" not in taken.fields


def test_id_of_several_movies_is_left_out_and_the_other_one_counts(write_dump):
    rows = [["aaaaaaaaaaa", 1, "A (1995)"], ["bbbbbbbbbbb", 2, "B (1996)"], ["ccccccccccc", 3, "C"]]
    links = [[1, "0111613", 105045], [2, "0117398", 105045], [3, "5", 9], [4, "5", 10]]
    first, second, third = read(write_dump(rows, links))
    assert (first.tmdb_id, first.imdb_id) == (None, "tt0111613")
    assert (second.tmdb_id, second.imdb_id) == (None, "tt0117398")
    assert (third.tmdb_id, third.imdb_id) == (9, None)


def test_movie_without_a_link_is_left_to_its_title(write_dump):
    taken = next(read(write_dump([["K26_sDKnvMU", 1, "A (1995)"]], [])))
    assert (taken.tmdb_id, taken.imdb_id, taken.title, taken.year) == (None, None, "A", 1995)


def test_bad_links_are_refused_and_their_movies_left_to_their_titles(write_dump, split):
    links = [[1, "x", 862], ["٣", "1", "2"], [1, "0114709", "862.0"], [1, "7", 8]]
    taken, refused = split(read(write_dump([["K26_sDKnvMU", 1, "A (1995)"]], links)))
    assert [row.row for row in refused] == [f"links.csv line {line}" for line in (2, 3, 5)]
    assert taken[0].tmdb_id == 862


def test_dump_without_links_is_reported_with_the_remedy(write_table):
    path = write_table("ml-youtube.csv", TRAILERS)
    with pytest.raises(DumpError, match=r"Put the links\.csv of a MovieLens download"):
        read(path)
