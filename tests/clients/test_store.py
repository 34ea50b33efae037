import numpy as np
import pytest

from pipeline.core.errors import DamagedFileError, DiskError, StoreError
from resources.storage.store import Store, npy_bytes, npz_bytes


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_written_file_is_whole_and_leaves_no_temporary_one(store):
    path = store.path("posters", "5.jpg")
    store.write(path, b"abc")
    assert path.read_bytes() == b"abc"
    assert [p.name for p in path.parent.iterdir()] == ["5.jpg"]


@pytest.mark.parametrize("name", ["../5.jpg", "/etc/passwd", "a/../../b", "\\\\host", "a\x00b"])
def test_name_from_outside_cannot_leave_the_store(store, name):
    with pytest.raises(StoreError, match="not a path inside the store"):
        store.path("posters", name)


def test_arrays_come_back_as_they_were(store):
    path = store.path("audio", "5.npy")
    store.write(path, npy_bytes(np.arange(3, dtype=np.int16)))
    assert store.read_array(path).tolist() == [0, 1, 2]
    store.write(path, npz_bytes(frames=np.ones(2), pts_s=np.zeros(2)))
    assert store.read_arrays(path)["frames"].tolist() == [1, 1]


def test_pickled_array_is_refused(store):
    path = store.path("audio", "5.npy")
    np.save(str(path.parent.parent / "x.npy"), np.array({"a": 1}, dtype=object))
    with pytest.raises(DamagedFileError, match="retry --again --films x"):
        store.read_array(store.path("x.npy"))


def test_store_of_one_source_refuses_another(store):
    store.claim("the studio generated:7")
    store.claim("the studio generated:7")
    with pytest.raises(StoreError, match="never mix.*MARQUEE_STORE"):
        store.claim("tmdb")


def test_folder_that_cannot_be_made_names_the_setting(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="MARQUEE_STORE"):
        Store(tmp_path / "file" / "store")


def test_store_in_an_object_store_reads_what_it_writes():
    store = Store("memory://marquee-test")
    path = store.path("posters", "5.jpg")
    store.write(path, b"abc")
    assert path.read_bytes() == b"abc"
    with store.local_copy(path) as local:
        assert local.read_bytes() == b"abc"


@pytest.mark.parametrize("content", [b"", b"{", b"\x93NUMPY", b"PK\x03\x04broken"])
def test_damaged_file_is_named_with_the_remedy(store, content):
    path = store.path("movies", "5.json")
    store.write(path, content)
    for read in (store.read_json, store.read_array, store.read_arrays):
        with pytest.raises(DamagedFileError, match="5.json is missing or damaged"):
            read(path)


def test_full_disk_is_an_error_for_all_and_not_for_one_movie(store):
    store.path("posters").write_text("a file where a folder should be")
    with pytest.raises(DiskError, match="no finished work is lost"):
        store.write(store.path("posters", "5.jpg"), b"abc")
