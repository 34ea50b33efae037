"""Franchises found from titles that people confirm, and each movie's predecessors."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from present import present

from pipeline.core.franchise_links import find_links
from pipeline.core.franchises import assign_franchises, count_earlier, franchise_of
from pipeline.core.records import Company, MovieRecord, Person, from_json, to_json

DATA = Path(__file__).resolve().parents[3] / "../shared/data"


def movie(tmdb_id, title, *, year=2000, cast=(), crew=(), companies=(), **fields):
    return MovieRecord(
        tmdb_id, title, release_date=date(year, 1, 1),
        cast=tuple(Person(person, "", "Actor", order) for order, person in enumerate(cast)),
        crew=tuple(Person(person, "", job) for person, job in crew),
        companies=tuple(Company(company, "") for company in companies), **fields,
    )  # fmt: skip


def at_release(movies):
    return [record.release_date for record in movies]


def together(*movies):
    return len({franchise_of(record) for record in assign_franchises(movies)}) == 1


def test_sequel_marks_and_one_shared_person_or_company_join():
    first = movie(1, "Halloween", cast=[10, 11], companies=[5])
    assert together(first, movie(2, "Halloween 4: The Return", cast=[11]))
    assert together(first, movie(2, "Halloween II", cast=[12], companies=[5]))
    assert not together(first, movie(2, "Halloween II", cast=[12], companies=[6]))


def test_one_title_and_nobody_shared_are_two_movies():
    first = movie(1, "The Host", cast=[10], companies=[5])
    assert not together(first, movie(2, "The Host", cast=[11], companies=[5]))
    assert together(first, movie(2, "The Host", cast=[11], crew=[(10, "Writer")]))


def test_without_credits_the_title_decides():
    assert together(MovieRecord(1, "Rocky"), movie(2, "Rocky II", cast=[1]))


def test_title_that_goes_on_requires_several_people():
    first = movie(1, "Harry Potter and the Stone", cast=[10, 11, 12])
    assert together(first, movie(2, "Harry Potter and the Chamber", cast=[10, 11]))
    assert not together(first, movie(2, "Harry Potter and the Chamber", cast=[10]))
    red = movie(3, "Red", cast=[20, 21, 22, 23])
    assert not together(red, movie(4, "Red Dragon", cast=[20, 21]))
    assert together(red, movie(4, "Red Dragon", cast=[20, 21, 22]))


def test_words_that_name_nothing_count_little():
    first = movie(1, "Once Upon a Time in the West", cast=[1, 2, 3])
    assert not together(first, movie(2, "Once Upon a Time in America", cast=[1, 2, 3]))


def test_author_of_characters_joins_with_the_same_actors():
    crew = [(9, "Characters")]
    first = movie(1, "Moonraker", cast=[1, 2], crew=crew)
    assert together(first, movie(2, "Octopussy", cast=[1, 2], crew=[(9, "Novel")]))
    assert not together(first, movie(2, "Octopussy", cast=[1], crew=crew))
    # a director who writes brings the same actors along into unrelated movies
    crew.append((9, "Director"))
    own = movie(1, "A", cast=[1, 2], crew=crew)
    assert not together(own, replace(own, tmdb_id=2, title="B"))


def test_collections_join_and_keep_apart():
    assert together(movie(1, "Alien", collection_id=7), movie(2, "Prometheus", collection_id=7))
    batman = movie(1, "Batman", cast=[1], collection_id=7)
    assert not together(batman, movie(2, "Batman", cast=[1], collection_id=8))


def test_franchise_is_named_by_its_lowest_id_in_any_order():
    movies = [movie(3, "Saw III", cast=[1]), movie(2, "Saw", cast=[1]), movie(9, "Up", cast=[1])]
    named = {record.tmdb_id: record.franchise for record in assign_franchises(movies)}
    assert named == {3: "movie:2", 2: "movie:2", 9: "movie:9"}
    assert named == {r.tmdb_id: r.franchise for r in assign_franchises(movies[::-1])}


def test_franchise_survives_its_file_and_changes_no_other_one():
    [found] = assign_franchises([movie(3, "Saw")])
    assert from_json(to_json(found)) == found
    assert "franchise" not in to_json(movie(3, "Saw"))


def test_later_movie_makes_no_predecessors_of_two_earlier_ones():
    alien = movie(1, "Alien", year=1979, cast=[1, 2, 3])
    predator = movie(2, "Predator", year=1987, cast=[4, 5, 6])
    both = movie(3, "Alien vs. Predator", year=2004, cast=[1, 2, 3, 4, 5, 6])
    after = movie(4, "Predator 2", year=2010, cast=[4])
    movies = [after, both, predator, alien]
    assert count_earlier(movies, at_release(movies), movies) == [3, 2, 0, 0]
    # on the day of the second one nothing connects the two series yet
    assert count_earlier([after], [date(1990, 1, 1)], movies) == [1]


def test_new_movie_is_counted_among_the_known_ones():
    known = [movie(1, "Saw", cast=[1]), movie(2, "Saw II", year=2001, cast=[1])]
    new = movie(9, "Saw III", year=2003, cast=[1])
    assert count_earlier([new, known[1]], at_release([new, known[1]]), known) == [2, 1]


def test_movies_of_one_day_and_without_a_day_are_no_predecessors():
    first, second = movie(1, "Saw", cast=[1]), movie(2, "Saw II", cast=[1])
    undated = replace(movie(3, "Saw III", cast=[1]), release_date=None)
    movies = [first, second, undated]
    assert count_earlier(movies, at_release(movies), movies) == [0, 0, None]


SERIES = (
    ("Harry Potter and the Philosopher's Stone", "Harry Potter and the Order of the Phoenix"),
    ("Batman Returns", "Batman & Robin"),
    ("Die Hard", "A Good Day to Die Hard"),
    ("Raiders of the Lost Ark", "Indiana Jones and the Last Crusade"),
    ("The Bourne Supremacy", "Jason Bourne"),
    ("2 Fast 2 Furious", "Furious 7"),
    ("First Blood", "Rambo: First Blood Part II"),
    ("Twilight", "The Twilight Saga: Eclipse"),
    ("Casino Royale", "Skyfall"),
)
STRANGERS = (
    ("Frozen", "The Frozen"), ("The Train", "Train"), ("RED", "Red Dragon"),
    ("August", "August: Osage County"), ("American Pie", "American Dreamz"),
    ("Edward Scissorhands", "Frankenweenie"), ("Dracula", "Dracula Untold"),
    ("Hamlet", "Hamlet 2"), ("Grown Ups", "The Ridiculous 6"), ("Big", "Big Trouble"),
)  # fmt: skip


@pytest.fixture(scope="module")
def real_franchises():
    from pipeline.crawl.datasets.dump_rows import AcceptedRow
    from pipeline.crawl.datasets.tmdb5000 import read
    from pipeline.crawl.tmdb.responses import parse_details

    if not (DATA / "tmdb5000").is_dir():
        pytest.skip("the real dumps (../shared/data) are not here")
    rows = (row for row in read(DATA / "tmdb5000") if isinstance(row, AcceptedRow))
    found = defaultdict(set)
    for record in assign_franchises([parse_details(row.fields) for row in rows]):
        found[record.title].add(record.franchise)
    return found


@pytest.mark.parametrize("titles", SERIES, ids=lambda titles: titles[0])
def test_known_series_is_one_franchise(real_franchises, titles):
    one, other = (real_franchises[title] for title in titles)
    assert one & other


@pytest.mark.parametrize("titles", STRANGERS, ids=lambda titles: titles[1])
def test_strangers_of_similar_titles_are_not(real_franchises, titles):
    one, other = (real_franchises[title] for title in titles)
    assert one
    assert other
    assert not one & other


def test_franchises_are_about_as_many_as_were_checked_by_hand(real_franchises):
    counts = defaultdict(int)
    for franchises in real_franchises.values():
        for franchise in franchises:
            counts[franchise] += 1
    assert 155 < sum(count > 1 for count in counts.values()) < 180


def test_many_movies_of_one_title_and_people_take_time_linear_in_them():
    movies = [movie(k, f"Film {k}", year=1930 + k % 90, cast=(1, 2, k + 9)) for k in range(1, 561)]
    assert together(*movies)
    assert len(find_links(movies)) < 3 * len(movies), "each with each would be 156,520 pairs"
    assert count_earlier(movies[-1:], [date(1960, 1, 1)], movies) == [
        sum(present(one.release_date) < date(1960, 1, 1) for one in movies)
    ]


def test_company_of_many_movies_joins_those_with_a_number_to_all_others():
    plain = [movie(k, "Hamlet", year=1900 + k, companies=(7,)) for k in range(1, 30)]
    assert not together(*plain), "one title and one company alone are no franchise"
    assert together(*plain, movie(30, "Hamlet 2", year=1910, companies=(7,)))


def test_people_whom_many_movies_share_count_as_much_as_others():
    stars = (1, 2, 3, 4)
    others = [movie(k, f"Gold {chr(97 + k)}ine", year=1950 + k, cast=stars[:3]) for k in range(9)]
    one, other = (movie(50 + k, f"Gold {w}", cast=stars) for k, w in enumerate(("rush", "fever")))
    assert find_links([*others, one, other]) == [(9, 10)]
