"""The real dumps beside the checkout: every row is taken or refused, and nothing is lost.

The dumps are read a second time with pandas, so that two readers must agree on every row. Of the
two large ones the first rows are enough here; the whole takes its time and is marked `slow`.
"""

import json
from collections import Counter

import pytest

from pipeline.crawl.datasets.dump_rows import AcceptedRow, RejectedRow
from pipeline.crawl.datasets.titles import normalise_title
from pipeline.crawl.tmdb.responses import parse_details

pytestmark = pytest.mark.real

COUNTS = {
    "tmdb5000": {"taken": 3813},
    "movies-dataset": {"taken": 1330, "duplicate": 1, "unknown_movie": 17},
    "movielens": {"taken": 25274, "malformed": 274, "ambiguous": 75},
    "imdb5000": {"taken": 3972, "duplicate": 105},
    "the-numbers": {"taken": 5782},
    "box-office-mojo": {"taken": 3387},
}
"""What becomes of the rows.

MovieLens: 273 ids that a spreadsheet ate and one more, and 75 rows that share 37 videos. The Movies
Dataset: 17 rows of credits and keywords are of movies that the sample leaves out.
"""


HEAD = 400
LARGE = ("tmdb5000", "movielens")
WHOLE_OR_HEAD = [HEAD, pytest.param(None, marks=pytest.mark.slow)]


@pytest.fixture(
    params=[pytest.param(k, marks=[pytest.mark.slow] if k in LARGE else []) for k in COUNTS]
)
def dump(request, read_real):
    """Return a dump's name and all its rows."""
    return request.param, read_real(request.param)


@pytest.fixture(params=COUNTS)
def head(request, read_real):
    """Return a dump's name and its first rows."""
    return request.param, read_real(request.param, HEAD)


def by_line(rows):
    """Rows without line breaks in them stand on line 2 and on."""
    return {int(row.row.rsplit(" ", 1)[1]): row for row in rows}


def number(text):
    return float(text) if text and float(text) else None


def test_counts_of_rows_taken_and_refused(dump):
    kind, rows = dump
    counts = Counter(row.reason.value if isinstance(row, RejectedRow) else "taken" for row in rows)
    assert counts == COUNTS[kind]


def test_every_refused_row_says_where_it_stands_and_why(dump):
    _, rows = dump
    assert all(row.detail and " line " in row.row for row in rows if isinstance(row, RejectedRow))


def test_reading_twice_gives_the_same(head, read_real):
    kind, rows = head
    assert read_real.__wrapped__(kind, HEAD) == rows


@pytest.mark.parametrize("n", WHOLE_OR_HEAD)
@pytest.mark.parametrize("kind", COUNTS)
def test_fields_can_be_written_as_json_and_become_records(read_real, kind, n):
    for row in read_real(kind, n):
        if isinstance(row, AcceptedRow):
            written = json.dumps(row.fields, ensure_ascii=False, allow_nan=False)
            assert json.loads(written.encode()) == row.fields
            parse_details({"id": 1, **row.fields})


@pytest.mark.parametrize("n", WHOLE_OR_HEAD)
def test_movielens_gives_each_trailer_to_the_linked_movie(read_real, real_table, n):
    rows = by_line(read_real("movielens", n))
    links = real_table("movielens", "links.csv").set_index("movieId").to_dict("index")
    repeated = Counter(link["tmdbId"] for link in links.values())
    trailers = real_table("movielens", "ml-youtube.csv").to_dict("records")
    assert len(trailers) == 25_623
    assert len(rows) == len(trailers[:n])
    for line, trailer in enumerate(trailers[:n], 2):
        row = rows[line]
        if isinstance(row, RejectedRow):
            continue
        link = links.get(trailer["movieId"], {"imdbId": "", "tmdbId": ""})
        is_certain = link["tmdbId"] and repeated[link["tmdbId"]] == 1
        assert row.tmdb_id == (int(link["tmdbId"]) if is_certain else None)
        assert row.imdb_id == (f"tt{link['imdbId']}" if link["imdbId"] else None)
        assert row.fields["videos"]["results"][0]["key"] == trailer["youtubeId"]
        assert row.year is None or f"({row.year})" in trailer["title"]


@pytest.mark.slow
def test_movielens_refuses_what_the_readme_of_the_data_counts(read_real, real_table):
    refused = [row for row in read_real("movielens") if isinstance(row, RejectedRow)]
    eaten = [row for row in refused if "#NAME?" in row.detail]
    malformed = [row for row in refused if row.reason.value == "malformed"]
    assert len(eaten) == 273
    assert len(malformed) - len(eaten) == 1
    shared = Counter(real_table("movielens", "ml-youtube.csv")["youtubeId"])
    del shared["#NAME?"]
    repeats = [count for count in shared.values() if count > 1]
    assert sum(repeats) == COUNTS["movielens"]["ambiguous"]
    assert sum(repeats) - len(repeats) == 38


def test_imdb5000_loses_nothing(read_real, real_table):
    rows = by_line(read_real("imdb5000"))
    movies = real_table("imdb5000", "movie_metadata.csv.gz").to_dict("records")
    assert len(rows) == len(movies) == 4077
    for line, movie in enumerate(movies, 2):
        row = rows[line]
        if isinstance(row, RejectedRow):
            assert row.detail.split(":")[0] in movie["movie_imdb_link"]
            continue
        record = parse_details({"id": 1, **row.fields})
        assert row.imdb_id in movie["movie_imdb_link"]
        assert record.title == movie["movie_title"].strip()
        assert record.runtime_min == number(movie["duration"])
        assert row.year == number(movie["title_year"])
        assert row.fields["marquee_imdb_score"] == float(movie["imdb_score"])
        assert "|".join(record.keywords) == movie["plot_keywords"]
        assert (record.certification_us or "") == movie["content_rating"]
        assert row.fields["marquee_imdb5000"]["genres"] == movie["genres"]
        figures = {k: v for one in row.fields.get("marquee_box_office", []) for k, v in one.items()}
        assert figures.get("domestic", {}).get("amount") == number(movie["gross"])
        assert figures.get("budget", {}).get("amount") == number(movie["budget"])
        is_home = movie["country"] == "USA"
        assert record.budget_usd == (number(movie["budget"]) if is_home else None)


def test_imdb5000_repeats_movies_and_not_only_titles(read_real, real_table):
    movies = real_table("imdb5000", "movie_metadata.csv.gz")
    refused = [row for row in read_real("imdb5000") if isinstance(row, RejectedRow)]
    assert len(refused) == movies["movie_imdb_link"].duplicated().sum()
    equal = [row for row in refused if "equal to" in row.detail]
    assert len(equal) == movies.duplicated().sum() == 38


def test_the_numbers_loses_nothing(read_real, real_table):
    rows = by_line(read_real("the-numbers"))
    movies = real_table("boxoffice", "the_numbers_budgets.csv.gz").to_dict("records")
    columns = {
        "production_budget": "budget",
        "domestic_gross": "domestic",
        "worldwide_gross": "worldwide",
    }
    assert sum(movie["worldwide_gross"] == "$0" for movie in movies) == 367
    for line, movie in enumerate(movies, 2):
        figures = rows[line].fields["marquee_box_office"][0]
        for column, name in columns.items():
            known = number(movie[column].replace("$", "").replace(",", ""))
            assert figures.get(name, {}).get("amount") == known
        assert rows[line].year == int(movie["release_date"][-4:])


def test_box_office_mojo_loses_nothing(read_real, real_table):
    rows = by_line(read_real("box-office-mojo"))
    movies = real_table("boxoffice", "box_office_mojo_gross.csv.gz").to_dict("records")
    in_millions = 0
    for line, movie in enumerate(movies, 2):
        figures = rows[line].fields.get("marquee_box_office", [{}])[0]
        foreign = movie["foreign_gross"]
        if "," in foreign:
            in_millions += 1
            foreign = str(float(foreign.replace(",", "")) * 1e6)
        domestic, foreign = number(movie["domestic_gross"]), number(foreign)
        assert figures.get("domestic", {}).get("amount") == domestic
        worldwide = figures.get("worldwide", {}).get("amount")
        assert worldwide == (pytest.approx(domestic + foreign) if domestic and foreign else None)
    assert in_millions == 5


@pytest.mark.slow
def test_most_rows_without_a_tmdb_id_find_a_movie_by_name(read_real):
    known = {(normalise_title(row.title), row.year) for row in read_real("tmdb5000")}
    joined = {
        kind: sum((normalise_title(row.title), row.year) in known for row in read_real(kind)
                  if isinstance(row, AcceptedRow))
        for kind in ("imdb5000", "the-numbers", "box-office-mojo")
    }  # fmt: skip
    assert joined == {"imdb5000": 3612, "the-numbers": 3023, "box-office-mojo": 737}
