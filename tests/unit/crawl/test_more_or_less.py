import pytest

from pipeline.crawl.imdbpro.page_text import drop_see_more


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Short.", "Short."),
        ("", ""),
        ("A man. He ...See moreA man. He falls.\nSee less", "A man. He falls."),
        ("A man. He … See more A man. He falls. See less ", "A man. He falls."),
        ("A man. He ...See more", "A man. He"),
        ("A man. He ...See full summary »\nA man. He falls.\nSee less", "A man. He falls."),
        (
            "They learn to See more and See less of it.",
            "They learn to See more and See less of it.",
        ),
        ("See less", ""),
    ],
)
def test_buttons_go_and_the_text_stays(text, clean):
    assert drop_see_more(text) == clean
