"""What is written in reference implementation 000's layout is what its own code, and our reader,
read.
"""

import numpy as np

from pipeline.crawl.datasets.reference000_files import join_folders, read_npy_dict
from pipeline.exports.reference000_writer import encode_npy_dict, split_response

DETAILS = {
    "id": 597,
    "title": "Titanic – été 😀",
    "budget": 200_000_000,
    "vote_average": 7.9,
    "poster_path": None,
    "genres": [{"id": 18, "name": "Drama"}],
    "keywords": {"keywords": [{"id": 1, "name": "ship"}]},
    "credits": {"cast": [{"id": 2, "name": "K", "order": 0}], "crew": []},
    "videos": {"results": [{"key": "kVrqfYjkTdQ"}]},
    "marquee_provenance": {"budget": "tmdb"},
}


def test_seeds_own_loading_code_gives_the_dict(tmp_path):
    for folder, value in split_response(DETAILS, 597).items():
        path = tmp_path / folder / "597.npy"
        path.parent.mkdir()
        path.write_bytes(encode_npy_dict(value))
        data = np.load(str(path), allow_pickle=True)
        assert data.item() == value
        assert type(data.item()) is dict
        assert data.item()["id"] == 597


def test_export_and_import_give_the_same_dicts():
    folders = {
        name: read_npy_dict(encode_npy_dict(value))
        for name, value in split_response(DETAILS, 597).items()
    }
    wanted = {key: value for key, value in DETAILS.items() if not key.startswith("marquee_")}
    assert join_folders(folders) == wanted


def test_record_without_keywords_has_no_such_file():
    assert set(split_response({"id": 1, "keywords": None}, 1)) == {"basics"}
