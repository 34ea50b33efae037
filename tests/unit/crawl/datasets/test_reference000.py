import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import AcceptedRow, RejectedRow, RejectionReason
from pipeline.crawl.datasets.reference000 import read

BASICS = {"id": 597, "imdb_id": "tt0120338", "title": "Titanic", "release_date": "1997-11-18"}
KEYWORDS = {"id": 597, "keywords": [{"id": 1, "name": "ship"}]}
CREDITS = {"id": 597, "cast": [{"id": 204, "name": "Kate", "order": 0}], "crew": []}
BOXES = "gold,silver,earring\n0.1127,0.4715\n0.9832\n[231.6, 123.3, 244.4, 164.3]\n"
COLUMNS = (
    "imdb_id,N_Theatres,Release Date,Summary,Budget,Opening,Gross_Domestic,Gross_Worldwide,"
    "IMDB Rating,Voters,N_Articles,Awards Summary,MPAA,keyword_tag,Production Company,Distributor,"
    "Directors,Writers,Stars,tmdb_id\n"
)


def put(root, place, content):
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content)
    else:
        np.save(path, content)
    return path


@pytest.fixture
def dump(tmp_path):
    for folder, value in (("basics", BASICS), ("keywords", KEYWORDS), ("credits", CREDITS)):
        put(tmp_path, f"{folder}/597.npy", value)
    put(tmp_path, "posters/597.jpg", b"\xff\xd8\xff\xe0 a JPEG")
    put(tmp_path, "poster_features/597.npy", np.ones((1, 2048, 4, 4), np.float32))
    put(tmp_path, "attr_bbox/597.txt", BOXES)
    return tmp_path


def taken(rows):
    return [row for row in rows if isinstance(row, AcceptedRow)]


def refused(rows):
    return [(row.row, row.reason) for row in rows if isinstance(row, RejectedRow)]


def test_everything_about_a_movie_comes_together(dump):
    (one,) = read(dump)
    assert (one.tmdb_id, one.imdb_id, one.title, one.year) == (597, "tt0120338", "Titanic", 1997)
    assert one.fields == {
        **BASICS,
        "keywords": {"keywords": KEYWORDS["keywords"]},
        "credits": {"cast": CREDITS["cast"], "crew": []},
    }
    assert set(one.files) == {
        "posters/597.jpg",
        "poster_features/597.npy",
        "attr_bbox/597.txt",
    }
    assert one.files["attr_bbox/597.txt"].read_text() == BOXES
    assert one.row.startswith("basics/597.npy, keywords/597.npy")


def test_row_of_the_csv_joins_its_movie_and_says_what_tmdb_does_not(dump):
    row = 'tt0120338,,"Dec 19, 1997",A summary,"$200,000,000",,,"$2,264,743,305",7.9,,,,PG-13,'
    put(dump, "IMDB_crawl_36k_rawdata.csv", f"{COLUMNS}{row},,,,,,597\n{row},,,,,,598\n")
    titanic, other = read(dump)
    assert "IMDB_crawl_36k_rawdata.csv" in titanic.row
    assert titanic.fields["title"] == "Titanic"
    assert titanic.fields["release_date"] == "1997-11-18"
    assert titanic.fields["marquee_box_office"][0]["worldwide"]["amount"] == 2264743305
    assert titanic.fields["overview"] == "A summary"
    assert len(titanic.files) == 3
    assert (other.tmdb_id, other.files) == (598, {})


def test_wrong_csv_beside_the_folders_is_refused_and_alone_is_an_error(dump, tmp_path_factory):
    put(dump, "notes.csv", "a,b\n1,2\n")
    rows = list(read(dump))
    assert refused(rows) == [("notes.csv", RejectionReason.MALFORMED)]
    assert len(taken(rows)) == 1
    alone = tmp_path_factory.mktemp("alone")
    put(alone, "notes.csv", "a,b\n1,2\n")
    with pytest.raises(DumpError, match="lacks the columns"):
        list(read(alone))


@pytest.mark.parametrize("folder", ["basics", "keywords", "credits", "posters", "attr_bbox"])
def test_any_of_its_folders_will_do_alone(dump, tmp_path_factory, folder):
    alone = tmp_path_factory.mktemp("alone")
    (dump / folder).rename(alone / folder)
    (one,) = read(alone)
    assert one.tmdb_id == 597


def test_folder_without_any_of_it_says_what_was_looked_for(tmp_path):
    with pytest.raises(DumpError, match="basics, keywords, credits"):
        list(read(tmp_path))
    with pytest.raises(DumpError, match="holds nothing"):
        list(read(tmp_path / "nothing"))


class Call:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def test_malicious_pickle_is_refused_and_named_and_its_neighbours_are_taken(dump):
    marker = dump / "marker"
    put(dump, "basics/5.npy", {"id": 5, "title": "Four Rooms"})
    evil = np.array({"id": 5, "x": Call(os.system, f"touch {marker}")}, dtype=object)
    np.save(dump / "credits" / "5.npy", evil)
    put(dump, "keywords/5.npy", pickle.dumps(Call(os.mknod, str(marker))))
    rows = list(read(dump))
    assert refused(rows) == [
        ("keywords/5.npy", RejectionReason.MALFORMED),
        ("credits/5.npy", RejectionReason.UNSAFE),
    ]
    assert "requests posix.system" in next(r for r in rows if r.row == "credits/5.npy").detail
    assert [row.tmdb_id for row in taken(rows)] == [5, 597]
    assert not marker.exists()


@pytest.mark.parametrize(
    ("place", "content", "output"),
    [
        ("basics/597.npy", {"id": 598}, "of movie 598"),
        ("basics/597.npy", np.zeros(3), "expected one dict"),
        ("basics/597.npy", b"", "no .npy file"),
        ("posters/597.jpg", b"<html>", "no JPEG"),
        ("posters/597.jpg", b"", "no JPEG"),
        ("poster_features/597.npy", np.ones((1, 2048, 5, 5), "f4"), "expected shape"),
        ("poster_features/597.npy", np.ones((1, 2048, 4), "f4"), "expected shape"),
        ("poster_features/597.npy", np.ones((1, 2048, 4, 4), "i4"), "float32"),
        ("poster_features/597.npy", np.full((1, 2048, 4, 4), np.nan, "f4"), "no numbers"),
        ("poster_features/597.npy", np.array([{}], dtype=object), "float32"),
        ("attr_bbox/597.txt", BOXES[:-5], "no line end"),
        ("attr_bbox/597.txt", b"\xff\n", "UTF-8"),
    ],
)
def test_bad_file_is_refused_and_the_movies_other_files_count(dump, place, content, output):
    put(dump, place, content)
    rows = list(read(dump))
    assert refused(rows) == [(place, RejectionReason.MALFORMED)]
    assert output in rows[0].detail
    assert len(taken(rows)) == 1
    assert place not in taken(rows)[0].files


def test_features_that_are_cut_off_are_refused(dump):
    path = dump / "poster_features" / "597.npy"
    path.write_bytes(path.read_bytes()[:-4])
    assert refused(read(dump)) == [("poster_features/597.npy", RejectionReason.MALFORMED)]


@pytest.mark.parametrize("side", [7, 4])
@pytest.mark.parametrize("objects", [0, 1, 3])
def test_features_of_both_releases_are_taken(dump, side, objects):
    put(dump, "poster_features/597.npy", np.ones((objects, 2048, side, side), np.float32))
    put(dump, "attr_bbox/597.txt", BOXES * objects)
    (one,) = read(dump)
    assert "poster_features/597.npy" in one.files


def test_features_and_boxes_that_do_not_belong_together_are_both_refused(dump):
    put(dump, "attr_bbox/597.txt", BOXES * 2)
    rows = list(read(dump))
    assert refused(rows) == [("attr_bbox/597.txt", RejectionReason.MALFORMED)]
    assert "2 objects, and 1 in poster_features" in rows[0].detail
    assert set(taken(rows)[0].files) == {"posters/597.jpg"}


def test_files_that_no_movie_names_are_refused(dump):
    put(dump, "basics/titanic.npy", BASICS)
    put(dump, "basics/007.npy", BASICS)
    put(dump, "posters/5.png", b"x")
    (dump / "credits" / "6.npy").symlink_to("/etc/passwd")
    (dump / "basics" / "7.npy").mkdir()
    assert set(refused(read(dump))) == {
        ("basics/titanic.npy", RejectionReason.NO_ID),
        ("basics/007.npy", RejectionReason.NO_ID),
        ("posters/5.png", RejectionReason.NO_ID),
        ("credits/6.npy", RejectionReason.UNSAFE),
        ("basics/7.npy", RejectionReason.MALFORMED),
    }


def test_folder_that_cannot_be_listed_is_refused_and_the_others_are_taken(dump, monkeypatch):
    listing = Path.iterdir

    def refuse(folder):
        if folder.name == "credits":
            raise PermissionError(13, "Permission denied")
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    rows = list(read(dump))
    assert refused(rows) == [("credits", RejectionReason.MALFORMED)]
    assert "title" in taken(rows)[0].fields
