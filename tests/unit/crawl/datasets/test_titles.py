"""Titles that are spelled differently and mean the same, and those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.datasets.titles import join_key, normalise_title, restore_article


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Matrix, The", "The Matrix"),
        ("MATRIX", "The Matrix"),
        ("Avatar\xa0            ", "Avatar"),
        ("Les Misérables", "Misérables, Les"),
        ("Avventura, L'", "L’Avventura"),
        ("Tom & Jerry", "Tom and Jerry"),
        ("At World’s End", "At World's End"),
        ("Spider-Man 3", "Spider Man 3"),
        ("Mission: Impossible—Fallout", "Mission: Impossible - Fallout"),
        ("WALL·E", "WALL-E"),
        ("10,000 B.C.", "10,000 BC"),
        ("S.W.A.T.", "SWAT"),
        ("Mr. Holland's Opus", "Mr Hollands Opus"),
        ("Alien³", "Alien 3"),
        ("Brüno", "Bruno"),
        ("Smørrebrød", "Smorrebrod"),
        ("Straße", "STRASSE"),
        ("Ｔｒｏｎ", "TRON"),
        ("The A-Team", "A Team"),
        ("Rocky Ⅱ", "Rocky II"),
        ("8½", "8 1/2"),
        ("−1", "-1"),
        ("We’re No Angels", "We're No Angels"),
        ("Schindler's List", "Schindlers List"),
    ],
)
def test_spellings_that_mean_the_same(one, other):
    assert normalise_title(one) == normalise_title(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rocky II", "Rocky 2"),
        ("Rocky II", "Rocky III"),
        ("Die Hard", "Hard"),
        ("La La Land", "Land"),
        ("!!!", "???"),
        ("がま", "かま"),
        ("2:22", "222"),
        ("The Lion King (in 3D)", "The Lion King"),
        ("Me, Myself, I", "I Me, Myself"),
        ("1", "+1"),
        ("1", "-1"),
        ("Horror", "#Horror"),
        ("100", "100%"),
        ("9", "$9"),
        ("C", "C++"),
        ("45", ".45"),
        ("We're No Angels", "Were No Angels"),
        ("I'd", "Id"),
        ("Can't", "Cant"),
        ("'71", "71"),
    ],
)
def test_spellings_that_mean_something_else(one, other):
    assert normalise_title(one) != normalise_title(other)


@pytest.mark.parametrize("title", ["The", "A", "$", "#", "!!!", "The The"])
def test_title_is_never_taken_away_whole(title):
    assert normalise_title(title)


@pytest.mark.parametrize("title", ["Matrix, Reloaded", "The Matrix", "Me, Myself, I", ""])
def test_title_without_an_article_behind_it_stays(title):
    assert restore_article(title) == title


def test_key_holds_the_year():
    assert join_key("King Kong", 1933) != join_key("King Kong", 2005)


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    once = normalise_title(text)
    assert normalise_title(once) == once
    assert bool(once) == bool(text.strip())


@given(st.text(), st.text(alphabet=" \t\n\xa0"))
def test_outer_space_and_case_do_not_count(text, space):
    assert normalise_title(space + text + space) == normalise_title(text)
