"""The folder of the user's own trailers: whose file is whose, what is refused, what stays."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from pipeline.core.errors import ConfigurationError, FetchError
from pipeline.core.outcomes import Reason
from resources.trailers.options import TrailerLimits
from resources.trailers.own_folder import TrailerFolder, read_stem


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def put(folder, *names, content=b"video"):
    for name in names:
        (folder / name).write_bytes(content)


def names(found):
    return [trailer.path.name for trailer in found]


@pytest.mark.parametrize(
    "name", ["597.mp4", "597.MP4", "tt0120338.mkv", "TT0120338.mkv", "CHekzSiZjrY.webm"]
)
def test_file_is_found_by_any_of_the_three_names(folder, name):
    put(folder, name)
    own = TrailerFolder(folder)
    assert names(own.find(597, "tt0120338", ["xxxxxxxxxxx", "CHekzSiZjrY"])) == [name]
    assert own.find(598, "tt0120339", ["YHekzSiZjrY"]) == ()
    assert own.find(598, None) == ()


def test_capital_letters_of_a_key_count(folder):
    put(folder, "chekzsizjry.webm")
    assert TrailerFolder(folder).find(597, None, ["CHekzSiZjrY"]) == ()


@pytest.mark.parametrize(
    "name",
    [".597.mp4", "597.jpg", "597.mp4.part", "597", "0597.mp4", "597.de.mp4", "titanic.mp4",
     "٥٩٧.mp4", "tt123.mp4", "12345678901.txt"],
)  # fmt: skip
def test_what_is_named_otherwise_is_not_taken(folder, name):
    put(folder, name)
    own = TrailerFolder(folder)
    assert own.find(597, "tt0120338", ["CHekzSiZjrY"]) == ()
    assert own.unread == ([name] if name.endswith(".mp4") and name[0] != "." else [])


def test_the_three_names_cannot_be_taken_for_each_other(folder):
    assert read_stem("tt012033812") == "tt012033812"  # eleven characters: a key, no IMDb id
    assert read_stem("12345678901") == "12345678901"
    put(folder, "12345678901.mp4")
    assert TrailerFolder(folder).find(1234567890, None) == ()


def test_several_files_come_in_a_fixed_order(folder):
    put(folder, "597.webm", "597.mp4", "tt0120338.mp4", "bbbbbbbbbbb.mp4", "aaaaaaaaaaa.mp4")
    found = TrailerFolder(folder).find(597, "tt0120338", ["bbbbbbbbbbb", "aaaaaaaaaaa"])
    assert names(found) == [
        "597.mp4", "597.webm", "tt0120338.mp4", "bbbbbbbbbbb.mp4", "aaaaaaaaaaa.mp4",
    ]  # fmt: skip


def take(folder, to_path, **limits):
    return TrailerFolder(folder).find(597, None)[0].copy(to_path, TrailerLimits(**limits))


def test_copy_is_a_file_of_its_own_and_the_original_stays_as_it_was(folder, tmp_path):
    put(folder, "597.mp4")
    original = folder / "597.mp4"
    before = original.stat()
    copy = take(folder, tmp_path / "copy")
    copy.write_bytes(b"damaged")
    after = original.stat()
    assert original.read_bytes() == b"video"
    assert (after.st_mtime_ns, after.st_nlink, after.st_ino) == (
        before.st_mtime_ns, 1, before.st_ino,
    )  # fmt: skip


def test_file_that_may_only_be_read_is_taken(folder, tmp_path):
    put(folder, "597.mp4")
    (folder / "597.mp4").chmod(stat.S_IRUSR)
    copy = take(folder, tmp_path / "copy")
    assert os.access(copy, os.W_OK)


@pytest.mark.parametrize("target", ["outside.mp4", "other/597.mp4"])
def test_link_that_leads_out_of_the_folder_is_refused(folder, tmp_path, target):
    (tmp_path / "other").mkdir()
    put(tmp_path, target)
    (folder / "597.mp4").symlink_to(tmp_path / target)
    with pytest.raises(FetchError) as caught:
        take(folder, tmp_path / "copy")
    assert caught.value.reason is Reason.FORBIDDEN
    assert "597.mp4 is a link that leads out of the folder" in caught.value.detail
    assert not (tmp_path / "copy").exists()


def test_link_within_the_folder_is_followed(folder, tmp_path):
    put(folder, "titanic-hd.mp4")
    (folder / "597.mp4").symlink_to("titanic-hd.mp4")
    assert take(folder, tmp_path / "copy").read_bytes() == b"video"


def test_folder_that_is_itself_a_link_is_read(folder, tmp_path):
    put(folder, "597.mp4")
    (tmp_path / "link").symlink_to(folder)
    assert take(tmp_path / "link", tmp_path / "copy").read_bytes() == b"video"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), Reason.WRONG_TYPE),
        (os.mkfifo, Reason.WRONG_TYPE),
        (lambda path: path.symlink_to("nowhere.mp4"), Reason.FORBIDDEN),
        (lambda path: path.symlink_to(path.name), Reason.FORBIDDEN),
    ],
)
def test_what_is_no_file_is_refused_by_name(folder, tmp_path, make, reason):
    make(folder / "597.mp4")
    with pytest.raises(FetchError, match=r"597\.mp4") as caught:
        take(folder, tmp_path / "copy")
    assert caught.value.reason is reason


def test_huge_file_is_refused_with_its_figures_and_not_read(folder, tmp_path):
    with (folder / "597.mp4").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(FetchError) as caught:
        take(folder, tmp_path / "copy")
    assert caught.value.reason is Reason.TOO_LARGE
    assert "1000000000000 bytes, more than 314572800 bytes" in caught.value.detail


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_folder_that_is_none_is_reported_with_the_remedy(tmp_path, kind):
    put(tmp_path, "file")
    with pytest.raises(ConfigurationError, match=r"MARQUEE_TRAILERS is .* Point it to the folder"):
        TrailerFolder(tmp_path / kind)


MOVIES = {597: ("tt0120338", ["CHekzSiZjrY"]), 598: (None, []), 599: ("tt0000599", ["yyyyyyyyyyy"])}


def versions(folder):
    return TrailerFolder(folder).versions(MOVIES)


def test_version_changes_with_a_movies_own_files_and_with_no_others(folder):
    assert versions(folder) == {}
    put(folder, "597.mp4")
    first = versions(folder)
    assert set(first) == {597}
    put(folder, "yyyyyyyyyyy.webm", "unrelated.mp4")
    assert versions(folder)[597] == first[597]
    assert set(versions(folder)) == {597, 599}
    put(folder, "597.mp4", content=b"another")
    assert versions(folder)[597] != first[597]
    (folder / "597.mp4").unlink()
    assert set(versions(folder)) == {599}


def test_file_of_the_same_size_that_was_replaced_is_another_version(folder):
    put(folder, "597.mp4")
    first = versions(folder)
    os.utime(folder / "597.mp4", ns=(1, 1))
    assert versions(folder) != first


def test_names_in_other_bytes_than_utf8_do_no_harm(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.mp4")).write_bytes(b"x")
    put(folder, "597.mp4")
    assert set(versions(folder)) == {597}
    shutil.rmtree(folder)
