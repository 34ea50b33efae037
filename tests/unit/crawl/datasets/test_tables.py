"""Files of rows: found, checked, and read on behind whatever is wrong in them."""

import gzip
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets import csv_tables
from pipeline.crawl.datasets.csv_tables import Row, find_file, open_main_table, open_table
from pipeline.crawl.datasets.dump_rows import RejectedRow, RejectionReason


def read(path, content, wanted=("id", "title")):
    path.write_bytes(content)
    return list(open_table(path, wanted).read_rows())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "movies.csv"


def test_row_says_on_which_line_it_begins(path):
    rows = read(path, b'id,title\n1,"A\nB"\n2,C\n')
    assert [row.where for row in rows] == ["movies.csv line 2", "movies.csv line 4"]
    assert rows[0].cells == {"id": "1", "title": "A\nB"}


def test_cells_lose_their_outer_space_also_the_unbreakable_one(path):
    assert read(path, "id,title\n1,Avatar\xa0  \n".encode())[0].cells["title"] == "Avatar"


def test_compressed_file_is_known_by_its_content(path):
    assert read(path, gzip.compress(b"id,title\n1,A\n"))[0].cells["id"] == "1"


def test_plain_file_may_be_named_as_if_it_were_compressed(tmp_path):
    assert read(tmp_path / "movies.csv.gz", b"id,title\n1,A\n")[0].cells["id"] == "1"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_byte_order_mark_blank_lines_and_line_ends_do_not_matter(path, newline):
    content = newline.join([b"\xef\xbb\xbfid,title", b"", b"1,A", b"", b"2,B", b""])
    assert [row.cells["id"] for row in read(path, content)] == ["1", "2"]


BAD_ROWS = {
    "too few columns": b"9",
    "too many columns": b"9,X,Y",
    "an open quote": b'9,"X',
    "text behind a quote": b'9,"X"Y',
    "a NUL byte": b"9,X\x00",
    "Latin-1": "9,Amélie".encode("latin-1"),
    "UTF-16": "9,X".encode("utf-16"),
    "half of a pair": b"9,\xed\xa0\xbd",
    "a lone carriage return": b"9,X\rY",
    "a line without end": b"9," + b"x" * (csv_tables.MAX_ROW_BYTES + 1),
    "a line at the limit of reading": b"9," + b"x" * (csv_tables.MAX_ROW_BYTES - 2),
}


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_row_is_refused_and_its_neighbours_go_on(path, bad):
    rows = read(path, b"id,title\n1,A\n" + bad + b"\n2,B\n3,C\n")
    assert [row.cells["id"] for row in rows if isinstance(row, Row)] == ["1", "2", "3"]
    refused = [row for row in rows if isinstance(row, RejectedRow)]
    assert refused
    assert refused[0].row == "movies.csv line 3"
    assert {row.reason for row in refused} == {RejectionReason.MALFORMED}
    assert all(row.detail for row in refused)


def test_open_quote_does_not_swallow_the_rows_behind_it(path):
    good = [f"{i},A {i}" for i in range(1000)]
    rows = read(path, "\n".join(["id,title", '7,"never closed', *good]).encode())
    assert [row.row for row in rows if isinstance(row, RejectedRow)] == ["movies.csv line 2"]
    assert sum(isinstance(row, Row) for row in rows) == 1000


def test_two_open_quotes_do_not_make_one_row(path):
    rows = read(path, b'id,title\n1,"A\n2,"B\n3,C\n')
    assert [row.row for row in rows if isinstance(row, RejectedRow)] == [
        "movies.csv line 2",
        "movies.csv line 3",
    ]
    assert rows[-1].cells == {"id": "3", "title": "C"}


def test_open_quote_in_front_of_a_line_without_end_loses_those_two_alone(path):
    long = b"x" * (csv_tables.MAX_ROW_BYTES + 1)
    rows = read(path, b'id,title\n1,"A\n2,B\n' + long + b"\n3,C\n")
    assert [row.cells["id"] for row in rows if isinstance(row, Row)] == ["2", "3"]


def test_line_without_end_is_not_held_in_memory(path):
    with gzip.open(path, "wb", compresslevel=1) as handle:
        handle.write(b"id,title\n1,")
        for _ in range(64):
            handle.write(b"x" * 2**20)
        handle.write(b"\n2,B\n")
    tracemalloc.start()
    rows = list(open_table(path, ["id"]).read_rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [isinstance(row, Row) for row in rows] == [False, True]
    assert peak < 4 * csv_tables.MAX_ROW_BYTES


BAD_HEADERS = {
    "nothing": (b"", "empty"),
    "semicolons": (b"id;title\n1;A\n", "lacks the columns id, title"),
    "tabs": (b"id\ttitle\n1\tA\n", "commas"),
    "a column less": (b"id,name\n", "lacks the columns title"),
    "a column twice": (b"id,title,title\n", "title"),
    "UTF-16": ("id,title\n1,A\n".encode("utf-16"), "no readable header|no header"),
    "a zip archive": (b"PK\x03\x04", "unpack it"),
    "half a gzip": (gzip.compress(b"id,title\n" * 9)[:12], "download it again"),
    "a gzip of nothing known": (b"\x1f\x8bxxxxxxxxxxxx", "download it again"),
    "a picture": (b"\xff\xd8\xff\xe0" + bytes(99), "no readable header|no header"),
}


@pytest.mark.parametrize(("content", "says"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_file_that_is_no_such_table_is_named_with_the_remedy(path, content, says):
    path.write_bytes(content)
    with pytest.raises(DumpError, match=says) as raised:
        open_table(path, ["id", "title"])
    assert "movies.csv" in str(raised.value)


def test_cut_off_download_is_named_when_its_end_is_reached(path):
    content = gzip.compress(b"id,title\n" + b"".join(b"%d,A\n" % i for i in range(50_000)))
    path.write_bytes(content[:-2000])
    rows = open_table(path, ["id"]).read_rows()
    assert next(rows).cells["id"] == "0"
    with pytest.raises(DumpError, match=r"movies\.csv is damaged behind line .* download it again"):
        list(rows)


def test_folder_without_the_file_is_named_with_what_was_looked_for(tmp_path):
    with pytest.raises(DumpError, match=r"looked for a\.csv or b\.csv .* Pass the folder"):
        open_main_table(tmp_path, "tmdb5000", ["a.csv", "b.csv"], ["id"])


def test_path_that_is_nowhere_is_named(tmp_path):
    with pytest.raises(DumpError, match=r"nowhere holds no tmdb5000 dump"):
        open_main_table(tmp_path / "nowhere", "tmdb5000", ["a.csv"], ["id"])


def test_main_file_itself_may_be_given_whatever_its_name(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(b"id\n1\n")
    assert open_main_table(path, "tmdb5000", ["a.csv"], ["id"]).path == path


def test_second_table_is_found_beside_the_main_file(tmp_path):
    (tmp_path / "b.csv.gz").touch()
    assert find_file(tmp_path / "a.csv", ["x.csv", "b.csv"]) == tmp_path / "b.csv.gz"


def test_column_without_a_name_is_called_by_its_place(path):
    path.write_bytes(b",id\n0,1\n")
    assert open_table(path, ["id"]).columns == ("column_1", "id")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b"a", b'""'])))
def test_no_bytes_crash_the_reading(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("fuzz") / "movies.csv"
    for row in read(path, b"id,title\n" + b"".join(pieces) + b"\n1,A\n"):
        assert isinstance(row, Row | RejectedRow)


@settings(max_examples=200, deadline=None)
@given(st.binary())
def test_no_file_crashes_the_opening(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "movies.csv"
    path.write_bytes(content)
    try:
        table = open_table(path, [])
    except DumpError:
        return
    assert all(isinstance(row, Row | RejectedRow) for row in table.read_rows())
